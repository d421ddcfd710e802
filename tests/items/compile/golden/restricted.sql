SELECT coalesce(json_agg("made.".json), '[]'::json) AS json
FROM (SELECT row_to_json("row.") AS json
FROM (SELECT "of page.".label AS label, "of page.".books AS books
FROM (SELECT anon_1.id AS key
FROM (SELECT shelf_1.id AS id, shelf_1.label AS label, shelf_1.room AS room, shelf_1.built_at AS built_at, (EXISTS (SELECT 1
FROM book AS book_1
WHERE book_1.shelf = shelf_1.id AND book_1.status = %(v4)s::VARCHAR)) IS true AS "seen.0"
FROM shelf AS shelf_1
WHERE EXISTS (SELECT 1
FROM book AS book_1
WHERE book_1.shelf = shelf_1.id AND book_1.status = %(v4)s::VARCHAR)) AS anon_1
WHERE EXISTS (SELECT 1
FROM (SELECT anon_3.id AS id, CASE WHEN anon_3."mark.0" THEN anon_3.user_created END AS user_created, CASE WHEN anon_3."mark.0" THEN anon_3.date_created END AS date_created, CASE WHEN anon_3."mark.0" THEN anon_3.user_updated END AS user_updated, CASE WHEN anon_3."mark.0" THEN anon_3.date_updated END AS date_updated, anon_3.title AS title, CASE WHEN anon_3."mark.0" THEN anon_3.summary END AS summary, CASE WHEN anon_3."mark.0" THEN anon_3.status END AS status, CASE WHEN anon_3."mark.0" THEN anon_3.pages END AS pages, CASE WHEN anon_3."mark.0" THEN anon_3.copies END AS copies, CASE WHEN anon_3."mark.0" THEN anon_3.isbn END AS isbn, anon_3.price AS price, CASE WHEN anon_3."mark.0" THEN anon_3.weight END AS weight, CASE WHEN anon_3."mark.0" THEN anon_3.lent END AS lent, CASE WHEN anon_3."mark.0" THEN anon_3.extra END AS extra, CASE WHEN anon_3."mark.0" THEN anon_3.words END AS words, CASE WHEN anon_3."mark.0" THEN anon_3.bought_at END AS bought_at, CASE WHEN anon_3."mark.0" THEN anon_3.read_at END AS read_at, CASE WHEN anon_3."mark.0" THEN anon_3.printed END AS printed, CASE WHEN anon_3."mark.0" THEN anon_3.opens END AS opens, CASE WHEN anon_3."mark.0" THEN anon_3.label END AS label, CASE WHEN anon_3."mark.0" THEN anon_3.number END AS number, CASE WHEN anon_3."mark.0" THEN anon_3.shelf END AS shelf, CASE WHEN anon_3."mark.0" THEN anon_3.sequel END AS sequel, anon_3."mark.0" AS "mark.0", anon_3."seen.0" AS "seen.0"
FROM (SELECT book_2.id AS id, book_2.user_created AS user_created, book_2.date_created AS date_created, book_2.user_updated AS user_updated, book_2.date_updated AS date_updated, book_2.title AS title, book_2.summary AS summary, book_2.status AS status, book_2.pages AS pages, book_2.copies AS copies, book_2.isbn AS isbn, book_2.price AS price, book_2.weight AS weight, book_2.lent AS lent, book_2.extra AS extra, book_2.words AS words, book_2.bought_at AS bought_at, book_2.read_at AS read_at, book_2.printed AS printed, book_2.opens AS opens, book_2.label AS label, book_2.number AS number, book_2.shelf AS shelf, book_2.sequel AS sequel, room_1.name != %(v7)s::VARCHAR AS "mark.0", (room_1.name != %(v5)s::VARCHAR OR book_2.user_created = %(v6)s::UUID) IS true AS "seen.0"
FROM book AS book_2 LEFT OUTER JOIN shelf AS shelf_2 ON shelf_2.id = book_2.shelf LEFT OUTER JOIN room AS room_1 ON room_1.id = shelf_2.room
WHERE room_1.name != %(v5)s::VARCHAR OR book_2.user_created = %(v6)s::UUID) AS anon_3) AS anon_2
WHERE anon_1.id = anon_2.shelf AND CASE WHEN (anon_2."seen.0" IS NOT false) THEN anon_2.pages > %(v3)s::BIGINT ELSE false END) ORDER BY anon_1.label ASC, anon_1.id ASC
 LIMIT %(v9)s::BIGINT) AS "page." JOIN LATERAL (SELECT shelf_3.label AS label, anon_4.json AS books
FROM shelf AS shelf_3 LEFT OUTER JOIN LATERAL (SELECT coalesce(json_agg("made.".json), '[]'::json) AS json
FROM (SELECT row_to_json("row.") AS json
FROM (SELECT "of page.".title AS title, "of page.".pages AS pages
FROM (SELECT anon_5.id AS key
FROM (SELECT anon_6.id AS id, CASE WHEN anon_6."mark.0" THEN anon_6.user_created END AS user_created, CASE WHEN anon_6."mark.0" THEN anon_6.date_created END AS date_created, CASE WHEN anon_6."mark.0" THEN anon_6.user_updated END AS user_updated, CASE WHEN anon_6."mark.0" THEN anon_6.date_updated END AS date_updated, anon_6.title AS title, CASE WHEN anon_6."mark.0" THEN anon_6.summary END AS summary, CASE WHEN anon_6."mark.0" THEN anon_6.status END AS status, CASE WHEN anon_6."mark.0" THEN anon_6.pages END AS pages, CASE WHEN anon_6."mark.0" THEN anon_6.copies END AS copies, CASE WHEN anon_6."mark.0" THEN anon_6.isbn END AS isbn, anon_6.price AS price, CASE WHEN anon_6."mark.0" THEN anon_6.weight END AS weight, CASE WHEN anon_6."mark.0" THEN anon_6.lent END AS lent, CASE WHEN anon_6."mark.0" THEN anon_6.extra END AS extra, CASE WHEN anon_6."mark.0" THEN anon_6.words END AS words, CASE WHEN anon_6."mark.0" THEN anon_6.bought_at END AS bought_at, CASE WHEN anon_6."mark.0" THEN anon_6.read_at END AS read_at, CASE WHEN anon_6."mark.0" THEN anon_6.printed END AS printed, CASE WHEN anon_6."mark.0" THEN anon_6.opens END AS opens, CASE WHEN anon_6."mark.0" THEN anon_6.label END AS label, CASE WHEN anon_6."mark.0" THEN anon_6.number END AS number, CASE WHEN anon_6."mark.0" THEN anon_6.shelf END AS shelf, CASE WHEN anon_6."mark.0" THEN anon_6.sequel END AS sequel, anon_6."mark.0" AS "mark.0", anon_6."seen.0" AS "seen.0"
FROM (SELECT book_3.id AS id, book_3.user_created AS user_created, book_3.date_created AS date_created, book_3.user_updated AS user_updated, book_3.date_updated AS date_updated, book_3.title AS title, book_3.summary AS summary, book_3.status AS status, book_3.pages AS pages, book_3.copies AS copies, book_3.isbn AS isbn, book_3.price AS price, book_3.weight AS weight, book_3.lent AS lent, book_3.extra AS extra, book_3.words AS words, book_3.bought_at AS bought_at, book_3.read_at AS read_at, book_3.printed AS printed, book_3.opens AS opens, book_3.label AS label, book_3.number AS number, book_3.shelf AS shelf, book_3.sequel AS sequel, room_2.name != %(v7)s::VARCHAR AS "mark.0", (room_2.name != %(v0)s::VARCHAR OR book_3.user_created = %(v1)s::UUID) IS true AS "seen.0"
FROM book AS book_3 LEFT OUTER JOIN shelf AS shelf_4 ON shelf_4.id = book_3.shelf LEFT OUTER JOIN room AS room_2 ON room_2.id = shelf_4.room
WHERE room_2.name != %(v0)s::VARCHAR OR book_3.user_created = %(v1)s::UUID) AS anon_6) AS anon_5
WHERE shelf_3.id = anon_5.shelf ORDER BY CASE WHEN anon_5."mark.0" THEN anon_5.id END ASC, anon_5.id ASC
 LIMIT %(v2)s::BIGINT) AS "page." JOIN LATERAL (SELECT anon_7.title AS title, anon_7.pages AS pages
FROM (SELECT anon_8.id AS id, CASE WHEN anon_8."mark.0" THEN anon_8.user_created END AS user_created, CASE WHEN anon_8."mark.0" THEN anon_8.date_created END AS date_created, CASE WHEN anon_8."mark.0" THEN anon_8.user_updated END AS user_updated, CASE WHEN anon_8."mark.0" THEN anon_8.date_updated END AS date_updated, anon_8.title AS title, CASE WHEN anon_8."mark.0" THEN anon_8.summary END AS summary, CASE WHEN anon_8."mark.0" THEN anon_8.status END AS status, CASE WHEN anon_8."mark.0" THEN anon_8.pages END AS pages, CASE WHEN anon_8."mark.0" THEN anon_8.copies END AS copies, CASE WHEN anon_8."mark.0" THEN anon_8.isbn END AS isbn, anon_8.price AS price, CASE WHEN anon_8."mark.0" THEN anon_8.weight END AS weight, CASE WHEN anon_8."mark.0" THEN anon_8.lent END AS lent, CASE WHEN anon_8."mark.0" THEN anon_8.extra END AS extra, CASE WHEN anon_8."mark.0" THEN anon_8.words END AS words, CASE WHEN anon_8."mark.0" THEN anon_8.bought_at END AS bought_at, CASE WHEN anon_8."mark.0" THEN anon_8.read_at END AS read_at, CASE WHEN anon_8."mark.0" THEN anon_8.printed END AS printed, CASE WHEN anon_8."mark.0" THEN anon_8.opens END AS opens, CASE WHEN anon_8."mark.0" THEN anon_8.label END AS label, CASE WHEN anon_8."mark.0" THEN anon_8.number END AS number, CASE WHEN anon_8."mark.0" THEN anon_8.shelf END AS shelf, CASE WHEN anon_8."mark.0" THEN anon_8.sequel END AS sequel, anon_8."mark.0" AS "mark.0"
FROM (SELECT book_4.id AS id, book_4.user_created AS user_created, book_4.date_created AS date_created, book_4.user_updated AS user_updated, book_4.date_updated AS date_updated, book_4.title AS title, book_4.summary AS summary, book_4.status AS status, book_4.pages AS pages, book_4.copies AS copies, book_4.isbn AS isbn, book_4.price AS price, book_4.weight AS weight, book_4.lent AS lent, book_4.extra AS extra, book_4.words AS words, book_4.bought_at AS bought_at, book_4.read_at AS read_at, book_4.printed AS printed, book_4.opens AS opens, book_4.label AS label, book_4.number AS number, book_4.shelf AS shelf, book_4.sequel AS sequel, room_3.name != %(v7)s::VARCHAR AS "mark.0"
FROM book AS book_4 LEFT OUTER JOIN shelf AS shelf_5 ON shelf_5.id = book_4.shelf LEFT OUTER JOIN room AS room_3 ON room_3.id = shelf_5.room
WHERE true) AS anon_8) AS anon_7
WHERE anon_7.id = "page.".key
 LIMIT ALL OFFSET 0) AS "of page." ON true) AS "row."
 LIMIT ALL OFFSET 0) AS "made."
HAVING coalesce(sum(octet_length(CAST("made.".json AS TEXT)) * '5.357543035931336e+300'::float8), 0) >= 0) AS anon_4 ON true
WHERE shelf_3.id = "page.".key
 LIMIT ALL OFFSET 0) AS "of page." ON true) AS "row."
 LIMIT ALL OFFSET 0) AS "made."
HAVING coalesce(sum(octet_length(CAST("made.".json AS TEXT)) * '5.357543035931336e+300'::float8), 0) >= 0
-- v0: 'Vault'
-- v1: '6d6cb08a-0000-4000-8000-039e350eef1e'
-- v2: 100
-- v3: 5
-- v4: 'in'
-- v5: 'Vault'
-- v6: '6d6cb08a-0000-4000-8000-039e350eef1e'
-- v7: 'Vault'
-- v8: 'in'
-- v9: 3
