"""The statements about identifier jobs."""

# What planning and minting need to know of a job, and of the work order it is for. Null means the
# default.
JOB = """
SELECT j.id, coalesce(j.type, 'sgtin') AS type, j.quantity, coalesce(j.length, 8) AS length,
       coalesce(j.character_set, 'alphanumeric') AS character_set, j.product, j.account, j.domain,
       j.reference_id, j.user_created, coalesce(j.sscc_start_serial, 0) AS sscc_start_serial,
       coalesce(j.sscc_extension_digit, 0) AS sscc_extension_digit, j.sscc_company_prefix,
       w.id AS workorder, coalesce(w.activate_on_complete, false) AS activates,
       coalesce(w.use_serial_number, false) AS has_serial_numbers
FROM identifier_job AS j LEFT JOIN workorder AS w ON w.identifier_job = j.id
WHERE j.id = %(key)s
"""

# Of accounts: the stricter fill, the domain set on the account, the default of each type.
TENANTS = """
SELECT account.id, account.max_keyspace_fill, own.id AS own_domain,
       own.domain_name AS own_name, link.id AS link_domain, link.domain_name AS link_name,
       short.id AS short_domain, short.domain_name AS short_name
FROM account
LEFT JOIN domain AS own ON own.id = account.default_domain AND own.state = 'verified'
  AND (own.account IS NULL OR own.account = account.id)
LEFT JOIN domain AS link ON link.account = account.id AND link.type = 'digital_link'
  AND link.is_default AND link.state = 'verified'
LEFT JOIN domain AS short ON short.account = account.id AND short.type = 'short'
  AND short.is_default AND short.state = 'verified'
WHERE account.id = ANY(%(accounts)s::uuid[])
"""

# Held, as products are: they change hands only once what is made for them can be seen.
DOMAINS = """
SELECT id, domain_name, account, state FROM domain WHERE id = ANY(%(domains)s::uuid[])
ORDER BY id FOR KEY SHARE
"""

PRODUCTS = """
SELECT id, account FROM product WHERE id = ANY(%(products)s) ORDER BY id FOR KEY SHARE
"""

HOLD_PRODUCT = """
SELECT account, company_prefix_length FROM product WHERE id = %(product)s FOR KEY SHARE
"""

# Those of some jobs that have minted codes already.
MINTED_JOBS = """
SELECT DISTINCT job FROM job_chunk
WHERE kind = 'identifier_job' AND job = ANY(%(jobs)s) AND done_at IS NOT NULL AND created > 0
"""

# Progress, as often as a chunk is done.
PROGRESS = """
UPDATE identifier_job
SET quantity_created = %(created)s, error_message = NULL,
    status = CASE WHEN %(finished)s THEN 'complete' ELSE status END
WHERE id = %(key)s
"""

FAIL = """
UPDATE identifier_job SET status = 'error', error_message = %(sentence)s WHERE id = %(key)s
"""

# The first code there is between two paths, in the order of the primary key.
FIRST_CODE_BETWEEN = """
SELECT id FROM unique_code WHERE id >= %(lowest)s AND id <= %(highest)s ORDER BY id LIMIT 1
"""

IS_OTHERS_SSCC = """
SELECT EXISTS (SELECT FROM unique_code AS c WHERE c.id = %(key)s AND c.account <> %(account)s::uuid)
  OR EXISTS (SELECT FROM identifier_job AS j
    WHERE j.id = %(job)s::uuid AND j.account <> %(account)s::uuid)
"""

# A job that took SSCCs in a run of them (numbers without the check digit) under another company
# prefix. Spaces of SSCCs are told by their keys, `/00/` + extension digit + company prefix.
OTHER_SSCC_JOB = """
WITH others AS MATERIALIZED (
  SELECT id, substr(key_prefix, 5)::bigint
    * (10 ^ (%(digits)s - length(key_prefix) + 4))::bigint AS first
  FROM (SELECT id, key_prefix FROM code_space
    WHERE key_prefix <> %(prefix)s AND key_prefix LIKE '/00/%%' OFFSET 0) AS ssccs
  WHERE starts_with(key_prefix, %(prefix)s) OR starts_with(%(prefix)s, key_prefix)
)
SELECT r.identifier_job::text AS job, greatest(o.first + r.first_position, %(first)s) AS number
FROM others AS o JOIN code_range AS r ON r.code_space = o.id
WHERE o.first + r.first_position < %(end)s AND o.first + r.first_position + r.quantity > %(first)s
ORDER BY 2 LIMIT 1
"""

COLUMNS = (
    "id, account, code, type, product, domain, identifier_job, user_created, company_prefix_length"
)
"""What a minted row says; the rest are defaults of the table (date_created, status) or null."""

OF_AN_ORDER = "workorder, activation_status, activated_at, activated_by, serial_number"
"""What the rows of a job that a work order asked for say besides."""

COPY_CODES = "COPY unique_code ({columns}) FROM STDIN"

# The way around codes that are there already: through a table that has no key.
CREATE_STAGING = """
CREATE TEMPORARY TABLE minted_code (LIKE unique_code INCLUDING DEFAULTS) ON COMMIT DROP
"""

COPY_STAGING = "COPY minted_code ({columns}) FROM STDIN"

MOVE_STAGED = """
INSERT INTO unique_code ({columns}) SELECT {columns} FROM minted_code ON CONFLICT (id) DO NOTHING
"""

DROP_RESERVED = "DELETE FROM minted_code WHERE code = ANY(%(words)s::text[])"

CLEAR_STAGING = "TRUNCATE minted_code"

# End jobs that somebody no longer wants.
STOP = """
UPDATE identifier_job SET status = 'error', error_message = %(reason)s
WHERE id = ANY(%(keys)s::uuid[]) AND status IN ('new', 'in_progress')
"""

RETRY = """
UPDATE identifier_job SET status = 'new', error_message = NULL
WHERE id = ANY(%(keys)s::uuid[]) AND status = 'error' RETURNING id
"""
