SELECT coalesce(json_agg("made.".json), '[]'::json) AS json
FROM (SELECT row_to_json("row.") AS json
FROM (SELECT (SELECT row_to_json("row.") AS json
FROM (SELECT g.a0_0 AS id) AS "row.") AS count, (SELECT row_to_json("row.") AS json
FROM (SELECT g.a1_0 AS pages, g.a1_1 AS price) AS "row.") AS sum
FROM (SELECT CAST(count(book_1.id) AS TEXT) AS a0_0, CAST(sum(book_1.pages) AS TEXT) AS a1_0, CAST(sum(book_1.price) AS TEXT) AS a1_1
FROM book AS book_1 GROUP BY ()) AS g) AS "row."
 LIMIT ALL OFFSET 0) AS "made."
HAVING coalesce(sum(octet_length(CAST("made.".json AS TEXT)) * '5.357543035931336e+300'::float8), 0) >= 0
