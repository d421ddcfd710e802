"""The rules of products: the key is the GS1 path, and agrees with the GTIN (systems.md 6.3)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from app.access.caller import Caller
from app.codes.check_digit import require_digits
from app.codes.errors import CodeError
from app.codes.grai import Grai
from app.codes.gtin import LENGTH, LENGTHS, normalise
from app.database.session import Session, WriteSession
from app.domains.account.adoption import adopt_orders
from app.domains.code_space.service import kept_lengths
from app.domains.product.keys import ASSET_TYPE, TRADE_ITEM, codes_of, unowned_keys
from app.domains.product.owners import LINKS, strange_links
from app.domains.scan.redirection import refusals
from app.errors import AppError, ErrorList, FailedValidation, InvalidForeignKey, Stored
from app.items.hooks import Row, Rules, Update
from app.settings import settings

REDIRECTION = "product_redirection_url"
OWNED = frozenset({*LINKS, "account"})
KEYED = frozenset({"gtin", "account", "company_prefix_length"})
"""What has to fit the key, and whose that is."""

CODES_OF_OTHERS = """
SELECT id FROM unique_code WHERE id >= %(first)s AND id < %(end)s
  AND account IS NOT NULL AND account IS DISTINCT FROM %(account)s::uuid LIMIT 1
"""
WITH_CODES = """
SELECT r.key FROM unnest(%(keys)s::text[], %(firsts)s::text[], %(ends)s::text[])
  AS r (key, first, "end")
WHERE EXISTS (SELECT FROM unique_code WHERE id >= r.first AND id < r."end") LIMIT 1
"""
CODES = "SELECT id FROM unique_code WHERE id >= %(first)s AND id < %(end)s LIMIT 1"


class ProductRules(Rules):
    """Makes the key from the GTIN or the GTIN from the key; refuses both when they disagree.

    The key is the product's account's own (DESIGN.md 9), and so are brand and campaign. Check
    digits are judged unless USE_GS1_IDENTIFIERS is off.
    """

    async def before_create(self, session: WriteSession, caller: Caller, rows: list[Row]) -> None:
        found: list[AppError] = []
        for row in rows:
            if errors := list(_problems(row)):
                found.extend(errors)
            else:
                _complete(row)
        fitting = [] if found else rows
        found += await unowned_keys(session, caller, fitting, are_new=True)
        if not found:  # of keys of others, nothing tells how long their prefixes are
            found += await _lengths_given_out(session, rows)
        found += refusals(REDIRECTION, rows)
        found += await strange_links(session, caller, rows)
        if found:
            raise ErrorList(found)

    async def before_delete(self, session: WriteSession, caller: Caller, keys: list[Any]) -> None:
        """Raises InvalidForeignKey while there are codes of one of them, by their keys."""
        gs1 = [str(key) for key in keys if str(key).startswith((TRADE_ITEM, ASSET_TYPE))]
        ranges = [codes_of(key) for key in gs1]
        values = {"keys": gs1, "firsts": [r[0] for r in ranges], "ends": [r[1] for r in ranges]}
        held = await session.fetch_value(WITH_CODES, values)
        if held is not None:
            raise InvalidForeignKey("unique_code", "product", held)

    async def before_update(
        self, session: WriteSession, caller: Caller, updates: list[Update]
    ) -> None:
        changed = [
            {**update.before, **update.patch} for update in updates if update.patch.get("gtin")
        ]
        found = [error for row in changed for error in _problems(row)]
        keyed = [update for update in updates if not KEYED.isdisjoint(update.changes)]
        rows = [{**update.before, **update.patch} for update in keyed]
        found += await unowned_keys(session, caller, rows)
        for update, row in zip(keyed, rows, strict=True):
            if "account" in update.patch:
                update.patch["account"] = row["account"]
            found += await _given_out(session, update)
        resized = [update for update in keyed if "company_prefix_length" in update.changes]
        rows = [{**update.before, **update.patch} for update in resized]
        found += await _lengths_given_out(session, rows)
        for update, row in zip(resized, rows, strict=True):
            update.patch["company_prefix_length"] = row["company_prefix_length"]
        found += refusals(REDIRECTION, [update.patch for update in updates])
        moved = [update for update in updates if not OWNED.isdisjoint(update.patch)]
        rows = [{**update.before, **update.patch} for update in moved]
        found += await strange_links(session, caller, rows)
        if found:
            raise ErrorList(found)

    async def after_update(
        self, session: WriteSession, caller: Caller, updates: list[Update]
    ) -> None:
        for update in updates:
            await _adopt(session, update)


async def _adopt(session: WriteSession, update: Update) -> None:
    """A product that comes to an account takes along what of no account mints its codes."""
    owner = update.changes.get("account")
    if owner is not None:
        what = f'What is of no account for "{update.key}" can\'t come to this one'
        await adopt_orders(session, owner, [str(update.key)], what)


async def _given_out(session: Session, update: Update) -> list[AppError]:
    """Why a product with codes can't change like that: what was given out stays as it is."""
    first, end = codes_of(str(update.key))
    values = {"first": first, "end": end, "account": update.patch.get("account")}
    for name, statement in (("account", CODES_OF_OTHERS), ("company_prefix_length", CODES)):
        if name in update.changes:
            code = await session.fetch_value(statement, values)
            if code is not None:
                before = update.before[name]
                shown = "null" if before is None else f'"{before}"'
                detail = f"Value has to stay {shown}: there are codes of it"
                refused = FailedValidation(name, "eq", f"{detail}.", valid=before)
                named, stored = f'{detail}, such as "{code}".', Stored("unique_code", "id", (code,))
                return [refused.naming(named, stored, valid=before)]
    return []


async def _lengths_given_out(session: Session, rows: Sequence[Row]) -> list[AppError]:
    """Why products can't have their prefix lengths: codes were minted with another.

    A row that says none gets that one.
    """
    spaces = {codes_of(str(row["id"]))[0]: row for row in rows}
    field = "company_prefix_length"
    found: list[AppError] = []
    for prefix, length in (await kept_lengths(session, spaces)).items():
        row = spaces[prefix]
        if row.get(field) is None:
            row[field] = length
        elif row[field] != length:
            why = (
                "codes of it were minted with {}, and keep their EPCs, also when they are deleted."
            )
            refused = FailedValidation(field, "eq", f"Leave it out: {why.format('another')}")
            named = f'Value has to be "{length}": {why.format("that")}'
            found.append(refused.naming(named, valid=length))
    return found


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
        ).saying(["id"])


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
