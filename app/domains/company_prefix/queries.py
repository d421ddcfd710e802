"""The statements about company prefixes."""

# One at a time: of two that overlap, the second has to see the first.
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('company_prefix', 0))"

# A prefix that begins with one of these, or the other way round. `ids`: those that are about to be
# others.
OVERLAPPING = """
SELECT asked.place, p.digits FROM unnest(%(digits)s::text[], %(kinds)s::text[])
  WITH ORDINALITY AS asked (digits, kind, place)
JOIN company_prefix AS p ON p.kind = asked.kind
  AND (starts_with(p.digits, asked.digits) OR starts_with(asked.digits, p.digits))
WHERE p.id <> ALL(%(ids)s::uuid[])
ORDER BY asked.place, p.digits
"""

# Keys under a prefix, given as the ranges they lie in. Of codes that are gone their spaces remain:
# they were given out.
UNDER = """
SELECT coalesce(
  (SELECT id FROM unique_code WHERE id >= r.first AND id < r.end LIMIT 1),
  (SELECT id FROM product WHERE id >= r.first AND id < r.end LIMIT 1),
  (SELECT key_prefix FROM code_space WHERE key_prefix >= r.first AND key_prefix < r.end LIMIT 1)
) AS key
FROM unnest(%(firsts)s::text[], %(ends)s::text[]) AS r (first, "end")
"""

# What a prefix can't be laid over: keys of other accounts, and codes with another length in them.
AGAINST = """
SELECT coalesce(
  (SELECT id FROM unique_code WHERE id >= r.first AND id < r.end
     AND (account <> %(account)s::uuid OR company_prefix_length <> %(length)s) LIMIT 1),
  (SELECT id FROM product WHERE id >= r.first AND id < r.end
     AND account <> %(account)s::uuid LIMIT 1)
) AS key
FROM unnest(%(firsts)s::text[], %(ends)s::text[]) AS r (first, "end")
"""

# A product of its own key that has a GTIN under a prefix.
WITH_GTIN = """
SELECT id AS key FROM product
WHERE gtin IS NOT NULL AND starts_with(substr(lpad(gtin, 14, '0'), 2), %(digits)s) LIMIT 1
"""

# What the installation's admin made of no account in particular comes to the owner of its keys.
ADOPT = tuple(
    f"""
UPDATE {table} AS t SET account = %(account)s::uuid
FROM unnest(%(firsts)s::text[], %(ends)s::text[]) AS r (first, "end")
WHERE t.id >= r.first AND t.id < r."end" AND t.account IS NULL
"""
    for table in ("product", "unique_code")
)
ADOPT_GTINS = """
UPDATE product SET account = %(account)s::uuid WHERE account IS NULL AND gtin IS NOT NULL
  AND starts_with(substr(lpad(gtin, 14, '0'), 2), %(digits)s)
"""
ADOPT_TAGS = """
UPDATE unique_code SET account = %(account)s::uuid
WHERE id = ANY(%(keys)s::text[]) AND account IS NULL
"""

# Raw tags in some ranges, from one on: those of other accounts, or of no account.
TAGS = """
SELECT c.id FROM unnest(%(firsts)s::text[], %(ends)s::text[]) AS r (first, "end")
CROSS JOIN LATERAL (
  SELECT id FROM unique_code WHERE id >= r.first AND id < r."end" AND id > %(after)s
    AND CASE WHEN %(nobodys)s THEN account IS NULL ELSE account <> %(account)s::uuid END
  ORDER BY id LIMIT %(most)s) AS c
ORDER BY c.id LIMIT %(most)s
"""
