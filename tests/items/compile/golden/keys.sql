SELECT book_1.id AS key
FROM book AS book_1
WHERE book_1.status = %(v1)s::VARCHAR ORDER BY book_1.title DESC, book_1.id ASC
 LIMIT %(v2)s::BIGINT
-- v0: 100
-- v1: 'in'
-- v2: 3
