"""The statements about SCM tasks."""

from app.items.policy.readable_rows import ReadableRows

ASK = """
INSERT INTO scm_task (id, account, user_created, constraints, scm_data, reference)
VALUES (gen_random_uuid(), %(account)s::uuid, %(user)s::uuid, %(constraints)s::jsonb,
  %(data)s::jsonb, %(reference)s)
RETURNING id
"""

READ = """
SELECT id, account, user_created AS user, constraints, scm_data AS data
FROM scm_task WHERE id = %(key)s::uuid
"""

BEGUN = "UPDATE scm_task SET started_at = coalesce(started_at, now()) WHERE id = %(key)s::uuid"


def shown(readable: ReadableRows) -> str:
    """How far a task is, as far as the caller may read it.

    Who made it is a number to Scantrust's clients.
    """
    return f"""
SELECT {"t.id" if readable.shows("scm_task", "id") else "NULL AS id"}, t.reference, t.state,
  t.codes_affected, u.legacy_id AS created_by, t.date_created AS created_at, t.started_at,
  t.completed_at
FROM {readable.of("scm_task", "t")} LEFT JOIN {readable.of("directus_users", "u")}
  ON u.id = t.user_created
WHERE t.id = %(key)s::uuid
"""


PROGRESS = """
UPDATE scm_task
SET codes_affected = %(affected)s, error_message = NULL,
    state = CASE WHEN %(finished)s THEN 'complete' ELSE state END,
    completed_at = CASE WHEN %(finished)s THEN clock_timestamp() ELSE completed_at END
WHERE id = %(key)s::uuid
"""

FAIL = """
UPDATE scm_task
SET state = 'failed', error_message = %(sentence)s, completed_at = clock_timestamp()
WHERE id = %(key)s::uuid
"""
