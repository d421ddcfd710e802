"""The statements a search is read with: over what its caller sees."""

from app.items.policy.readable_rows import ReadableRows


def campaign(readable: ReadableRows) -> str:
    """The campaign with the number `campaign`."""
    return f"""
SELECT k.id, k.account FROM {readable.of("campaign", "k")} WHERE k.id = %(campaign)s::bigint
"""


def workorders(readable: ReadableRows) -> str:
    """Those of `workorders` that there are."""
    return f"""
SELECT w.id FROM {readable.of("workorder", "w")} WHERE w.id = ANY(%(workorders)s::bigint[])
"""


def scm_fields(readable: ReadableRows) -> str:
    """The supply-chain fields of one campaign; else of those of the work orders' products; or all.

    In the order they were given, then in the order they were made.
    """
    return f"""
SELECT f.key, f.is_active FROM {readable.of("scm_field", "f")}
JOIN {readable.of("campaign", "k")} ON k.id = f.campaign
WHERE f.key IS NOT NULL
  AND (%(campaign)s::bigint IS NULL OR k.id = %(campaign)s::bigint)
  AND (%(campaign)s::bigint IS NOT NULL OR %(workorders)s::bigint[] IS NULL OR k.id IN (
    SELECT p.campaign FROM {readable.of("workorder", "w")} JOIN {readable.of("product", "p")}
      ON p.id = w.product WHERE w.id = ANY(%(workorders)s::bigint[])))
ORDER BY k.id, f.position, f.date_created, f.key
"""
