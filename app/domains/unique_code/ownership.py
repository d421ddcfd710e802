"""Whose codes may be, and the company prefix length that each keeps (DESIGN.md 9).

A code is of the account its key belongs to: by its company prefix or its domain, and where the
installation shares that, by the product the key names.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from app.access.caller import Caller
from app.access.key_owners import Cover, covers_of, is_allowed, settled_covers, stem, unowned
from app.access.reserved import reserved_words
from app.codes.code_path import CodeKind, CodePath, product_of
from app.database.session import Session, WriteSession
from app.domains.code_space.service import given_lengths, keep_given_lengths
from app.domains.code_space.verify import minted_for
from app.errors import AppError, FailedValidation, Unusable
from app.items.hooks import Row
from app.settings import installation_settings
from app.slices import sliced

OWNED_KINDS = frozenset(map(str, CodeKind)) - {CodeKind.TAG}
"""Types whose keys have owners. The bits of a raw tag say nobody's."""

WITH_EPC = frozenset({CodeKind.SGTIN, CodeKind.SSCC, CodeKind.GRAI})
"""Types whose keys have a company prefix in them."""

NAMELESS = frozenset({CodeKind.SSCC, CodeKind.SHORT_CODE})
"""Types whose keys name no product."""

PLACES = frozenset({".", ".."})
"""Segments of a path that browsers take away (RFC 3986 5.2.4)."""

PRODUCTS = """
SELECT id, account, company_prefix_length FROM product WHERE id = ANY(%(products)s)
ORDER BY id FOR KEY SHARE
"""


async def keep_lengths(session: WriteSession, rows: Sequence[Row]) -> None:
    """Fix the prefix lengths of new codes: their EPCs stay, also when the codes are deleted."""
    await keep_given_lengths(
        session,
        [
            (CodePath.of_path(str(row["id"])), length)
            for row in rows
            if row["type"] in WITH_EPC and (length := row["company_prefix_length"]) is not None
        ],
    )


async def settle(session: Session, caller: Caller, rows: Sequence[Row]) -> list[AppError]:
    """Give new codes their product, account and prefix length; the reasons why some can't be.

    A code is of the product its key names, where that exists, and of the account of its key.
    """
    named = [row.get("product") or product_of(_owned_key(row) or "") for row in rows]
    stems = [stem(key) for row in rows if (key := _owned_key(row))]
    covers = await settled_covers(session, stems)
    products = await _products(session, named)
    strange = await _issued_to_others(session, rows, covers)
    given = await given_lengths(
        session, [CodePath.of_path(str(row["id"])) for row in rows if row["type"] in WITH_EPC]
    )
    words = PLACES | await reserved_words(
        session, [row["code"] for row in rows if row["type"] == CodeKind.SHORT_CODE]
    )
    found: list[AppError] = []
    async for pairs in sliced(list(zip(rows, named, strict=True))):
        for row, key in pairs:
            cover = covers.get(stem(_owned_key(row) or ""))
            product = _known(products, key, caller)
            if caller.account is None and row.get("account") is None:
                row["account"] = _owner(product, cover)
            if row["type"] == CodeKind.SHORT_CODE and row["code"] in words:
                found.append(Unusable("id"))
            refused = _refusals(row, key, product, cover, caller)
            if not refused and row["id"] in strange:
                refused = [_unowned(row)]
            found += refused
            if not refused and product is not None:
                row["product"] = key
            row["company_prefix_length"] = given.get(row["id"], _length(row, product, cover))
    return found


async def _issued_to_others(
    session: Session, rows: Sequence[Row], covers: Mapping[str, Cover]
) -> set[str]:
    """Those of the keys of rows that were minted for other accounts, though the codes may be gone.

    Asked of keys of all accounts that name no product: a prefix or domain that is shared, in which
    nothing else says whose a key is.
    """
    asked = [row for row in rows if _is_shared(row, covers)]
    if not asked:
        return set()
    codes = [CodePath.of_path(str(row["id"])) for row in asked]
    owners = await minted_for(session, codes, installation_settings().secret)
    return {row["id"] for row in asked if owners.get(row["id"], row["account"]) != row["account"]}


def _is_shared(row: Row, covers: Mapping[str, Cover]) -> bool:
    cover = covers.get(stem(str(row["id"]))) if row["type"] in NAMELESS else None
    return cover is not None and cover.account is None and row.get("account") is not None


async def refusals_of_moves(
    session: Session, caller: Caller, rows: Sequence[Row]
) -> list[AppError]:
    """Why codes can't come to another account or product. `rows`: as they would be."""
    products = await _products(session, [row["product"] for row in rows])
    covers = await covers_of(session, [stem(key) for row in rows if (key := _owned_key(row))])
    return [
        error
        for row in rows
        for error in _refusals(
            row,
            row["product"],
            _known(products, row["product"], caller),
            covers.get(stem(_owned_key(row) or "")),
            caller,
        )
    ]


def _known(
    products: Mapping[str, Mapping[str, Any]], key: str | None, caller: Caller
) -> Mapping[str, Any] | None:
    """The product of a key. To an account one of the installation's own is not there."""
    product = products.get(key or "")
    is_hidden = product is not None and product["account"] is None and caller.account is not None
    return None if is_hidden else product


def _refusals(
    row: Row,
    key: str | None,
    product: Mapping[str, Any] | None,
    cover: Cover | None,
    caller: Caller,
) -> list[AppError]:
    account = row.get("account")
    if _owned_key(row) is not None and not is_allowed(cover, account):
        return [_unowned(row)]
    is_named = product_of(_owned_key(row) or "") is not None
    if is_named and account is not None and cover is not None and cover.account is None:
        # Of a prefix that all share, the product says whose a key is: so it has to be there.
        if product is None or product["account"] not in {None, account}:
            return [_unowned(row)]
        return []
    owner = None if product is None else product["account"]
    if None in {owner, account} or owner == account:
        return []
    if caller.account is not None and not is_named:
        return []  # to whom it is not there: the link check says so
    detail = (
        f'Product "{key}" belongs to another account than the code: name one of its own, or have '
        "the admin of the installation look after it."
    )
    return [FailedValidation("product", "eq", detail)]


def _unowned(row: Row) -> FailedValidation:
    """Of a short code the domain may have been said by its key only."""
    domain = row.get("domain") if row["type"] == CodeKind.SHORT_CODE else None
    return unowned("id", str(row["id"]), domain=domain)


def _owned_key(row: Row) -> str | None:
    """The key that says whose a code is; None: nothing does."""
    return str(row["id"]) if row["type"] in OWNED_KINDS else None


def _owner(product: Mapping[str, Any] | None, cover: Cover | None) -> str | None:
    """Whose a code is that nobody said an account of."""
    of_product = None if product is None else product["account"]
    return of_product or (None if cover is None else cover.account)


def _length(row: Row, product: Mapping[str, Any] | None, cover: Cover | None) -> int | None:
    if row["type"] not in WITH_EPC:
        return None
    if cover is not None:
        return cover.prefix_length
    if row["type"] == CodeKind.SSCC:  # names no product: one that it is for says nothing of it
        return None
    return None if product is None else product["company_prefix_length"]


async def _products(session: Session, keys: Sequence[str | None]) -> dict[str, Mapping[str, Any]]:
    wanted = list({key for key in keys if key})
    if not wanted:
        return {}
    found = await session.fetch_all(PRODUCTS, {"products": wanted})
    return {row["id"]: row for row in found}
