SELECT coalesce(json_agg("made.".json), '[]'::json) AS json
FROM (SELECT row_to_json("row.") AS json
FROM (SELECT g.g0 AS status, g.g1 AS bought_at, g.a0 AS count, (SELECT row_to_json("row.") AS json
FROM (SELECT g.a1_0 AS price) AS "row.") AS avg
FROM (SELECT book_1.status AS g0, to_char(book_1.bought_at, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS g1, CAST(count(*) AS TEXT) AS a0, CAST(avg(book_1.price) AS TEXT) AS a1_0
FROM book AS book_1 LEFT OUTER JOIN shelf AS shelf_1 ON shelf_1.id = book_1.shelf
WHERE shelf_1.label = %(v0)s::VARCHAR GROUP BY book_1.status, book_1.bought_at ORDER BY count(*) DESC, book_1.status ASC, book_1.bought_at ASC
 LIMIT %(v1)s::BIGINT) AS g) AS "row."
 LIMIT ALL OFFSET 0) AS "made."
HAVING coalesce(sum(octet_length(CAST("made.".json AS TEXT)) * '5.357543035931336e+300'::float8), 0) >= 0
-- v0: 'Left'
-- v1: 10
