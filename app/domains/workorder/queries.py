"""The statements about work orders."""

from app.items.policy.readable_rows import tenancy

# The accounts of products; unknown ones are left out, and to an account those of others. Held, as
# what an order is for changes hands only once it can be seen.
PRODUCTS = f"""
SELECT p.id, p.account FROM product AS p WHERE p.id = ANY(%(products)s) AND {tenancy("p")}
ORDER BY p.id FOR KEY SHARE
"""

# Who minted for an order marks it, and so locks it before its job: as whoever cancels does.
HOLD = """
UPDATE workorder SET state = 'processing', error_message = NULL
WHERE id = %(key)s AND state IN ('new', 'processing')
"""

# All codes of the order's job are there: what is missing is their list.
MINTED = """
UPDATE workorder SET state = 'minted', error_message = NULL
WHERE identifier_job = %(job)s AND state IN ('new', 'processing') RETURNING id::text AS id
"""

JOB_FAILED = """
UPDATE workorder SET error_message = %(sentence)s
WHERE identifier_job = %(job)s AND state IN ('new', 'processing')
"""

ORDER = """
SELECT id, reference, account, user_created AS user, identifier_job AS job
FROM workorder WHERE id = %(key)s
"""

COMPLETE = "UPDATE workorder SET state = 'completed', error_message = NULL WHERE id = %(key)s"

KEEP_FILE = "UPDATE workorder SET codegen_file = %(file)s WHERE id = %(key)s"

PACKING_FAILED = """
UPDATE workorder SET state = 'processing', error_message = %(sentence)s WHERE id = %(key)s
"""

# Those of some orders that are not complete yet.
OPEN = """
SELECT id FROM workorder
WHERE id = ANY(%(keys)s::int[]) AND state IN ('new', 'processing', 'minted', 'packing')
"""

JOBS = """
SELECT identifier_job AS job FROM workorder
WHERE id = ANY(%(keys)s::int[]) AND identifier_job IS NOT NULL
"""

# Nobody will print these: activation_status 2 with reason 9, "WO canceled" (systems.md 4.4).
BLACKLIST = """
UPDATE unique_code SET activation_status = 2, blacklist_reason = 9
WHERE workorder = ANY(%(keys)s::int[])
"""

# Of orders that are to be tried again, those whose codes are all there.
ALL_MINTED = """
UPDATE workorder SET state = 'minted' FROM identifier_job AS j
WHERE workorder.id = ANY(%(keys)s::int[]) AND j.id = workorder.identifier_job
  AND j.status = 'complete'
RETURNING workorder.id::text AS id
"""
