"""The statements about pools."""

_KEEPERS = 0x706F6F6C
"""Advisory lock key ("pool"): one worker looks after pools at a time."""

TRY_LOCK = f"SELECT pg_try_advisory_xact_lock({_KEEPERS})"

# Of two who make the same pool, the second sees the first. They are of one account: who imports
# pools for minutes holds up no other. In order, against deadlocks.
LOCK_WRITERS = """
SELECT count(pg_advisory_xact_lock(hashtextextended('code_pool ' || account, 0)))
FROM (SELECT DISTINCT account FROM unnest(%(accounts)s::text[]) AS account ORDER BY 1) AS asked
"""

# The pool that waits longest for somebody to look at it, and what the look before found, unless the
# pool has changed since. Where no job could be made, a person has
# to act: those are looked at less often.
DUE = """
SELECT id, account, product, coalesce(type, 'sgtin') AS type, domain, min_available, job_quantity,
       coalesce(length, 8) AS length, coalesce(character_set, 'alphanumeric') AS character_set,
       identifier_job, CASE WHEN looked_at IS NOT NULL THEN available END AS was_available,
       error_message AS said
FROM code_pool
WHERE is_active AND (looked_at IS NULL OR looked_at <= now() - make_interval(
  secs => %(seconds)s * CASE WHEN error_message IS NULL THEN 1 ELSE %(patience)s END))
ORDER BY looked_at NULLS FIRST, id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED
"""

# What jobs that are not done yet will bring. The words are literals: a partial index serves.
COMING = """
SELECT coalesce(sum(greatest(quantity - quantity_created, 0)), 0)::bigint FROM identifier_job
WHERE status IN ('new', 'in_progress') AND coalesce(type, 'sgtin') = %(type)s
  AND account IS NOT DISTINCT FROM %(account)s::uuid
  AND product IS NOT DISTINCT FROM %(product)s
  AND (%(domain)s::uuid IS NULL OR coalesce(domain, %(domain)s::uuid) = %(domain)s::uuid)
"""

# How the last job of a pool ended, if it failed.
FAILED_JOB = """
SELECT error_message FROM identifier_job WHERE id = %(job)s::uuid AND status = 'error'
"""

GIVE = "UPDATE code_pool SET account = %(account)s::uuid WHERE id = %(id)s"

LOOKED = """
UPDATE code_pool
SET looked_at = clock_timestamp(), available = %(available)s, error_message = %(error)s,
    identifier_job = coalesce(%(job)s::uuid, identifier_job)
WHERE id = %(id)s
"""

# Other pools for the same codes; what is not said is as good as a value (systems.md 6.4).
SAME = """
SELECT wanted.place::int AS place FROM json_to_recordset(%(wanted)s::json)
  AS wanted (place int, id uuid, account uuid, product text, type text, domain uuid)
WHERE EXISTS (
  SELECT FROM code_pool AS pool
  WHERE pool.id <> wanted.id AND pool.account IS NOT DISTINCT FROM wanted.account
    AND pool.product IS NOT DISTINCT FROM wanted.product
    AND coalesce(pool.type, 'sgtin') = wanted.type
    AND pool.domain IS NOT DISTINCT FROM wanted.domain)
"""
