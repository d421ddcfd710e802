"""Whose the keys of products are (DESIGN.md 9): their own, and that of their GTIN.

They are of the account whose company prefix they lie under. Of a prefix that all accounts share,
a key is of who had it first: by a product, by a GTIN in a product, or by codes.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from app.access.caller import Caller
from app.access.key_owners import Cover, is_allowed, is_gs1_key, settled_covers, stem, unowned
from app.codes.gtin import LENGTH
from app.database.session import Session
from app.domains.code_space.service import kept_lengths
from app.errors import AppError, FailedValidation, Stored
from app.items.hooks import Row

TRADE_ITEM = "/01/"
ASSET_TYPE = "/8003/"

# Two accounts may want the same key at once: one after the other. In order, against deadlocks.
HOLD = """
SELECT count(pg_advisory_xact_lock(hashtextextended('product ' || key, 0)))
FROM (SELECT DISTINCT key FROM unnest(%(keys)s::text[]) AS key ORDER BY key) AS wanted
"""

# Of keys that all may have, those that another account has, or had and has minted codes of.
# `own`: the product that is to change, where it is there already.
TAKEN = """
SELECT w.key, w.account FROM unnest(%(keys)s::text[], %(accounts)s::uuid[], %(owns)s::text[],
  %(firsts)s::text[], %(ends)s::text[]) AS w (key, account, own, first, "end")
WHERE EXISTS (SELECT FROM product AS p WHERE p.id = w.key
    AND p.id IS DISTINCT FROM w.own AND p.account <> w.account)
  OR EXISTS (SELECT FROM product AS p WHERE p.gtin = ANY(ARRAY[
      substr(w.key, 5), substr(w.key, 6), substr(w.key, 7), substr(w.key, 11)])
    AND lpad(p.gtin, 14, '0') = substr(w.key, 5)
    AND p.id IS DISTINCT FROM w.own AND p.account <> w.account)
  OR EXISTS (SELECT FROM unique_code AS c
    WHERE c.id >= w.first AND c.id < w."end" AND c.account <> w.account)
  OR EXISTS (SELECT FROM code_space AS s WHERE s.next_position > 0
      AND (s.key_prefix >= w.first AND s.key_prefix < w."end" OR s.key_prefix = w.first)
      AND NOT coalesce((SELECT bool_and(r.account IS NOT DISTINCT FROM w.account)
        FROM code_range AS r WHERE r.code_space = s.id), false))
    AND NOT EXISTS (SELECT FROM product AS p WHERE p.id = w.key
      AND (p.account IS NULL OR p.account = w.account))
"""


async def unowned_keys(
    session: Session, caller: Caller, products: Sequence[Row], *, are_new: bool = False
) -> list[AppError]:
    """Why products can't have their keys and GTINs: those are not their account's.

    What the installation's admin makes of no account in particular is the key's owner's: the rows
    say so then. Those that are not new are locked.
    """
    keys = {key for row in products for key in _gs1_keys(row)}
    covers = await settled_covers(session, map(stem, keys), holds=not are_new)
    found: list[AppError] = []
    shared: list[tuple[Row, str]] = []
    kept = await kept_lengths(session, [codes_of(key)[0] for key in keys])
    for row in products:
        for key in _gs1_keys(row):
            cover = covers.get(stem(key))
            if cover is not None and row.get("account") is None and caller.account is None:
                row["account"] = cover.account
            if not is_allowed(cover, row.get("account")):
                found.append(unowned(_field(row, key), key))
                continue
            if key == row.get("id") and codes_of(key)[0] not in kept:
                found += _length_refusal(row, cover)
            if cover is not None and cover.account is None and row.get("account") is not None:
                shared.append((row, key))
    return found + await _taken(session, shared, are_new=are_new)


async def _taken(
    session: Session, wanted: Sequence[tuple[Row, str]], *, are_new: bool
) -> list[AppError]:
    """Why products can't have keys of a shared prefix: another account has them."""
    if not wanted:
        return []
    keys = [key for _, key in wanted]
    await session.fetch_value(HOLD, {"keys": keys})
    ranges = [codes_of(key) for key in keys]
    values = {
        "keys": keys,
        "accounts": [row["account"] for row, _ in wanted],
        "owns": [None if are_new else row["id"] for row, _ in wanted],
        "firsts": [first for first, _ in ranges],
        "ends": [end for _, end in ranges],
    }
    taken = {(row["key"], row["account"]) for row in await session.fetch_all(TAKEN, values)}
    return [unowned(_field(row, key), key) for row, key in wanted if (key, row["account"]) in taken]


def codes_of(key: str) -> tuple[str, str]:
    """Between which keys the codes of a product are, in byte order."""
    if key.startswith(TRADE_ITEM):
        return f"{key}/21/", f"{key}/210"
    return key, f"{key}~"


def _gs1_keys(product: Mapping[str, Any]) -> Iterator[str]:
    """The keys that have an owner: its own, where that is a GS1 key, and its GTIN's."""
    key, gtin = str(product.get("id") or ""), product.get("gtin")
    if is_gs1_key(key):
        yield key
    if gtin is not None and (of_gtin := TRADE_ITEM + str(gtin).zfill(LENGTH)) != key:
        yield of_gtin


def _field(product: Mapping[str, Any], key: str) -> str:
    return "id" if key == product.get("id") else "gtin"


def _length_refusal(product: Mapping[str, Any], cover: Cover | None) -> list[AppError]:
    """A length of a company prefix is said once: by the prefix, where there is one."""
    length = product.get("company_prefix_length")
    if cover is None or length in {None, cover.prefix_length}:
        return []
    why = "Leave it out: the company prefix that the key lies under says it."
    detail = f'Value has to be "{cover.prefix_length}": the key lies under prefix {cover.name}.'
    refused = FailedValidation("company_prefix_length", "eq", why)
    stored = Stored("company_prefix", "digits", (cover.id,))
    return [refused.naming(detail, stored, valid=cover.prefix_length)]
