"""The statements about deliveries."""

from functools import lru_cache

from app.items.write.audit import owner_of
from schema import Collection, Schema

_INTO = """
INSERT INTO webhook_delivery
  (webhook, account, event, collection, keys, user_created, date_created, next_attempt_at)
"""

# What has become of one item of an account. Of no account: the installation's own webhooks hear it.
HAPPENED = f"""
{_INTO}SELECT w.id, w.account, %(event)s::text, %(collection)s::text,
  jsonb_build_array(%(key)s::text), %(user)s::uuid, clock_timestamp(), now()
FROM webhook AS w
WHERE w.status = 'active' AND w.events @> to_jsonb(%(event)s::text)
  AND (w.account IS NULL OR w.account::text = %(account)s::text)
"""


@lru_cache(maxsize=1000)
def written(schema: Schema, collection: Collection) -> str:
    """Rows that were written, for each webhook those of its account, `most` keys in a delivery.

    `rows`: their keys, as JSON. Whose a row is says the row, not who wrote it.
    """
    table, key = f'"{collection.name}"', f'"{collection.primary_key.name}"'
    shown = f"t.{key}::text" if collection.primary_key.type == "bigInteger" else f"t.{key}"
    return f"""
WITH written AS MATERIALIZED (
  SELECT to_jsonb({shown}) AS key, {owner_of(schema, collection).format(row="t")} AS account,
    given.place
  FROM json_array_elements(%(rows)s::json) WITH ORDINALITY AS given (row, place)
  CROSS JOIN LATERAL json_populate_record(NULL::{table}, given.row) AS s
  JOIN {table} AS t ON t.{key} = s.{key}
)
{_INTO}SELECT w.id, w.account, %(event)s::text, %(collection)s::text, part.keys,
  %(user)s::uuid, clock_timestamp(), now()
FROM webhook AS w CROSS JOIN LATERAL (
  SELECT jsonb_agg(own.key ORDER BY own.number) AS keys
  FROM (
    SELECT written.key, row_number() OVER (ORDER BY written.place) - 1 AS number FROM written
    WHERE w.account IS NULL OR w.account = written.account
  ) AS own
  GROUP BY own.number / %(most)s ORDER BY own.number / %(most)s
) AS part
WHERE w.status = 'active' AND w.events @> to_jsonb(%(event)s::text)
  AND w.collections @> to_jsonb(%(collection)s::text)
"""


# The deliveries that are due, counted as attempted and nobody else's for so many seconds: `each` of
# a webhook and `own` of an account at a time, with those that are `busy` in this process already.
# The word is a literal, so that the partial index serves.
CLAIM = """
WITH due AS (
  SELECT d.id, d.next_attempt_at,
    row_number() OVER (PARTITION BY d.account ORDER BY d.next_attempt_at, d.id)
      + coalesce((%(busy)s::jsonb ->> coalesce(d.account::text, ''))::int, 0) AS place
  FROM webhook AS w CROSS JOIN LATERAL (
    SELECT id, account, next_attempt_at FROM webhook_delivery
    WHERE webhook = w.id AND status = 'pending' AND next_attempt_at <= now()
    ORDER BY next_attempt_at
    LIMIT greatest(0, %(each)s - coalesce((%(busy)s::jsonb ->> w.id::text)::int, 0))
  ) AS d
  WHERE w.status = 'active'
), claimed AS (
  SELECT d.id FROM webhook_delivery AS d JOIN due ON due.id = d.id
  WHERE due.place <= %(own)s AND d.status = 'pending' AND d.next_attempt_at <= now()
  ORDER BY due.place, due.next_attempt_at LIMIT %(most)s
  FOR UPDATE OF d SKIP LOCKED
)
UPDATE webhook_delivery AS d SET attempts = d.attempts + 1, last_attempt_at = clock_timestamp(),
  next_attempt_at = clock_timestamp() + make_interval(secs => %(lease)s)
FROM claimed, webhook AS w WHERE d.id = claimed.id AND w.id = d.webhook
RETURNING d.id, d.webhook, coalesce(d.account::text, '') AS account, d.event, d.collection,
  d.keys, d.user_created, d.date_created, d.attempts, w.url, w.secret
"""

# What came of an attempt, unless somebody has had it tried again meanwhile.
DELIVERED = """
UPDATE webhook_delivery SET status = 'delivered', delivered_at = clock_timestamp(),
  next_attempt_at = NULL, response_status = %(status)s, error_message = NULL
WHERE id = %(id)s AND attempts = %(attempts)s AND status = 'pending'
"""

WELL = """
UPDATE webhook SET failures = 0, failing_since = NULL WHERE id = %(webhook)s AND failures > 0
"""

# `wait`: seconds until the next attempt; none: there is no next one.
NOT_DELIVERED = """
UPDATE webhook_delivery
SET status = CASE WHEN %(wait)s::float8 IS NULL THEN 'failed' ELSE 'pending' END,
  next_attempt_at = clock_timestamp() + make_interval(secs => %(wait)s::float8),
  response_status = %(status)s, error_message = %(error)s
WHERE id = %(id)s AND attempts = %(attempts)s AND status = 'pending'
"""

FAILING = """
UPDATE webhook SET failures = failures + 1, failing_since = coalesce(failing_since, now())
WHERE id = %(webhook)s
"""

# Who has not been there for long is left alone. A restart may fail often, but not for long.
GIVE_UP = """
UPDATE webhook SET status = 'inactive', inactive_reason = format(
  'It failed %%s times in a row since %%s, the last time so: %%s Set its status to "active" when '
  'it works again.', failures, to_char(failing_since, 'YYYY-MM-DD HH24:MI "UTC"'), %(error)s::text)
WHERE id = %(webhook)s AND status = 'active' AND failures >= %(most)s
  AND failing_since <= now() - make_interval(secs => %(shortest)s)
"""

# What was written down so long ago; so many at a time.
PURGE = """
DELETE FROM webhook_delivery WHERE id IN (
  SELECT id FROM webhook_delivery
  WHERE date_created <= now() - make_interval(days => %(days)s)
  ORDER BY date_created LIMIT %(most)s FOR UPDATE SKIP LOCKED)
"""
