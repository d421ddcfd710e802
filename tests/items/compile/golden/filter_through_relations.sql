SELECT coalesce(json_agg("made.".json), '[]'::json) AS json
FROM (SELECT row_to_json("row.") AS json
FROM (SELECT book_1.id AS id
FROM book AS book_1 LEFT OUTER JOIN shelf AS shelf_1 ON shelf_1.id = book_1.shelf LEFT OUTER JOIN room AS room_1 ON room_1.id = shelf_1.room LEFT OUTER JOIN book AS book_2 ON book_2.id = book_1.sequel
WHERE shelf_1.label = %(v0)s::VARCHAR AND room_1.name IS NOT NULL AND CAST(room_1.name AS TEXT) != %(param_1)s::VARCHAR AND CAST(EXTRACT(year FROM book_2.printed) AS INTEGER) > %(v2)s::BIGINT ORDER BY book_1.id ASC) AS "row."
 LIMIT ALL OFFSET 0) AS "made."
HAVING coalesce(sum(octet_length(CAST("made.".json AS TEXT)) * '5.357543035931336e+300'::float8), 0) >= 0
-- param_1: ''
-- v0: 'Left'
-- v1: None
-- v2: 2020
