SELECT coalesce(json_agg("made.".json), '[]'::json) AS json
FROM (SELECT row_to_json("row.") AS json
FROM (SELECT shelf_1.label AS label, CAST((SELECT count(*) AS count_1
FROM book AS book_1
WHERE book_1.shelf = shelf_1.id) AS TEXT) AS books_count, anon_1.json AS books, anon_2.json AS cheap
FROM shelf AS shelf_1 LEFT OUTER JOIN LATERAL (SELECT coalesce(json_agg("made.".json), '[]'::json) AS json
FROM (SELECT row_to_json("row.") AS json
FROM (SELECT "of page.".title AS title, "of page.".id AS id, "of page.".user_created AS user_created, "of page.".date_created AS date_created, "of page.".user_updated AS user_updated, "of page.".date_updated AS date_updated, "of page.".summary AS summary, "of page.".status AS status, "of page.".pages AS pages, "of page.".copies AS copies, "of page.".isbn AS isbn, "of page.".price AS price, "of page.".weight AS weight, "of page.".lent AS lent, "of page.".extra AS extra, "of page.".words AS words, "of page.".bought_at AS bought_at, "of page.".read_at AS read_at, "of page.".printed AS printed, "of page.".opens AS opens, "of page.".label AS label, "of page.".number AS number, "of page.".shelf AS shelf, "of page.".sequel AS sequel, "of page.".tags AS tags
FROM (SELECT book_2.id AS key
FROM book AS book_2
WHERE book_2.shelf = shelf_1.id ORDER BY book_2.id ASC
 LIMIT %(v1)s::BIGINT) AS "page." JOIN LATERAL (SELECT book_3.title AS title, book_3.id AS id, book_3.user_created AS user_created, to_char(book_3.date_created, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS date_created, book_3.user_updated AS user_updated, to_char(book_3.date_updated, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS date_updated, book_3.summary AS summary, book_3.status AS status, book_3.pages AS pages, book_3.copies AS copies, CAST(book_3.isbn AS TEXT) AS isbn, CAST(book_3.price AS TEXT) AS price, book_3.weight AS weight, book_3.lent AS lent, book_3.extra AS extra, CASE WHEN (book_3.words = %(words_1)s::VARCHAR) THEN array_to_json(string_to_array(%(string_to_array_1)s::VARCHAR, %(string_to_array_2)s::VARCHAR)) ELSE array_to_json(string_to_array(book_3.words, %(string_to_array_3)s::VARCHAR)) END AS words, to_char(book_3.bought_at, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS bought_at, rtrim(rtrim(to_char(book_3.read_at, 'YYYY-MM-DD"T"HH24:MI:SS.US'), '0'), '.') AS read_at, book_3.printed AS printed, rtrim(rtrim(to_char(book_3.opens, 'HH24:MI:SS.US'), '0'), '.') AS opens, book_3.label AS label, book_3.number AS number, book_3.shelf AS shelf, book_3.sequel AS sequel, anon_3.json AS tags
FROM book AS book_3 LEFT OUTER JOIN LATERAL (SELECT coalesce(json_agg("made.".json), '[]'::json) AS json
FROM (SELECT row_to_json("row.") AS json
FROM (SELECT "of page.".tag AS tag
FROM (SELECT book_tag_1.id AS key
FROM book_tag AS book_tag_1
WHERE book_tag_1.book = book_3.id ORDER BY book_tag_1.id ASC
 LIMIT %(v0)s::BIGINT) AS "page." JOIN LATERAL (SELECT anon_4.json AS tag
FROM book_tag AS book_tag_2 LEFT OUTER JOIN LATERAL (SELECT row_to_json("row.") AS json
FROM (SELECT tag_1.word AS word
FROM tag AS tag_1
WHERE tag_1.id = book_tag_2.tag) AS "row.") AS anon_4 ON true
WHERE book_tag_2.id = "page.".key
 LIMIT ALL OFFSET 0) AS "of page." ON true) AS "row."
 LIMIT ALL OFFSET 0) AS "made."
HAVING coalesce(sum(octet_length(CAST("made.".json AS TEXT)) * '5.357543035931336e+300'::float8), 0) >= 0) AS anon_3 ON true
WHERE book_3.id = "page.".key
 LIMIT ALL OFFSET 0) AS "of page." ON true) AS "row."
 LIMIT ALL OFFSET 0) AS "made."
HAVING coalesce(sum(octet_length(CAST("made.".json AS TEXT)) * '5.357543035931336e+300'::float8), 0) >= 0) AS anon_1 ON true LEFT OUTER JOIN LATERAL (SELECT coalesce(json_agg("made.".json), '[]'::json) AS json
FROM (SELECT row_to_json("row.") AS json
FROM (SELECT book_4.title AS title
FROM book AS book_4
WHERE book_4.price < %(v2)s AND book_4.shelf = shelf_1.id ORDER BY book_4.price DESC, book_4.id ASC
 LIMIT %(v3)s::BIGINT) AS "row."
 LIMIT ALL OFFSET 0) AS "made."
HAVING coalesce(sum(octet_length(CAST("made.".json AS TEXT)) * '5.357543035931336e+300'::float8), 0) >= 0) AS anon_2 ON true ORDER BY shelf_1.label ASC, shelf_1.id ASC) AS "row."
 LIMIT ALL OFFSET 0) AS "made."
HAVING coalesce(sum(octet_length(CAST("made.".json AS TEXT)) * '5.357543035931336e+300'::float8), 0) >= 0
-- string_to_array_1: ''
-- string_to_array_2: ','
-- string_to_array_3: ','
-- v0: 100
-- v1: 100
-- v2: Decimal('5')
-- v3: 2
-- words_1: ''
