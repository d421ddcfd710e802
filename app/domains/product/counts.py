"""How many codes products have, and how many of them are active or blacklisted."""

from dataclasses import dataclass

from app.database.session import Session

# Codes whose key names their product stand side by side in the primary key, in byte order; the
# others (short codes, SSCCs, tags) have an index of their own by product.
COUNT = """
SELECT p.id, a.company_id AS company, a.account_name AS owner,
       coalesce(c.codes, 0) AS codes, coalesce(c.active, 0) AS active,
       coalesce(c.blacklisted, 0) AS blacklisted
FROM product AS p
LEFT JOIN account AS a ON a.id = p.account
LEFT JOIN LATERAL (
  SELECT count(*) AS codes, count(*) FILTER (WHERE activation_status = 1) AS active,
         count(*) FILTER (WHERE activation_status = 2) AS blacklisted
  FROM (
    SELECT activation_status FROM unique_code
    WHERE id >= p.id || CASE WHEN p.id LIKE '/01/%%' THEN '/21/' ELSE '' END
      AND id < CASE WHEN p.id LIKE '/01/%%' THEN p.id || '/210' ELSE p.id || chr(127) END
      AND p.id LIKE ANY(ARRAY['/01/%%', '/8003/%%']) AND type IN ('sgtin', 'grai')
      AND product = p.id AND (account = %(account)s::uuid OR %(account)s::uuid IS NULL)
    UNION ALL
    SELECT activation_status FROM unique_code
    WHERE product = p.id AND type IN ('sscc', 'short_code', 'tag')
      AND (account = %(account)s::uuid OR %(account)s::uuid IS NULL)
  ) AS own
) AS c ON true
WHERE p.id = ANY(%(products)s)
"""


@dataclass(frozen=True, slots=True)
class Counts:
    """Of one product: its codes; the number and name of its account, where it has one."""

    company: int | None
    owner: str | None
    codes: int
    active: int
    blacklisted: int


async def count_codes(
    session: Session, products: list[str], account: str | None
) -> dict[str, Counts]:
    """The counts of these products, by key, in one statement; unknown ones are left out.

    Of a shared product, only codes of the `account` are counted. None: all are.
    """
    if not products:
        return {}
    rows = await session.fetch_all(COUNT, {"products": products, "account": account})
    return {row.pop("id"): Counts(**row) for row in rows}
