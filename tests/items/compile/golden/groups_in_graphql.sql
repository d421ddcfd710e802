SELECT coalesce(json_agg("made.".json), '[]'::json) AS json
FROM (SELECT row_to_json("row.") AS json
FROM (SELECT (SELECT row_to_json("row.") AS json
FROM (SELECT g.a0_0 AS title) AS "row.") AS "countDistinct", (SELECT row_to_json("row.") AS json
FROM (SELECT g.a1_0 AS price) AS "row.") AS max
FROM (SELECT book_1.price AS g0, count(DISTINCT book_1.title) AS a0_0, max(book_1.price) AS a1_0
FROM book AS book_1 GROUP BY book_1.price ORDER BY book_1.price ASC) AS g) AS "row."
 LIMIT ALL OFFSET 0) AS "made."
HAVING coalesce(sum(octet_length(CAST("made.".json AS TEXT)) * '5.357543035931336e+300'::float8), 0) >= 0
