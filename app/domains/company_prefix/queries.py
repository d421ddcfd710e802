"""The statements about company prefixes."""

# A prefix that begins with one of these, or the other way round. `ids`: those that are about to be
# others.
OVERLAPPING = """
SELECT asked.place, p.id, p.digits FROM unnest(%(digits)s::text[], %(kinds)s::text[])
  WITH ORDINALITY AS asked (digits, kind, place)
JOIN company_prefix AS p ON p.kind = asked.kind
  AND (starts_with(p.digits, asked.digits) OR starts_with(asked.digits, p.digits))
WHERE p.id <> ALL(%(ids)s::uuid[])
ORDER BY asked.place, p.digits
"""

# Keys under a prefix, given as the ranges they lie in, and of what they are. Of codes that are gone
# their spaces remain: they were given out.
UNDER = """
SELECT (SELECT id FROM unique_code WHERE id >= r.first AND id < r.end LIMIT 1) AS unique_code,
  (SELECT id FROM product WHERE id >= r.first AND id < r.end LIMIT 1) AS product,
  (SELECT key_prefix FROM code_space
    WHERE key_prefix >= r.first AND key_prefix < r.end LIMIT 1) AS code_space
FROM unnest(%(firsts)s::text[], %(ends)s::text[]) AS r (first, "end")
"""

# What a prefix can't be laid over: keys of other accounts, and codes with another length in them.
AGAINST = """
SELECT (SELECT id FROM unique_code WHERE id >= r.first AND id < r.end
    AND (account <> %(account)s::uuid OR company_prefix_length <> %(length)s)
    LIMIT 1) AS unique_code,
  (SELECT id FROM product WHERE id >= r.first AND id < r.end
    AND account <> %(account)s::uuid LIMIT 1) AS product
FROM unnest(%(firsts)s::text[], %(ends)s::text[]) AS r (first, "end")
"""

# A product of its own key that has a GTIN under a prefix.
WITH_GTIN = """
SELECT id AS product FROM product
WHERE gtin IS NOT NULL AND starts_with(substr(lpad(gtin, 14, '0'), 2), %(digits)s) LIMIT 1
"""

# The same, of another account than the prefix.
WITH_GTIN_OF_OTHERS = """
SELECT id AS product FROM product
WHERE gtin IS NOT NULL AND starts_with(substr(lpad(gtin, 14, '0'), 2), %(digits)s)
  AND account <> %(account)s::uuid LIMIT 1
"""

# A code space under a prefix, of another length; its codes may be gone.
SPACES_AGAINST = """
SELECT s.key_prefix FROM unnest(%(firsts)s::text[], %(ends)s::text[]) AS r (first, "end")
JOIN code_space AS s ON s.key_prefix >= r.first AND s.key_prefix < r."end"
  OR s.key_prefix LIKE '/00/%%' AND starts_with(r.first, s.key_prefix)
WHERE s.company_prefix_length <> %(length)s LIMIT 1
"""

ADOPT_SSCC_JOBS = """
UPDATE identifier_job SET account = %(account)s::uuid
WHERE account IS NULL AND type = 'sscc' AND starts_with(sscc_company_prefix, %(digits)s)
RETURNING id
"""
