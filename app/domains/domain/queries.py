"""The statements about domains."""

# Those of some names that are verified, and whose they are.
TAKEN = """
SELECT domain_name, account FROM domain
WHERE domain_name = ANY(%(names)s::text[]) AND state = 'verified'
"""

# A short code under a name, in byte order of the keys. Of a mere claim, only its account's count.
# `owner`: who is to have it; its own codes are in nobody's way.
USED = """
SELECT id FROM unique_code
WHERE id >= %(first)s AND id < %(end)s
  AND (NOT %(is_claim)s OR account IS NOT DISTINCT FROM %(account)s::uuid)
  AND (%(owner)s::uuid IS NULL OR account IS DISTINCT FROM %(owner)s::uuid) LIMIT 1
"""

# A code under a name that is another account's than the one who is to have it.
OTHERS = """
SELECT id FROM unique_code
WHERE id >= %(first)s AND id < %(end)s AND %(owner)s::uuid IS NOT NULL
  AND account <> %(owner)s::uuid LIMIT 1
"""

# One under the names of some domains; of a mere claim, only its account's count.
USED_BY_KEY = """
SELECT (SELECT id FROM unique_code AS c
        WHERE c.id >= d.domain_name || '/' AND c.id < d.domain_name || '0'
          AND (d.state = 'verified' OR c.account IS NOT DISTINCT FROM d.account) LIMIT 1) AS id
FROM domain AS d WHERE d.id = ANY(%(keys)s::uuid[]) ORDER BY 1 LIMIT 1
"""
