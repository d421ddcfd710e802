SELECT coalesce(json_agg("made.".json), '[]'::json) AS json
FROM (SELECT row_to_json("row.") AS json
FROM (SELECT shelf_1.label AS label, CAST((SELECT count(*) AS count_1
FROM book AS book_1
WHERE book_1.shelf = shelf_1.id) AS TEXT) AS books_count, anon_1.json AS books, anon_2.json AS cheap
FROM shelf AS shelf_1 LEFT OUTER JOIN LATERAL (SELECT coalesce(json_agg("made.".json), '[]'::json) AS json
FROM (SELECT row_to_json("row.") AS json
FROM (SELECT "page.".title AS title, "page.".id AS id, "page.".user_created AS user_created, to_char("page.".date_created, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS date_created, "page.".user_updated AS user_updated, to_char("page.".date_updated, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS date_updated, "page.".summary AS summary, "page.".status AS status, "page.".pages AS pages, "page.".copies AS copies, CAST("page.".isbn AS TEXT) AS isbn, CAST("page.".price AS TEXT) AS price, "page.".weight AS weight, "page.".lent AS lent, "page.".extra AS extra, CASE WHEN ("page.".words = %(words_1)s::VARCHAR) THEN array_to_json(string_to_array(%(string_to_array_1)s::VARCHAR, %(string_to_array_2)s::VARCHAR)) ELSE array_to_json(string_to_array("page.".words, %(string_to_array_3)s::VARCHAR)) END AS words, to_char("page.".bought_at, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS bought_at, rtrim(rtrim(to_char("page.".read_at, 'YYYY-MM-DD"T"HH24:MI:SS.US'), '0'), '.') AS read_at, "page.".printed AS printed, rtrim(rtrim(to_char("page.".opens, 'HH24:MI:SS.US'), '0'), '.') AS opens, "page.".label AS label, "page.".number AS number, "page.".shelf AS shelf, "page.".sequel AS sequel, anon_3.json AS tags
FROM (SELECT book_2.id AS id, book_2.user_created AS user_created, book_2.date_created AS date_created, book_2.user_updated AS user_updated, book_2.date_updated AS date_updated, book_2.title AS title, book_2.summary AS summary, book_2.status AS status, book_2.pages AS pages, book_2.copies AS copies, book_2.isbn AS isbn, book_2.price AS price, book_2.weight AS weight, book_2.lent AS lent, book_2.extra AS extra, book_2.words AS words, book_2.bought_at AS bought_at, book_2.read_at AS read_at, book_2.printed AS printed, book_2.opens AS opens, book_2.label AS label, book_2.number AS number, book_2.shelf AS shelf, book_2.sequel AS sequel
FROM book AS book_2
WHERE book_2.shelf = shelf_1.id ORDER BY book_2.id ASC
 LIMIT %(v1)s::BIGINT) AS "page." LEFT OUTER JOIN LATERAL (SELECT coalesce(json_agg("made.".json), '[]'::json) AS json
FROM (SELECT row_to_json("row.") AS json
FROM (SELECT anon_4.json AS tag
FROM (SELECT book_tag_1.id AS id, book_tag_1.book AS book, book_tag_1.tag AS tag, book_tag_1.place AS place
FROM book_tag AS book_tag_1
WHERE book_tag_1.book = "page.".id ORDER BY book_tag_1.id ASC
 LIMIT %(v0)s::BIGINT) AS "page." LEFT OUTER JOIN LATERAL (SELECT row_to_json("row.") AS json
FROM (SELECT tag_1.word AS word
FROM tag AS tag_1
WHERE tag_1.id = "page.".tag) AS "row.") AS anon_4 ON true ORDER BY "page.".id ASC) AS "row."
 LIMIT ALL OFFSET 0) AS "made."
HAVING coalesce(sum(octet_length(CAST("made.".json AS TEXT)) * '5.357543035931336e+300'::float8), 0) >= 0) AS anon_3 ON true ORDER BY "page.".id ASC) AS "row."
 LIMIT ALL OFFSET 0) AS "made."
HAVING coalesce(sum(octet_length(CAST("made.".json AS TEXT)) * '5.357543035931336e+300'::float8), 0) >= 0) AS anon_1 ON true LEFT OUTER JOIN LATERAL (SELECT coalesce(json_agg("made.".json), '[]'::json) AS json
FROM (SELECT row_to_json("row.") AS json
FROM (SELECT book_3.title AS title
FROM book AS book_3
WHERE book_3.price < %(v2)s AND book_3.shelf = shelf_1.id ORDER BY book_3.price DESC, book_3.id ASC
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
