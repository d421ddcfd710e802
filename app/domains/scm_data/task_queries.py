"""The statements about SCM tasks."""

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

# For who asks how far it is. Who made it is a number to Scantrust's clients.
SHOWN = """
SELECT t.id, t.reference, t.state, t.codes_affected, u.legacy_id AS created_by,
  t.date_created AS created_at, t.started_at, t.completed_at
FROM scm_task AS t LEFT JOIN directus_users AS u ON u.id = t.user_created
WHERE t.id = %(key)s::uuid AND (%(account)s::uuid IS NULL OR t.account = %(account)s::uuid)
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
