"""The statements about exports."""

ASK = """
INSERT INTO directus_exports (id, user_created, collection, query, format, file, ip)
VALUES (%(id)s, %(user)s, %(collection)s, %(query)s, %(format)s, %(file)s, %(ip)s)
"""

READ = """
SELECT id, user_created AS user, collection, query, format, file, ip
FROM directus_exports WHERE id = %(key)s
"""

# Done: what is left of it is the file.
FORGET = "DELETE FROM directus_exports WHERE id = %(key)s"

FAIL = """
UPDATE directus_exports SET status = 'error', error_message = %(sentence)s WHERE id = %(key)s
"""
