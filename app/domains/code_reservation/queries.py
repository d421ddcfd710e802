"""The statements about reservations."""

# What reserving and the file need to know. Null means the default.
READ = """
SELECT id, account, coalesce(code_type, 'sgtin') AS code_type, quantity, product, domain,
       coalesce(export_type, 'csv') AS export_type, coalesce(url_suffix, '') AS url_suffix,
       export_file, reference_id, user_created
FROM code_reservation WHERE id = %(key)s
"""

# The codes and the file are there: one transaction. The file's key is the reservation's. Only now
# is the row touched, so nobody who cancels or deletes it has to wait for the file.
PROGRESS = """
UPDATE code_reservation
SET quantity_reserved = %(reserved)s, error_message = NULL, export_file = id,
    file_ready_at = clock_timestamp(),
    status = CASE WHEN %(finished)s THEN 'complete' ELSE status END
WHERE id = %(key)s
"""

FAIL = """
UPDATE code_reservation SET status = 'error', error_message = %(sentence)s WHERE id = %(key)s
"""

# The file of codes that nobody has reserved any more says what is not so.
FORGET_FILES = """
DELETE FROM directus_files WHERE id IN (
  SELECT export_file FROM code_reservation WHERE id = ANY(%(keys)s::uuid[]))
RETURNING filename_disk
"""
