SELECT coalesce(json_agg(row_to_json("row.")), '[]'::json) AS json
FROM (SELECT directus_users_1.first_name AS first_name, CASE WHEN (directus_users_1.password IS NULL) THEN NULL ELSE '**********' END AS password, CASE WHEN (directus_users_1.token IS NULL) THEN NULL ELSE '**********' END AS token
FROM directus_users AS directus_users_1 ORDER BY directus_users_1.id ASC) AS "row."
