SELECT coalesce(json_agg("made.".json), '[]'::json) AS json
FROM (SELECT row_to_json("row.") AS json
FROM (SELECT book_1.id AS id, anon_1.json AS shelf
FROM book AS book_1 LEFT OUTER JOIN shelf AS shelf_1 ON shelf_1.id = book_1.shelf LEFT OUTER JOIN room AS room_1 ON room_1.id = shelf_1.room LEFT OUTER JOIN LATERAL (SELECT row_to_json("row.") AS json
FROM (SELECT shelf_2.label AS label
FROM shelf AS shelf_2
WHERE shelf_2.id = book_1.shelf) AS "row.") AS anon_1 ON true ORDER BY shelf_1.label DESC, room_1.name ASC, CAST(EXTRACT(year FROM book_1.printed) AS INTEGER) ASC, book_1.title ASC, book_1.id ASC) AS "row."
 LIMIT ALL OFFSET 0) AS "made."
HAVING coalesce(sum(octet_length(CAST("made.".json AS TEXT)) * '5.357543035931336e+300'::float8), 0) >= 0
