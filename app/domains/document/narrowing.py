"""Where the codes of a small campaign are found by an index, however many others there are."""

from dataclasses import replace
from typing import Any

from app.database.session import Session
from app.domains.code_search.conditions import CODES
from app.domains.code_search.service import CodeSearch
from app.domains.document import queries

MOST_PRODUCTS = 20
"""Codes of more products are looked for among all codes: so many ranges of keys cost more."""


async def narrowed(session: Session, search: CodeSearch) -> CodeSearch:
    """The same search, its products said by name where it has a campaign of few."""
    if search.campaign is None or not search.readable.shows_always(CODES, "product", "type"):
        return search
    numbers = search.values.get("product")
    values = {"campaign": search.campaign.id, "numbers": numbers, "most": MOST_PRODUCTS + 1}
    statement = queries.products(search.readable)
    found = await session.fetch_all(statement, {**search.readable.values, **values})
    keys = [row["id"] for row in found]
    if len(keys) > MOST_PRODUCTS:
        return search
    condition, bound = _of_products(keys)
    where = f"{search.where} AND {condition}"
    return replace(search, where=where, values={**search.values, **bound})


def _of_products(keys: list[str]) -> tuple[str, dict[str, Any]]:
    """Codes of these products; more than those, if anything.

    Keys of SGTINs and GRAIs begin with their product's (systems.md 1.4); the others are indexed by
    it. No symbol of a serial comes behind `~` (GS1 General Specifications, figure 7.11-1).
    """
    found = ["c.product = ANY(%(products)s::text[]) AND c.type IN ('sscc', 'short_code', 'tag')"]
    values: dict[str, Any] = {"products": keys}
    for place, key in enumerate(keys):
        found.append(f"c.id >= %(product_{place})s::text AND c.id < %(product_{place}_end)s::text")
        values |= {f"product_{place}": key, f"product_{place}_end": f"{key}~"}
    return f"({' OR '.join(found)})", values
