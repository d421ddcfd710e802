SELECT coalesce(json_agg("made.".json), '[]'::json) AS json
FROM (SELECT row_to_json("row.") AS json
FROM (SELECT shelf_1.id AS id, anon_1.json AS books
FROM shelf AS shelf_1 LEFT OUTER JOIN room AS room_1 ON room_1.id = shelf_1.room LEFT OUTER JOIN LATERAL (SELECT coalesce(json_agg("row.".key), '[]'::json) AS json
FROM (SELECT book_1.id AS key
FROM book AS book_1
WHERE book_1.shelf = shelf_1.id ORDER BY book_1.id ASC
 LIMIT %(v0)s::BIGINT) AS "row."
HAVING coalesce(sum(octet_length(CAST("row.".key AS TEXT)) * '5.357543035931336e+300'::float8), 0) >= 0) AS anon_1 ON true
WHERE shelf_1.label != %(v1)s::VARCHAR AND (EXISTS (SELECT 1
FROM shelf AS shelf_2
WHERE shelf_2.room = room_1.id AND shelf_2.label = %(v4)s::VARCHAR)) AND (EXISTS (SELECT 1
FROM book AS book_2 LEFT OUTER JOIN book_tag AS book_tag_1 ON book_tag_1.book = book_2.id LEFT OUTER JOIN tag AS tag_1 ON tag_1.id = book_tag_1.tag
WHERE book_2.shelf = shelf_1.id AND book_2.status = %(v2)s::VARCHAR AND tag_1.word = any(%(v3)s::TEXT[]) AND (book_2.title IS NULL OR (SELECT count(*) AS count_1
FROM book AS book_3
WHERE book_3.shelf = shelf_1.id) > %(v6)s::BIGINT))) ORDER BY (SELECT book_4.price AS best
FROM book AS book_4
WHERE book_4.shelf = shelf_1.id ORDER BY best DESC NULLS LAST
 LIMIT 1) DESC, room_1.name ASC, shelf_1.id ASC) AS "row."
 LIMIT ALL OFFSET 0) AS "made."
HAVING coalesce(sum(octet_length(CAST("made.".json AS TEXT)) * '5.357543035931336e+300'::float8), 0) >= 0
-- v0: 100
-- v1: 'x'
-- v2: 'in'
-- v3: ['old', 'new']
-- v4: 'Left'
-- v5: None
-- v6: 3
