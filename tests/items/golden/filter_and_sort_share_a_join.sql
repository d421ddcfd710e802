SELECT coalesce(json_agg(row_to_json("row.")), '[]'::json) AS json
FROM (SELECT book_1.id AS id
FROM book AS book_1 LEFT OUTER JOIN shelf AS shelf_1 ON shelf_1.id = book_1.shelf
WHERE shelf_1.label IS NOT NULL ORDER BY shelf_1.label ASC, book_1.id ASC) AS "row."
-- v0: None
