SELECT coalesce(json_agg("made.".json), '[]'::json) AS json
FROM (SELECT row_to_json("row.") AS json
FROM (SELECT jsonb_extract_path(book_1.extra, %(param_1)s::VARCHAR, %(param_2)s::VARCHAR) AS extra_a_b_json, CAST(CASE WHEN (jsonb_typeof(book_1.extra) = %(jsonb_typeof_1)s::VARCHAR) THEN jsonb_array_length(book_1.extra) ELSE %(param_3)s::INTEGER END AS TEXT) AS extra_count
FROM book AS book_1
WHERE CASE WHEN (CAST(jsonb_extract_path_text(book_1.extra, %(param_4)s::VARCHAR, %(param_5)s::VARCHAR) AS TEXT) ~ '^-?[0-9]+(\.[0-9]+)?$') THEN CASE WHEN (length(split_part(CAST(jsonb_extract_path_text(book_1.extra, %(param_4)s::VARCHAR, %(param_5)s::VARCHAR) AS TEXT), '.', 1)) <= 131072 AND length(split_part(CAST(jsonb_extract_path_text(book_1.extra, %(param_4)s::VARCHAR, %(param_5)s::VARCHAR) AS TEXT), '.', 2)) <= 16383) THEN CAST(CAST(jsonb_extract_path_text(book_1.extra, %(param_4)s::VARCHAR, %(param_5)s::VARCHAR) AS TEXT) AS NUMERIC) END WHEN ((CAST(jsonb_extract_path_text(book_1.extra, %(param_4)s::VARCHAR, %(param_5)s::VARCHAR) AS TEXT) ~ '^-?[0-9]+(\.[0-9]+)?[eE][+-]?0*[0-9]{1,4}$') AND length(CAST(jsonb_extract_path_text(book_1.extra, %(param_4)s::VARCHAR, %(param_5)s::VARCHAR) AS TEXT)) <= 6000) THEN CAST(CAST(jsonb_extract_path_text(book_1.extra, %(param_4)s::VARCHAR, %(param_5)s::VARCHAR) AS TEXT) AS NUMERIC) END = %(v0)s AND CAST(jsonb_extract_path_text(book_1.extra, %(param_6)s::VARCHAR) AS TEXT) LIKE %(v1)s::VARCHAR ORDER BY book_1.id ASC) AS "row."
 LIMIT ALL OFFSET 0) AS "made."
HAVING coalesce(sum(octet_length(CAST("made.".json AS TEXT)) * '5.357543035931336e+300'::float8), 0) >= 0
-- jsonb_typeof_1: 'array'
-- param_1: 'a'
-- param_2: 'b'
-- param_3: 0
-- param_4: 'a'
-- param_5: 'b'
-- param_6: 'c'
-- v0: Decimal('1')
-- v1: '%x%'
