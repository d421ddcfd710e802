SELECT coalesce(json_agg("made.".json), '[]'::json) AS json
FROM (SELECT row_to_json("row.") AS json
FROM (SELECT "of page.".label AS label, "of page.".books AS books
FROM (SELECT anon_1.id AS key
FROM (SELECT shelf_1.id AS id, shelf_1.label AS label, shelf_1.room AS room, shelf_1.built_at AS built_at, (EXISTS (SELECT 1
FROM book AS book_1
WHERE book_1.shelf = shelf_1.id AND book_1.status = %(v4)s::VARCHAR)) IS true AS anon_2
FROM shelf AS shelf_1
WHERE EXISTS (SELECT 1
FROM book AS book_1
WHERE book_1.shelf = shelf_1.id AND book_1.status = %(v4)s::VARCHAR)) AS anon_1
WHERE EXISTS (SELECT 1
FROM (SELECT book_2.id AS id, CASE WHEN (room_1.name != %(v8)s::VARCHAR) THEN book_2.user_created END AS user_created, CASE WHEN (room_1.name != %(v9)s::VARCHAR) THEN book_2.date_created END AS date_created, CASE WHEN (room_1.name != %(v10)s::VARCHAR) THEN book_2.user_updated END AS user_updated, CASE WHEN (room_1.name != %(v11)s::VARCHAR) THEN book_2.date_updated END AS date_updated, book_2.title AS title, CASE WHEN (room_1.name != %(v12)s::VARCHAR) THEN book_2.summary END AS summary, CASE WHEN (room_1.name != %(v13)s::VARCHAR) THEN book_2.status END AS status, CASE WHEN (room_1.name != %(v14)s::VARCHAR) THEN book_2.pages END AS pages, CASE WHEN (room_1.name != %(v15)s::VARCHAR) THEN book_2.copies END AS copies, CASE WHEN (room_1.name != %(v16)s::VARCHAR) THEN book_2.isbn END AS isbn, book_2.price AS price, CASE WHEN (room_1.name != %(v17)s::VARCHAR) THEN book_2.weight END AS weight, CASE WHEN (room_1.name != %(v18)s::VARCHAR) THEN book_2.lent END AS lent, CASE WHEN (room_1.name != %(v19)s::VARCHAR) THEN book_2.extra END AS extra, CASE WHEN (room_1.name != %(v20)s::VARCHAR) THEN book_2.words END AS words, CASE WHEN (room_1.name != %(v21)s::VARCHAR) THEN book_2.bought_at END AS bought_at, CASE WHEN (room_1.name != %(v22)s::VARCHAR) THEN book_2.read_at END AS read_at, CASE WHEN (room_1.name != %(v23)s::VARCHAR) THEN book_2.printed END AS printed, CASE WHEN (room_1.name != %(v24)s::VARCHAR) THEN book_2.opens END AS opens, CASE WHEN (room_1.name != %(v25)s::VARCHAR) THEN book_2.label END AS label, CASE WHEN (room_1.name != %(v26)s::VARCHAR) THEN book_2.number END AS number, CASE WHEN (room_1.name != %(v27)s::VARCHAR) THEN book_2.shelf END AS shelf, CASE WHEN (room_1.name != %(v28)s::VARCHAR) THEN book_2.sequel END AS sequel, room_1.name != %(v7)s::VARCHAR AS anon_4, room_1.name != %(v29)s::VARCHAR AS anon_5, (room_1.name != %(v5)s::VARCHAR OR book_2.user_created = %(v6)s::UUID) IS true AS anon_6
FROM book AS book_2 LEFT OUTER JOIN shelf AS shelf_2 ON shelf_2.id = book_2.shelf LEFT OUTER JOIN room AS room_1 ON room_1.id = shelf_2.room
WHERE room_1.name != %(v5)s::VARCHAR OR book_2.user_created = %(v6)s::UUID) AS anon_3
WHERE anon_1.id = anon_3.shelf AND CASE WHEN (anon_3.anon_6 IS NOT false) THEN anon_3.pages > %(v3)s::BIGINT ELSE false END) ORDER BY anon_1.label ASC, anon_1.id ASC
 LIMIT %(v31)s::BIGINT) AS "page." JOIN LATERAL (SELECT shelf_3.label AS label, anon_7.json AS books
FROM shelf AS shelf_3 LEFT OUTER JOIN LATERAL (SELECT coalesce(json_agg("made.".json), '[]'::json) AS json
FROM (SELECT row_to_json("row.") AS json
FROM (SELECT "of page.".title AS title, "of page.".pages AS pages
FROM (SELECT anon_8.id AS key
FROM (SELECT book_3.id AS id, CASE WHEN (room_2.name != %(v8)s::VARCHAR) THEN book_3.user_created END AS user_created, CASE WHEN (room_2.name != %(v9)s::VARCHAR) THEN book_3.date_created END AS date_created, CASE WHEN (room_2.name != %(v10)s::VARCHAR) THEN book_3.user_updated END AS user_updated, CASE WHEN (room_2.name != %(v11)s::VARCHAR) THEN book_3.date_updated END AS date_updated, book_3.title AS title, CASE WHEN (room_2.name != %(v12)s::VARCHAR) THEN book_3.summary END AS summary, CASE WHEN (room_2.name != %(v13)s::VARCHAR) THEN book_3.status END AS status, CASE WHEN (room_2.name != %(v14)s::VARCHAR) THEN book_3.pages END AS pages, CASE WHEN (room_2.name != %(v15)s::VARCHAR) THEN book_3.copies END AS copies, CASE WHEN (room_2.name != %(v16)s::VARCHAR) THEN book_3.isbn END AS isbn, book_3.price AS price, CASE WHEN (room_2.name != %(v17)s::VARCHAR) THEN book_3.weight END AS weight, CASE WHEN (room_2.name != %(v18)s::VARCHAR) THEN book_3.lent END AS lent, CASE WHEN (room_2.name != %(v19)s::VARCHAR) THEN book_3.extra END AS extra, CASE WHEN (room_2.name != %(v20)s::VARCHAR) THEN book_3.words END AS words, CASE WHEN (room_2.name != %(v21)s::VARCHAR) THEN book_3.bought_at END AS bought_at, CASE WHEN (room_2.name != %(v22)s::VARCHAR) THEN book_3.read_at END AS read_at, CASE WHEN (room_2.name != %(v23)s::VARCHAR) THEN book_3.printed END AS printed, CASE WHEN (room_2.name != %(v24)s::VARCHAR) THEN book_3.opens END AS opens, CASE WHEN (room_2.name != %(v25)s::VARCHAR) THEN book_3.label END AS label, CASE WHEN (room_2.name != %(v26)s::VARCHAR) THEN book_3.number END AS number, CASE WHEN (room_2.name != %(v27)s::VARCHAR) THEN book_3.shelf END AS shelf, CASE WHEN (room_2.name != %(v28)s::VARCHAR) THEN book_3.sequel END AS sequel, room_2.name != %(v7)s::VARCHAR AS anon_9, room_2.name != %(v29)s::VARCHAR AS anon_10, (room_2.name != %(v0)s::VARCHAR OR book_3.user_created = %(v1)s::UUID) IS true AS anon_11
FROM book AS book_3 LEFT OUTER JOIN shelf AS shelf_4 ON shelf_4.id = book_3.shelf LEFT OUTER JOIN room AS room_2 ON room_2.id = shelf_4.room
WHERE room_2.name != %(v0)s::VARCHAR OR book_3.user_created = %(v1)s::UUID) AS anon_8
WHERE shelf_3.id = anon_8.shelf ORDER BY CASE WHEN anon_8.anon_9 THEN anon_8.id END ASC, anon_8.id ASC
 LIMIT %(v2)s::BIGINT) AS "page." JOIN LATERAL (SELECT anon_12.title AS title, anon_12.pages AS pages
FROM (SELECT book_4.id AS id, CASE WHEN (room_3.name != %(v8)s::VARCHAR) THEN book_4.user_created END AS user_created, CASE WHEN (room_3.name != %(v9)s::VARCHAR) THEN book_4.date_created END AS date_created, CASE WHEN (room_3.name != %(v10)s::VARCHAR) THEN book_4.user_updated END AS user_updated, CASE WHEN (room_3.name != %(v11)s::VARCHAR) THEN book_4.date_updated END AS date_updated, book_4.title AS title, CASE WHEN (room_3.name != %(v12)s::VARCHAR) THEN book_4.summary END AS summary, CASE WHEN (room_3.name != %(v13)s::VARCHAR) THEN book_4.status END AS status, CASE WHEN (room_3.name != %(v14)s::VARCHAR) THEN book_4.pages END AS pages, CASE WHEN (room_3.name != %(v15)s::VARCHAR) THEN book_4.copies END AS copies, CASE WHEN (room_3.name != %(v16)s::VARCHAR) THEN book_4.isbn END AS isbn, book_4.price AS price, CASE WHEN (room_3.name != %(v17)s::VARCHAR) THEN book_4.weight END AS weight, CASE WHEN (room_3.name != %(v18)s::VARCHAR) THEN book_4.lent END AS lent, CASE WHEN (room_3.name != %(v19)s::VARCHAR) THEN book_4.extra END AS extra, CASE WHEN (room_3.name != %(v20)s::VARCHAR) THEN book_4.words END AS words, CASE WHEN (room_3.name != %(v21)s::VARCHAR) THEN book_4.bought_at END AS bought_at, CASE WHEN (room_3.name != %(v22)s::VARCHAR) THEN book_4.read_at END AS read_at, CASE WHEN (room_3.name != %(v23)s::VARCHAR) THEN book_4.printed END AS printed, CASE WHEN (room_3.name != %(v24)s::VARCHAR) THEN book_4.opens END AS opens, CASE WHEN (room_3.name != %(v25)s::VARCHAR) THEN book_4.label END AS label, CASE WHEN (room_3.name != %(v26)s::VARCHAR) THEN book_4.number END AS number, CASE WHEN (room_3.name != %(v27)s::VARCHAR) THEN book_4.shelf END AS shelf, CASE WHEN (room_3.name != %(v28)s::VARCHAR) THEN book_4.sequel END AS sequel, room_3.name != %(v7)s::VARCHAR AS anon_13, room_3.name != %(v29)s::VARCHAR AS anon_14
FROM book AS book_4 LEFT OUTER JOIN shelf AS shelf_5 ON shelf_5.id = book_4.shelf LEFT OUTER JOIN room AS room_3 ON room_3.id = shelf_5.room
WHERE true) AS anon_12
WHERE anon_12.id = "page.".key
 LIMIT ALL OFFSET 0) AS "of page." ON true) AS "row."
 LIMIT ALL OFFSET 0) AS "made."
HAVING coalesce(sum(octet_length(CAST("made.".json AS TEXT)) * '5.357543035931336e+300'::float8), 0) >= 0) AS anon_7 ON true
WHERE shelf_3.id = "page.".key
 LIMIT ALL OFFSET 0) AS "of page." ON true) AS "row."
 LIMIT ALL OFFSET 0) AS "made."
HAVING coalesce(sum(octet_length(CAST("made.".json AS TEXT)) * '5.357543035931336e+300'::float8), 0) >= 0
-- v0: 'Vault'
-- v1: '6d6cb08a-0000-4000-8000-039e350eef1e'
-- v10: 'Vault'
-- v11: 'Vault'
-- v12: 'Vault'
-- v13: 'Vault'
-- v14: 'Vault'
-- v15: 'Vault'
-- v16: 'Vault'
-- v17: 'Vault'
-- v18: 'Vault'
-- v19: 'Vault'
-- v2: 100
-- v20: 'Vault'
-- v21: 'Vault'
-- v22: 'Vault'
-- v23: 'Vault'
-- v24: 'Vault'
-- v25: 'Vault'
-- v26: 'Vault'
-- v27: 'Vault'
-- v28: 'Vault'
-- v29: 'Vault'
-- v3: 5
-- v30: 'in'
-- v31: 3
-- v4: 'in'
-- v5: 'Vault'
-- v6: '6d6cb08a-0000-4000-8000-039e350eef1e'
-- v7: 'Vault'
-- v8: 'Vault'
-- v9: 'Vault'
