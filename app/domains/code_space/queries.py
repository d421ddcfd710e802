"""The statements about code spaces and the ranges taken from them."""

# Make a code space, unless it is there.
CREATE_SPACE = """
INSERT INTO code_space (key_prefix, alphabet, length, wrapped_key)
VALUES (%(key_prefix)s, %(alphabet)s, %(length)s, %(wrapped_key)s)
ON CONFLICT (key_prefix, alphabet, length) DO NOTHING
"""

SPACE = """
SELECT id, key_prefix, alphabet, length, wrapped_key, next_position FROM code_space
WHERE key_prefix = %(key_prefix)s AND alphabet = %(alphabet)s AND length = %(length)s
"""

SPACE_BY_ID = """
SELECT id, key_prefix, alphabet, length, wrapped_key, next_position FROM code_space
WHERE id = %(id)s
"""

# How long the company prefix is in the keys of a space: as it was when the first were taken.
KEEP_LENGTH = """
UPDATE code_space SET company_prefix_length = %(length)s
WHERE id = %(id)s AND company_prefix_length IS NULL AND %(length)s::int IS NOT NULL
"""

# The same of keys that came in from elsewhere: an empty space of each, which nothing is minted in.
KEEP_KEY_LENGTHS = """
INSERT INTO code_space (key_prefix, alphabet, length, company_prefix_length)
SELECT key_prefix, '0123456789', 0, length
FROM unnest(%(prefixes)s::text[], %(lengths)s::int[]) AS given (key_prefix, length)
ORDER BY key_prefix
ON CONFLICT (key_prefix, alphabet, length) DO NOTHING
"""

LENGTHS = """
SELECT key_prefix, max(company_prefix_length) AS length FROM code_space
WHERE key_prefix = ANY(%(prefixes)s) AND company_prefix_length IS NOT NULL GROUP BY key_prefix
"""

# How long the company prefix is in SSCCs that were minted; the space of the range says it.
SSCC_LENGTHS = """
SELECT asked.key, s.company_prefix_length AS length
FROM unnest(%(keys)s::text[]) AS asked (key) CROSS JOIN generate_series(4, 12) AS digits
JOIN code_space AS s ON s.key_prefix = left(asked.key, length('/00/0') + digits)
  AND s.company_prefix_length IS NOT NULL
CROSS JOIN LATERAL (
  SELECT substr(asked.key, length('/00/0') + digits + 1, 16 - digits)::bigint AS position
) AS own
CROSS JOIN LATERAL (SELECT * FROM code_range WHERE code_space = s.id
  AND first_position <= own.position ORDER BY first_position DESC LIMIT 1) AS r
WHERE r.first_position + r.quantity > own.position AND r.minted_at IS NOT NULL
"""

# Sequential spaces: only one job at a time decides which serials are free.
LOCK_SPACE = "SELECT id FROM code_space WHERE id = %(id)s FOR NO KEY UPDATE"

# Take positions, unless more than `limit` would then have been issued. The row lock makes
# concurrent jobs take different ones.
TAKE = """
UPDATE code_space SET next_position = next_position + %(quantity)s
WHERE id = %(id)s AND next_position + %(quantity)s <= %(limit)s
RETURNING next_position - %(quantity)s AS first
"""

# How much of the spaces of some key prefixes has been issued, at every length.
ISSUED = """
SELECT key_prefix, alphabet, length, next_position FROM code_space
WHERE key_prefix = ANY(%(prefixes)s)
"""

# Reserve one range per chunk; in the order given.
INSERT_RANGES = """
INSERT INTO code_range
  (code_space, first_position, quantity, identifier_job, account, reference_id)
SELECT %(code_space)s, first, quantity, %(job)s,
  (SELECT account FROM identifier_job WHERE id = %(job)s), %(reference_id)s
FROM unnest(%(firsts)s::bigint[], %(quantities)s::int[]) AS taken (first, quantity)
RETURNING id, first_position, quantity
"""

# The codes of a range are committed together with this mark.
MARK_MINTED = "UPDATE code_range SET minted_at = now() WHERE id = %(id)s"

# Give back what jobs took and did not mint. A chunk that runs holds its range: it is left out.
FORGET_RANGES = """
DELETE FROM code_range WHERE id IN (
  SELECT id FROM code_range WHERE identifier_job = ANY(%(jobs)s::uuid[]) AND minted_at IS NULL
  FOR UPDATE SKIP LOCKED)
"""

# The ranges of a sequential space that reach into [start, stop). Ranges never overlap, so of those
# that begin earlier only the last can.
RANGES_WITHIN = """
SELECT first_position, quantity, identifier_job FROM (
  (SELECT * FROM code_range WHERE code_space = %(id)s AND first_position < %(start)s
   ORDER BY first_position DESC LIMIT 1)
  UNION ALL
  (SELECT * FROM code_range WHERE code_space = %(id)s
   AND first_position >= %(start)s AND first_position < %(stop)s)
) AS near WHERE first_position + quantity > %(start)s
ORDER BY first_position
"""

# For a look-up: the spaces a code may be of, and the range a position was taken in.
SPACES_OF_PREFIXES = """
SELECT id, key_prefix, alphabet, length, wrapped_key, next_position FROM code_space
WHERE key_prefix = ANY(%(prefixes)s) ORDER BY length(key_prefix) DESC
"""

# Of positions that were minted: for whom. A job may have come to an account since.
OWNERS_OF_POSITIONS = """
SELECT asked.position,
  coalesce(r.account, (SELECT account FROM identifier_job WHERE id = r.identifier_job))::text
    AS account
FROM unnest(%(positions)s::bigint[]) AS asked(position)
CROSS JOIN LATERAL (SELECT * FROM code_range WHERE code_space = %(id)s
  AND first_position <= asked.position ORDER BY first_position DESC LIMIT 1) AS r
WHERE r.first_position + r.quantity > asked.position AND r.minted_at IS NOT NULL
"""

RANGE_OF_POSITION = """
SELECT first_position, quantity, identifier_job, reference_id, minted_at FROM code_range
WHERE code_space = %(id)s AND first_position <= %(position)s
ORDER BY first_position DESC LIMIT 1
"""
