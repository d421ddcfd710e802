SELECT coalesce(json_agg("made.".json), '[]'::json) AS json
FROM (SELECT row_to_json("row.") AS json
FROM (SELECT directus_users_1.first_name AS first_name, CASE WHEN (directus_users_1.password IS NULL) THEN NULL ELSE '**********' END AS password, CASE WHEN (directus_users_1.token IS NULL) THEN NULL ELSE '**********' END AS token
FROM directus_users AS directus_users_1 ORDER BY directus_users_1.id ASC) AS "row."
 LIMIT ALL OFFSET 0) AS "made."
HAVING coalesce(sum(octet_length(CAST("made.".json AS TEXT)) * '5.357543035931336e+300'::float8), 0) >= 0
