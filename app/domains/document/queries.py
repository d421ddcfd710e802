"""The statements about documents and their links."""

from app.items.policy.readable_rows import ReadableRows, tenancy

ASK = """
INSERT INTO document (key, account, owner, user_created, parameters, task_ref)
VALUES (%(key)s, %(account)s::uuid, %(user)s::uuid, %(user)s::uuid, %(parameters)s, %(task)s)
"""


def read(readable: ReadableRows) -> str:
    """A document of the caller's own, or of its account where it is an admin; others are not there.

    Whose it is, as far as the caller may read that.
    """
    return f"""
SELECT d.key, d.description, d.status, d.category, d.doctype, d.related_id, d.parameters,
       d.task_ref AS task, d.file_size, d.row_count, d.expires_at, d.error_message,
       coalesce(d.expires_at <= now(), false) AS is_expired, d.date_created AS created_at,
       a.company_id AS company, o.legacy_id AS owner, u.legacy_id AS created_by
FROM document AS d
LEFT JOIN {readable.of("account", "a")} ON a.id = d.account
LEFT JOIN {readable.of("directus_users", "o")} ON o.id = d.owner
LEFT JOIN {readable.of("directus_users", "u")} ON u.id = d.user_created
WHERE d.key = %(key)s AND {tenancy("d")} AND (%(is_admin)s OR d.owner = %(user)s::uuid)
"""


# What a worker needs to make the file.
WANTED = """
SELECT account, owner AS user, parameters FROM document WHERE key = %(key)s
"""

STORED = """
UPDATE document SET object_name = %(object_name)s, file_size = %(size)s, row_count = %(rows)s
WHERE key = %(key)s
"""

# Its time runs from its completion, not from when the transaction began.
COMPLETE = """
UPDATE document SET status = 'complete', completed_at = done.at,
  expires_at = done.at + make_interval(secs => %(lifetime)s::float8)
FROM (SELECT clock_timestamp() AS at) AS done WHERE key = %(key)s
"""

FAIL = """
UPDATE document SET status = 'failed', error_message = %(sentence)s, object_name = NULL,
  file_size = NULL, row_count = NULL
WHERE key = %(key)s
"""

LINK = """
INSERT INTO download_link (document, "user", token_hash, expires_at)
VALUES (%(key)s, %(user)s::uuid, %(token_hash)s,
  now() + make_interval(secs => %(lifetime)s::float8))
"""

# Who was given a link is active still, and of the document's account or the installation's.
_STILL = (
    """u.status = 'active' AND (u.account IS NULL OR u.account IS NOT DISTINCT FROM d.account)"""
)

# What a link that is good leads to.
LINKED = f"""
SELECT d.key, d.object_name, d.file_size, coalesce(d.expires_at <= now(), true) AS is_expired,
  l."user"
FROM download_link AS l JOIN document AS d ON d.key = l.document
JOIN directus_users AS u ON u.id = l."user" AND {_STILL}
WHERE l.token_hash = %(token_hash)s AND l.used_at IS NULL AND l.expires_at > now()
"""

# A link is used once: of two uses at the same moment the second waits for the first one's row, and
# finds it used (systems.md 6.8).
USE_UP = """
UPDATE download_link SET used_at = now()
WHERE token_hash = %(token_hash)s AND used_at IS NULL AND expires_at > now() RETURNING document
"""

# Until it is removed: an address that was given out in time is good for its own time.
FILE = f"""
SELECT d.key, d.object_name, d.file_size, u.id AS "user" FROM document AS d
JOIN directus_users AS u ON u.id = %(user)s::uuid AND {_STILL} WHERE d.key = %(key)s
"""

# Files whose time is over, and whose last links have been followed since.
EXPIRED = """
SELECT key, object_name FROM document
WHERE object_name IS NOT NULL AND expires_at <= now() - make_interval(secs => %(grace)s::float8)
ORDER BY expires_at LIMIT %(most)s FOR UPDATE SKIP LOCKED
"""

PURGED = "UPDATE document SET object_name = NULL WHERE key = ANY(%(keys)s)"

# A link that can't be used any more reads as one that never was.
OLD_LINKS = "DELETE FROM download_link WHERE expires_at <= now()"


def products(readable: ReadableRows) -> str:
    """The products of a campaign, all or those with these numbers; no more than `most`."""
    return f"""
SELECT p.id FROM {readable.of("product", "p")}
WHERE p.campaign = %(campaign)s
  AND (%(numbers)s::bigint[] IS NULL OR p.product_number = ANY(%(numbers)s::bigint[]))
LIMIT %(most)s
"""
