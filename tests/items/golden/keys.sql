SELECT book_1.id AS key
FROM book AS book_1
WHERE book_1.status = %(v0)s::VARCHAR ORDER BY book_1.title DESC
 LIMIT %(v1)s::BIGINT
-- v0: 'in'
-- v1: 3
