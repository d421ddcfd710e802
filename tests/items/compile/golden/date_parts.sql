SELECT coalesce(json_agg("made.".json), '[]'::json) AS json
FROM (SELECT row_to_json("row.") AS json
FROM (SELECT CAST(EXTRACT(year FROM book_1.printed) AS INTEGER) AS printed_year, CAST(trunc(EXTRACT(second FROM book_1.bought_at)) AS INTEGER) AS bought_at_second, CAST(EXTRACT(dow FROM book_1.read_at) AS INTEGER) AS read_at_weekday, anon_1.json AS shelf
FROM book AS book_1 LEFT OUTER JOIN LATERAL (SELECT row_to_json("row.") AS json
FROM (SELECT CAST(EXTRACT(month FROM shelf_1.built_at) AS INTEGER) AS built_at_month
FROM shelf AS shelf_1
WHERE shelf_1.id = book_1.shelf) AS "row.") AS anon_1 ON true ORDER BY book_1.id ASC) AS "row."
 LIMIT ALL OFFSET 0) AS "made."
HAVING coalesce(sum(octet_length(CAST("made.".json AS TEXT)) * '5.357543035931336e+300'::float8), 0) >= 0
