SELECT coalesce(json_agg("made.".json), '[]'::json) AS json
FROM (SELECT row_to_json("row.") AS json
FROM (SELECT book_1.id AS id
FROM book AS book_1
WHERE CAST(book_1.title AS TEXT) ILIKE %(v0)s::VARCHAR AND book_1.title != %(v1)s::VARCHAR AND (book_1.pages >= %(v2)s::BIGINT AND book_1.pages <= %(v3)s::BIGINT OR book_1.pages IS NULL OR book_1.isbn = any(%(v5)s::BIGINT[]) OR book_1.price < %(v6)s OR book_1.price > %(v7)s) ORDER BY book_1.id ASC) AS "row."
 LIMIT ALL OFFSET 0) AS "made."
HAVING coalesce(sum(octet_length(CAST("made.".json AS TEXT)) * '5.357543035931336e+300'::float8), 0) >= 0
-- v0: '%ant%'
-- v1: 'x'
-- v2: 1
-- v3: 9
-- v4: None
-- v5: [1, 2]
-- v6: Decimal('1.5')
-- v7: Decimal('2')
