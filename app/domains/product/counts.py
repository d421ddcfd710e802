"""How many codes products have, and how many of them are active or blacklisted."""

from dataclasses import dataclass

from app.database.session import Session
from app.items.policy.readable_rows import ReadableRows

CODES = "unique_code"


def _count(readable: ReadableRows) -> str:
    """The counts of `products`.

    Codes whose key names their product stand side by side in the primary key, in byte order; the
    others (short codes, SSCCs, tags) have an index of their own by product.
    """
    codes = readable.of(CODES, "c")
    return f"""
SELECT p.id, a.company_id AS company, a.account_name AS owner,
       coalesce(c.codes, 0) AS codes, coalesce(c.active, 0) AS active,
       coalesce(c.blacklisted, 0) AS blacklisted
FROM {readable.of("product", "p")}
LEFT JOIN {readable.of("account", "a")} ON a.id = p.account
LEFT JOIN LATERAL (
  SELECT count(*) AS codes, count(*) FILTER (WHERE activation_status = 1) AS active,
         count(*) FILTER (WHERE activation_status = 2) AS blacklisted
  FROM (
    SELECT c.activation_status FROM {codes}
    WHERE c.id >= p.id || CASE WHEN p.id LIKE '/01/%%' THEN '/21/' ELSE '' END
      AND c.id < CASE WHEN p.id LIKE '/01/%%' THEN p.id || '/210' ELSE p.id || chr(127) END
      AND p.id LIKE ANY(ARRAY['/01/%%', '/8003/%%']) AND c.type IN ('sgtin', 'grai')
      AND c.product = p.id
    UNION ALL
    SELECT c.activation_status FROM {codes}
    WHERE c.product = p.id AND c.type IN ('sscc', 'short_code', 'tag')
  ) AS own
) AS c ON true
WHERE p.id = ANY(%(products)s)
"""


@dataclass(frozen=True, slots=True)
class Counts:
    """Of one product: its codes; the number and name of its account, where it has one.

    None: what the caller may not read.
    """

    company: int | None
    owner: str | None
    codes: int | None
    active: int | None
    blacklisted: int | None


async def count_codes(
    session: Session, readable: ReadableRows, products: list[str]
) -> dict[str, Counts]:
    """The counts of these products, by key, in one statement; unknown ones are left out.

    Those codes are counted that the caller may read.
    """
    if not products:
        return {}
    statement = _count(readable)
    rows = await session.fetch_all(statement, {**readable.values, "products": products})
    unknown: dict[str, None] = {}
    if not readable.shows(CODES, "product", "type"):
        unknown = dict.fromkeys(("codes", "active", "blacklisted"))
    elif not readable.shows(CODES, "activation_status"):
        unknown = dict.fromkeys(("active", "blacklisted"))
    return {row.pop("id"): Counts(**{**row, **unknown}) for row in rows}
