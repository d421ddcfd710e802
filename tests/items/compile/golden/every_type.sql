SELECT coalesce(json_agg("made.".json), '[]'::json) AS json
FROM (SELECT row_to_json("row.") AS json
FROM (SELECT book_1.id AS id, book_1.user_created AS user_created, to_char(book_1.date_created, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS date_created, book_1.user_updated AS user_updated, to_char(book_1.date_updated, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS date_updated, book_1.title AS title, book_1.summary AS summary, book_1.status AS status, book_1.pages AS pages, book_1.copies AS copies, CAST(book_1.isbn AS TEXT) AS isbn, CAST(book_1.price AS TEXT) AS price, book_1.weight AS weight, book_1.lent AS lent, book_1.extra AS extra, CASE WHEN (book_1.words = %(words_1)s::VARCHAR) THEN array_to_json(string_to_array(%(string_to_array_1)s::VARCHAR, %(string_to_array_2)s::VARCHAR)) ELSE array_to_json(string_to_array(book_1.words, %(string_to_array_3)s::VARCHAR)) END AS words, to_char(book_1.bought_at, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS bought_at, rtrim(rtrim(to_char(book_1.read_at, 'YYYY-MM-DD"T"HH24:MI:SS.US'), '0'), '.') AS read_at, book_1.printed AS printed, rtrim(rtrim(to_char(book_1.opens, 'HH24:MI:SS.US'), '0'), '.') AS opens, book_1.label AS label, book_1.number AS number, book_1.shelf AS shelf, book_1.sequel AS sequel, anon_1.json AS tags
FROM book AS book_1 LEFT OUTER JOIN LATERAL (SELECT coalesce(json_agg("row.".key), '[]'::json) AS json
FROM (SELECT book_tag_1.id AS key
FROM book_tag AS book_tag_1
WHERE book_tag_1.book = book_1.id ORDER BY book_tag_1.id ASC
 LIMIT %(v0)s::BIGINT) AS "row."
HAVING coalesce(sum(octet_length(CAST("row.".key AS TEXT)) * '5.357543035931336e+300'::float8), 0) >= 0) AS anon_1 ON true ORDER BY book_1.id ASC) AS "row."
 LIMIT ALL OFFSET 0) AS "made."
HAVING coalesce(sum(octet_length(CAST("made.".json AS TEXT)) * '5.357543035931336e+300'::float8), 0) >= 0
-- string_to_array_1: ''
-- string_to_array_2: ','
-- string_to_array_3: ','
-- v0: 100
-- words_1: ''
