SELECT coalesce(json_agg("made.".json), '[]'::json) AS json
FROM (SELECT row_to_json("row.") AS json
FROM (SELECT "of page.".id AS id, "of page.".label AS label, "of page.".room AS room, "of page.".built_at AS built_at, "of page.".books AS books
FROM (SELECT shelf_1.id AS key
FROM shelf AS shelf_1 ORDER BY shelf_1.label ASC, shelf_1.id ASC
 LIMIT %(v1)s::BIGINT) AS "page." JOIN LATERAL (SELECT shelf_2.id AS id, shelf_2.label AS label, shelf_2.room AS room, to_char(shelf_2.built_at, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS built_at, anon_1.json AS books
FROM shelf AS shelf_2 LEFT OUTER JOIN LATERAL (SELECT coalesce(json_agg("row.".key), '[]'::json) AS json
FROM (SELECT book_1.id AS key
FROM book AS book_1
WHERE book_1.shelf = shelf_2.id ORDER BY book_1.id ASC
 LIMIT %(v0)s::BIGINT) AS "row."
HAVING coalesce(sum(octet_length(CAST("row.".key AS TEXT)) * '5.357543035931336e+300'::float8), 0) >= 0) AS anon_1 ON true
WHERE shelf_2.id = "page.".key
 LIMIT ALL OFFSET 0) AS "of page." ON true) AS "row."
 LIMIT ALL OFFSET 0) AS "made."
HAVING coalesce(sum(octet_length(CAST("made.".json AS TEXT)) * '5.357543035931336e+300'::float8), 0) >= 0
-- v0: 100
-- v1: 100
