"""The statements about domains."""

# Those of some names that are verified, and whose they are.
TAKEN = """
SELECT domain_name, account FROM domain
WHERE domain_name = ANY(%(names)s::text[]) AND state = 'verified'
"""

# A short code under a name, in byte order of the keys: of any account, or of others than `owner`.
USED = """
SELECT id FROM unique_code
WHERE id >= %(first)s AND id < %(end)s
  AND (%(owner)s::uuid IS NULL OR account IS DISTINCT FROM %(owner)s::uuid) LIMIT 1
"""

# One under the names of some domains.
USED_BY_KEY = """
SELECT (SELECT id FROM unique_code AS c
        WHERE c.id >= d.domain_name || '/' AND c.id < d.domain_name || '0' LIMIT 1) AS id
FROM domain AS d WHERE d.id = ANY(%(keys)s::uuid[]) AND d.state = 'verified' ORDER BY 1 LIMIT 1
"""
