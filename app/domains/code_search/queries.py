"""The statements a search is read with. `account` null: the installation's admin, who sees all."""

# A campaign, unless it is another tenant's.
CAMPAIGN = """
SELECT id, name, account FROM campaign
WHERE id = %(campaign)s::bigint AND (%(sees_all)s OR account = %(account)s::uuid)
"""

# Those of the work orders that the caller may see.
WORKORDERS = """
SELECT id FROM workorder
WHERE id = ANY(%(workorders)s::bigint[]) AND (%(sees_all)s OR account = %(account)s::uuid)
"""

# The supply-chain fields of one campaign; else of the campaigns of the work orders' products; else
# of all campaigns. In the order they were given, then in the order they were made.
SCM_FIELDS = """
SELECT f.key, f.is_active FROM scm_field AS f JOIN campaign AS k ON k.id = f.campaign
WHERE (%(sees_all)s OR k.account = %(account)s::uuid)
  AND (%(campaign)s::bigint IS NULL OR k.id = %(campaign)s::bigint)
  AND (%(campaign)s::bigint IS NOT NULL OR %(workorders)s::bigint[] IS NULL OR k.id IN (
    SELECT p.campaign FROM workorder AS w JOIN product AS p ON p.id = w.product
    WHERE w.id = ANY(%(workorders)s::bigint[])))
ORDER BY k.id, f.position, f.date_created, f.key
"""
