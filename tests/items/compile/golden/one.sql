SELECT "made.".json
FROM (SELECT row_to_json("row.") AS json
FROM (SELECT book_1.id AS id, book_1.title AS title
FROM book AS book_1
WHERE book_1.id = %(v0)s::UUID ORDER BY book_1.id ASC
 LIMIT %(v1)s::BIGINT) AS "row."
 LIMIT ALL OFFSET 0) AS "made."
WHERE octet_length(CAST("made.".json AS TEXT)) * '5.357543035931336e+300'::float8 >= 0
-- v0: '11111111-2222-4333-8444-555555555555'
-- v1: 1
