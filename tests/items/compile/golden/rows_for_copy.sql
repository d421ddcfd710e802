SELECT book_1.id AS id, book_1.title AS title, to_char(book_1.bought_at, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS bought_at
FROM book AS book_1 ORDER BY book_1.id ASC
