"""The statements about domains."""

# Those of some names that are verified, and whose they are.
TAKEN = """
SELECT domain_name, account FROM domain
WHERE domain_name = ANY(%(names)s::text[]) AND state = 'verified'
"""

# What was given out under a name, in byte order of the keys: a short code that is there, or the
# space that some were minted of. Of a mere claim, only its account's codes count. `owner`: who is
# to have it; its own codes are in nobody's way.
USED = """
SELECT coalesce(
  (SELECT id FROM unique_code
    WHERE id >= %(first)s AND id < %(end)s
      AND (NOT %(is_claim)s OR account IS NOT DISTINCT FROM %(account)s::uuid)
      AND (%(owner)s::uuid IS NULL OR account IS DISTINCT FROM %(owner)s::uuid) LIMIT 1),
  (SELECT key_prefix FROM code_space
    WHERE key_prefix = %(first)s AND next_position > 0 AND NOT %(is_claim)s LIMIT 1))
"""

# Codes that print a domain in their links, of another account than who is to have it. All codes are
# looked through: it is the admin who gives domains away, and seldom.
PRINTED_BY = """
SELECT id FROM unique_code WHERE domain = %(domain)s AND account <> %(owner)s::uuid LIMIT 1
"""

# A code under a name that is another account's than the one who is to have it; or, unless those
# come to it (`adopts`), the installation's.
OTHERS = """
SELECT id FROM unique_code
WHERE id >= %(first)s AND id < %(end)s AND %(owner)s::uuid IS NOT NULL
  AND (account <> %(owner)s::uuid OR account IS NULL AND NOT %(adopts)s) LIMIT 1
"""

# What the installation's admin made of no account in particular comes to the owner of the name.
ADOPT_JOBS = """
UPDATE identifier_job SET account = %(owner)s::uuid
WHERE account IS NULL AND %(owner)s::uuid IS NOT NULL AND type = 'short_code'
  AND domain IN (SELECT id FROM domain WHERE domain_name || '/' = %(first)s)
RETURNING id
"""

# What was given out under the names of some domains; of a mere claim, only its account's counts.
USED_BY_KEY = """
SELECT coalesce(
  (SELECT id FROM unique_code AS c
    WHERE c.id >= d.domain_name || '/' AND c.id < d.domain_name || '0'
      AND (d.state = 'verified' OR c.account IS NOT DISTINCT FROM d.account) LIMIT 1),
  (SELECT key_prefix FROM code_space AS s WHERE s.key_prefix = d.domain_name || '/'
    AND s.next_position > 0 AND d.state = 'verified' LIMIT 1)) AS id
FROM domain AS d WHERE d.id = ANY(%(keys)s::uuid[]) ORDER BY 1 LIMIT 1
"""
