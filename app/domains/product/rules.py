"""The rules of products: the key is the GS1 path, and agrees with the GTIN (systems.md 6.3)."""

from collections.abc import Iterator, Mapping
from typing import Any

from app.access.caller import Caller
from app.codes.check_digit import require_digits
from app.codes.errors import CodeError
from app.codes.grai import Grai
from app.codes.gtin import LENGTH, LENGTHS, normalise
from app.database.session import WriteSession
from app.domains.product.owners import LINKS, strange_links
from app.domains.scan.redirection import refusals
from app.errors import AppError, ErrorList, FailedValidation
from app.items.rules import Row, Rules, Update
from app.settings import settings

TRADE_ITEM = "/01/"
ASSET_TYPE = "/8003/"
REDIRECTION = "product_redirection_url"
OWNED = frozenset({*LINKS, "account"})


class ProductRules(Rules):
    """Makes the key from the GTIN or the GTIN from the key; refuses both when they disagree.

    Brand and campaign are of the product's account. Check digits are judged unless
    USE_GS1_IDENTIFIERS is off.
    """

    async def before_create(self, session: WriteSession, caller: Caller, rows: list[Row]) -> None:
        found: list[AppError] = []
        for row in rows:
            if errors := list(_problems(row)):
                found.extend(errors)
            else:
                _complete(row)
        found += refusals(REDIRECTION, rows)
        found += await strange_links(session, caller, rows)
        if found:
            raise ErrorList(found)

    async def before_update(
        self, session: WriteSession, caller: Caller, updates: list[Update]
    ) -> None:
        changed = [
            {**update.before, **update.patch} for update in updates if update.patch.get("gtin")
        ]
        found = [error for row in changed for error in _problems(row)]
        found += refusals(REDIRECTION, [update.patch for update in updates])
        moved = [update for update in updates if not OWNED.isdisjoint(update.patch)]
        rows = [{**update.before, **update.patch} for update in moved]
        found += await strange_links(session, caller, rows)
        if found:
            raise ErrorList(found)


def _problems(row: Mapping[str, Any]) -> Iterator[AppError]:
    key, gtin = row.get("id"), row.get("gtin")
    if key is None and gtin is None:
        yield FailedValidation("id", "required", "Value is required.")
        return
    of_gtin = of_key = None
    try:
        of_gtin = None if gtin is None else _gtin14(str(gtin))
    except CodeError as error:
        yield _malformed("gtin", error)
    try:
        of_key = None if key is None else _gtin_of_key(str(key))
    except CodeError as error:
        yield _malformed("id", error)
    if of_gtin is not None and of_key is not None and of_gtin != of_key:
        yield FailedValidation(
            "gtin",
            "eq",
            f'Value has to be "{of_key}": it is part of the key "{key}".',
            valid=of_key,
        )


def _complete(row: Row) -> None:
    if row.get("id") is None:
        row["id"] = TRADE_ITEM + _gtin14(str(row["gtin"]))
    elif row.get("gtin") is None and str(row["id"]).startswith(TRADE_ITEM):
        row["gtin"] = str(row["id"]).removeprefix(TRADE_ITEM)


def _gtin_of_key(key: str) -> str | None:
    """The GTIN in a key; None for an asset type or a custom key. Raises CodeError."""
    if key.startswith(TRADE_ITEM):
        gtin = require_digits(key.removeprefix(TRADE_ITEM), LENGTH)
        return _gtin14(gtin)
    if key.startswith(ASSET_TYPE):
        asset_type = require_digits(key.removeprefix(ASSET_TYPE), LENGTH)
        if settings().use_gs1_identifiers:
            Grai.parse(asset_type)
    return None


def _gtin14(value: str) -> str:
    """A GTIN as 14 digits. Raises CodeError."""
    if settings().use_gs1_identifiers:
        return normalise(value)
    return require_digits(value, *LENGTHS).zfill(LENGTH)


def _malformed(field: str, error: CodeError) -> FailedValidation:
    return FailedValidation(field, "regex", f"Value doesn't have the correct format. {error}")
