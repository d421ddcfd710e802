SELECT coalesce(json_agg("made.".json), '[]'::json) AS json
FROM (SELECT row_to_json("row.") AS json
FROM (SELECT book_1.id AS id
FROM book AS book_1
WHERE CAST(book_1.title AS TEXT) ILIKE %(v0)s::VARCHAR OR book_1.summary ILIKE %(v1)s::VARCHAR OR CAST(book_1.status AS TEXT) ILIKE %(v2)s::VARCHAR OR book_1.pages = %(v3)s::BIGINT OR book_1.copies = %(v4)s::BIGINT OR book_1.isbn = %(v5)s::BIGINT OR book_1.price = %(v6)s OR book_1.weight = %(v7)s OR book_1.number = %(v8)s::BIGINT OR CAST(book_1.shelf AS TEXT) ILIKE %(v9)s::VARCHAR ORDER BY book_1.id ASC
 LIMIT %(v10)s::BIGINT OFFSET %(v11)s::BIGINT) AS "row."
 LIMIT ALL OFFSET 0) AS "made."
HAVING coalesce(sum(octet_length(CAST("made.".json AS TEXT)) * '5.357543035931336e+300'::float8), 0) >= 0
-- v0: '%42%'
-- v1: '%42%'
-- v10: 5
-- v11: 10
-- v2: '%42%'
-- v3: 42
-- v4: 42
-- v5: 42
-- v6: Decimal('42')
-- v7: Decimal('42')
-- v8: 42
-- v9: '%42%'
