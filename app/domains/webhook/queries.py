"""The statements about webhooks."""

# Of two who make webhooks of one account, the second sees those of the first. In order, against
# deadlocks.
LOCK_WRITERS = """
SELECT count(pg_advisory_xact_lock(hashtextextended('webhook ' || account, 0)))
FROM (SELECT DISTINCT account FROM unnest(%(accounts)s::text[]) AS account ORDER BY 1) AS asked
"""

COUNTS = """
SELECT coalesce(account::text, 'installation') AS account, count(*)::int AS webhooks
FROM webhook GROUP BY account HAVING coalesce(account::text, 'installation') = ANY(%(accounts)s)
"""

# Whether anybody listens to what callers of this account write; to what those without one write,
# any account may.
IS_WANTED = """
SELECT EXISTS (
  SELECT FROM webhook WHERE status = 'active'
    AND events @> to_jsonb(%(event)s::text) AND collections @> to_jsonb(%(collection)s::text)
    AND (account IS NULL OR %(account)s::uuid IS NULL OR account = %(account)s::uuid))
"""

FORGET = "DELETE FROM webhook_delivery WHERE webhook = ANY(%(webhooks)s::uuid[])"
