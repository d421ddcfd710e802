"""The statements by which rows of no account come to the one whose keys they have (DESIGN.md 9)."""

# The products under some ranges of keys, or with a GTIN that begins with some digits. They are held
# first: who makes something for one of them is waited for, and then seen (`ADOPT_ORDERS`).
ADOPT_PRODUCTS = """
WITH held AS MATERIALIZED (
  SELECT id FROM product AS p
  WHERE p.account IS NULL AND (
    p.gtin IS NOT NULL AND starts_with(substr(lpad(p.gtin, 14, '0'), 2), %(digits)s)
    OR EXISTS (SELECT FROM unnest(%(firsts)s::text[], %(ends)s::text[]) AS r (first, "end")
      WHERE p.id >= r.first AND p.id < r."end"))
  FOR UPDATE
)
UPDATE product AS p SET account = %(account)s::uuid FROM held WHERE p.id = held.id
RETURNING p.id
"""

# What mints or keeps codes whose keys are those of some products.
ADOPT_ORDERS = tuple(
    f"""
UPDATE {table} SET account = %(account)s::uuid
WHERE account IS NULL AND product = ANY(%(products)s::text[]) AND {of_their_keys}
RETURNING id
"""
    for table, of_their_keys in (
        ("identifier_job", "coalesce(type, 'sgtin') IN ('sgtin', 'grai')"),
        ("code_pool", "coalesce(type, 'sgtin') IN ('sgtin', 'grai')"),
        ("code_reservation", "coalesce(code_type, 'sgtin') IN ('sgtin', 'grai')"),
        ("workorder", "true"),
    )
)

NAMED_BY_CODES = {
    "product": "product",
    "domain": "domain",
    "identifier_job": "identifier_job",
    "workorder": "workorder",
    "reservation": "code_reservation",
}
"""Fields of codes, and the tables of the rows that they name."""

# The codes under some ranges of keys; of what they name, a row that is another account's.
_ADOPTED = """
WITH adopted AS (
  UPDATE unique_code SET account = %(account)s::uuid WHERE id = ANY(ARRAY(
    SELECT c.id FROM unnest(%(firsts)s::text[], %(ends)s::text[]) AS r (first, "end")
    CROSS JOIN LATERAL (SELECT id FROM unique_code
      WHERE id >= r.first AND id < r."end" AND account IS NULL OFFSET 0) AS c))
  RETURNING product, domain, identifier_job, workorder, reservation
), named AS MATERIALIZED (SELECT DISTINCT * FROM adopted)
"""
_OF_ANOTHER = tuple(
    f"""
SELECT '{field}' AS field, t.id::text FROM named JOIN {table} AS t ON t.id = named.{field}
WHERE t.account <> %(account)s::uuid
"""
    for field, table in NAMED_BY_CODES.items()
)
ADOPT_CODES = f"{_ADOPTED} {' UNION ALL '.join(_OF_ANOTHER)} LIMIT 1"

# A code whose key says nothing of its product, of another account than that.
CODES_OF_OTHERS = """
SELECT id FROM unique_code
WHERE product = ANY(%(products)s::text[]) AND type IN ('sscc', 'short_code', 'tag')
  AND account <> %(account)s::uuid LIMIT 1
"""
