SELECT coalesce(json_agg("made.".json), '[]'::json) AS json
FROM (SELECT row_to_json("row.") AS json
FROM (SELECT book_1.title AS title, anon_1.json AS shelf, anon_2.json AS sequel
FROM book AS book_1 LEFT OUTER JOIN LATERAL (SELECT row_to_json("row.") AS json
FROM (SELECT shelf_1.label AS label, anon_3.json AS room
FROM shelf AS shelf_1 LEFT OUTER JOIN LATERAL (SELECT row_to_json("row.") AS json
FROM (SELECT room_1.id AS id, room_1.name AS name, anon_4.json AS shelves
FROM room AS room_1 LEFT OUTER JOIN LATERAL (SELECT coalesce(json_agg("row.".key), '[]'::json) AS json
FROM (SELECT shelf_2.id AS key
FROM shelf AS shelf_2
WHERE shelf_2.room = room_1.id ORDER BY shelf_2.label ASC, shelf_2.id ASC
 LIMIT %(v0)s::BIGINT) AS "row."
HAVING coalesce(sum(octet_length(CAST("row.".key AS TEXT)) * '5.357543035931336e+300'::float8), 0) >= 0) AS anon_4 ON true
WHERE room_1.id = shelf_1.room) AS "row.") AS anon_3 ON true
WHERE shelf_1.id = book_1.shelf) AS "row.") AS anon_1 ON true LEFT OUTER JOIN LATERAL (SELECT row_to_json("row.") AS json
FROM (SELECT anon_5.json AS sequel
FROM book AS book_2 LEFT OUTER JOIN LATERAL (SELECT row_to_json("row.") AS json
FROM (SELECT book_3.title AS title
FROM book AS book_3
WHERE book_3.id = book_2.sequel) AS "row.") AS anon_5 ON true
WHERE book_2.id = book_1.sequel) AS "row.") AS anon_2 ON true ORDER BY book_1.id ASC) AS "row."
 LIMIT ALL OFFSET 0) AS "made."
HAVING coalesce(sum(octet_length(CAST("made.".json AS TEXT)) * '5.357543035931336e+300'::float8), 0) >= 0
-- v0: 100
