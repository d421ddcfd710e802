SELECT count(*) AS count_1
FROM book AS book_1 LEFT OUTER JOIN shelf AS shelf_1 ON shelf_1.id = book_1.shelf
WHERE shelf_1.label = %(v0)s::VARCHAR AND (CAST(book_1.title AS TEXT) ILIKE %(v1)s::VARCHAR OR book_1.summary ILIKE %(v2)s::VARCHAR OR CAST(book_1.status AS TEXT) ILIKE %(v3)s::VARCHAR OR CAST(book_1.shelf AS TEXT) ILIKE %(v4)s::VARCHAR)
-- v0: 'Left'
-- v1: '%a%'
-- v2: '%a%'
-- v3: '%a%'
-- v4: '%a%'
