SELECT coalesce(json_agg(row_to_json("row.")), '[]'::json) AS coalesce_1
FROM (SELECT shelf_1.id AS id, shelf_1.label AS label, shelf_1.room AS room, to_char(shelf_1.built_at, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS built_at
FROM shelf AS shelf_1 ORDER BY shelf_1.label ASC
 LIMIT %(v0)s::BIGINT) AS "row."
-- v0: 100
