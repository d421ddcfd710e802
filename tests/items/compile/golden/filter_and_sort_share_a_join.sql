SELECT coalesce(json_agg("made.".json), '[]'::json) AS json
FROM (SELECT row_to_json("row.") AS json
FROM (SELECT book_1.id AS id
FROM book AS book_1 LEFT OUTER JOIN shelf AS shelf_1 ON shelf_1.id = book_1.shelf
WHERE shelf_1.label IS NOT NULL ORDER BY shelf_1.label ASC, book_1.id ASC) AS "row."
 LIMIT ALL OFFSET 0) AS "made."
HAVING coalesce(sum(octet_length(CAST("made.".json AS TEXT)) * '5.357543035931336e+300'::float8), 0) >= 0
-- v0: None
