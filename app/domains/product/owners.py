"""Brands and campaigns of products: of the same account (systems.md 6.1.5, 6.3)."""

from collections.abc import Iterator, Sequence

from app.access.caller import Caller
from app.database.session import Session
from app.errors import AppError, FailedValidation
from app.items.hooks import Row
from app.items.policy.readable_rows import tenancy

LINKS = ("brand", "campaign")

# To a caller with an account, rows of others don't exist: the link check says so.
OWNERS = f"""
SELECT 'brand' AS field, b.id::text AS key, b.account FROM brand AS b
WHERE b.id = ANY(%(brand)s::uuid[]) AND {tenancy("b")}
UNION ALL
SELECT 'campaign', k.id::text, k.account FROM campaign AS k
WHERE k.id = ANY(%(campaign)s::int[]) AND {tenancy("k")}
"""


async def strange_links(
    session: Session, caller: Caller, products: Sequence[Row]
) -> list[AppError]:
    """Why products can't have their brands and campaigns: those belong to another account."""
    wanted = {
        name: list({row[name] for row in products if row.get(name) is not None}) for name in LINKS
    }
    if not any(wanted.values()):
        return []
    found = await session.fetch_all(OWNERS, {**wanted, "account": caller.account})
    owners = {(row["field"], row["key"]): row["account"] for row in found}
    return [error for row in products for error in _strange(row, owners)]


def _strange(product: Row, owners: dict[tuple[str, str], str | None]) -> Iterator[AppError]:
    for name in LINKS:
        owner, own = owners.get((name, str(product.get(name)))), product.get("account")
        if owner is not None and owner != own:
            detail = f"The {name} belongs to another account than the product: name one of its own."
            yield FailedValidation(name, "eq", detail)
