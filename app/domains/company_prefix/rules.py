"""The rules of company prefixes: none overlap, and none change under codes (DESIGN.md 9)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from app.access.caller import Caller
from app.access.key_owners import GIVE
from app.database.session import Session, WriteSession
from app.domains.account.adoption import adopt_codes, adopt_jobs, adopt_products
from app.domains.company_prefix import queries
from app.errors import (
    AppError,
    ErrorList,
    FailedValidation,
    Forbidden,
    Stored,
    UnprocessableContent,
)
from app.items.hooks import Row, Rules, Update

GTIN8, ORDINARY = "gtin8", "ordinary"
GTIN8_DIGITS = 3
GTIN8_LENGTH = 8
"""Digits in EPCs: five zeros and three (EPC Tag Data Standard 7.3.2)."""
SHORTEST, LONGEST = 4, 12
"""Digits of a company prefix. GS1 General Specifications 1.4.4."""

AFTER_A_DIGIT = ("00", "8003", "8006")
AT_ONCE = (
    *("253", "255", "400", "401", "402", "403"),
    *(str(ai) for ai in range(410, 420)),
    *("8004", "8010", "8013", "8017", "8018"),
)
"""Keys that begin with the prefix, or have a digit before it (app/database/key_owners.sql)."""

FIXED = frozenset({"digits", "kind", "account"})
"""What can't change while there are codes: their EPCs and owners would."""


class CompanyPrefixRules(Rules):
    """Prefixes of any two accounts are apart, so that a key has one owner and one length."""

    async def before_create(self, session: WriteSession, caller: Caller, rows: list[Row]) -> None:
        _require_admin(caller)
        for row in rows:
            row["kind"] = row.get("kind") or ORDINARY
        _check(rows)
        await _keep_apart(session, rows, [])
        await _require_fitting(session, rows)

    async def after_create(self, session: WriteSession, caller: Caller, rows: list[Row]) -> None:
        await _adopt(session, rows)

    async def before_update(
        self, session: WriteSession, caller: Caller, updates: list[Update]
    ) -> None:
        _require_admin(caller)
        changed = [update for update in updates if not FIXED.isdisjoint(update.changes)]
        if not changed:
            return
        rows = [{**update.before, **update.patch} for update in changed]
        _check(rows)
        for update in changed:
            await _require_free(session, update)
        await _keep_apart(session, rows, [update.key for update in changed])
        await _require_fitting(session, rows)

    async def after_update(
        self, session: WriteSession, caller: Caller, updates: list[Update]
    ) -> None:
        changed = [update for update in updates if not FIXED.isdisjoint(update.changes)]
        await _adopt(session, [{**update.before, **update.patch} for update in changed])

    async def before_delete(self, session: WriteSession, caller: Caller, keys: list[Any]) -> None:
        """Raises UnprocessableContent while something is under one of them."""
        _require_admin(caller)
        for row in await session.fetch_all(
            "SELECT id, digits, kind FROM company_prefix WHERE id = ANY(%(keys)s::uuid[])",
            {"keys": keys},
        ):
            if (found := await _under(session, row)) is not None:
                raise _has_keys(row["id"], row["digits"], found)


def _require_admin(caller: Caller) -> None:
    """Who may write prefixes says whose keys are: whatever a policy allows, that is the admin's."""
    if not caller.is_admin or caller.account is not None:
        raise Forbidden


def _has_keys(key: str, digits: str, found: "_Found") -> UnprocessableContent:
    why = "what was given out keeps its owner and its EPC"
    refused = UnprocessableContent(f"The company prefix has keys under it: {why}")
    named = f'Company prefix "{digits}" has keys under it, such as "{found.key}": {why}'
    own = Stored("company_prefix", "digits", (key,))
    return refused.or_fuller(UnprocessableContent(named), own, found.stored)


def _check(rows: Sequence[Mapping[str, Any]]) -> None:
    if found := [error for row in rows for error in _problems(row)]:
        raise ErrorList(found)


def _problems(row: Mapping[str, Any]) -> Iterator[AppError]:
    digits = str(row.get("digits") or "")
    if row["kind"] == GTIN8 and len(digits) != GTIN8_DIGITS:
        detail = f"Value has to be {GTIN8_DIGITS} digits: it is the prefix of GTINs of 8 digits."
        yield FailedValidation("digits", "regex", detail)
    if row["kind"] == ORDINARY and digits and not SHORTEST <= len(digits) <= LONGEST:
        detail = f"Value has to be {SHORTEST} to {LONGEST} digits."
        yield FailedValidation("digits", "regex", detail)
    if row["kind"] == ORDINARY and "00000".startswith(digits[:5]) and digits:
        detail = 'Five zeros stand before GTINs of 8 digits: give its three digits as kind "gtin8".'
        yield FailedValidation("digits", "regex", detail)


async def _keep_apart(session: WriteSession, rows: Sequence[Row], ids: list[Any]) -> None:
    """Raises ErrorList for prefixes that overlap others, or each other."""
    given = [(str(row["digits"]), str(row["kind"])) for row in rows if row.get("digits")]
    await session.fetch_all(GIVE)  # of two that overlap, the second has to see the first
    values = {"digits": [d for d, _ in given], "kinds": [k for _, k in given], "ids": ids}
    found: dict[int, AppError] = {}
    for row in await session.fetch_all(queries.OVERLAPPING, values):
        digits = given[row["place"] - 1][0]
        why = f'"{digits}" overlaps another company prefix: one of them has to go.'
        stored = Stored("company_prefix", "digits", (row["id"],))
        refused = FailedValidation("digits", "nin", why)
        found.setdefault(row["place"] - 1, refused.naming(_overlap(digits, row["digits"]), stored))
    for place, (digits, kind) in enumerate(given):
        for other, other_kind in given[:place]:
            if kind == other_kind and (digits.startswith(other) or other.startswith(digits)):
                refused = FailedValidation("digits", "nin", _overlap(digits, other))
                found.setdefault(place, refused)
    if errors := [found[place] for place in sorted(found)]:
        raise ErrorList(errors)


def _overlap(digits: str, other: str) -> str:
    return f'"{digits}" overlaps company prefix "{other}": one of them has to go.'


async def _require_free(session: WriteSession, update: Update) -> None:
    """Raises FailedValidation for a change that would reach what is there already."""
    names = sorted(FIXED.intersection(update.changes))
    found = await _under(session, update.before)
    if found is not None:
        field = names[-1] if "digits" not in names else "digits"
        before = update.before[field]
        shown = "null" if before is None else f'"{before}"'
        detail = f"Value has to stay {shown}: there are keys under the prefix"
        why = "and what was given out keeps its owner and its EPC."
        refused = FailedValidation(field, "eq", f"{detail}, {why}", valid=before)
        named = f'{detail}, such as "{found.key}", {why}'
        raise refused.naming(named, found.stored, valid=before)


async def _require_fitting(session: WriteSession, given: Sequence[Row]) -> None:
    """Raises FailedValidation for a prefix over keys of others, or codes of another length."""
    for row in given:
        digits, kind = str(row.get("digits") or ""), str(row["kind"])
        if not (digits.isascii() and digits.isdecimal()):  # refused, by its pattern
            continue
        length = GTIN8_LENGTH if kind == GTIN8 else len(digits)
        values: dict[str, Any] = {
            **_ranged(digits, kind),
            "account": row.get("account"),
            "length": length,
        }
        rows = await session.fetch_all(queries.AGAINST, values)
        values["digits"] = _full(digits, kind)
        rows += await session.fetch_all(queries.WITH_GTIN_OF_OTHERS, values)
        if (found := _first(rows)) is not None:
            why = (
                "is there already, of another account or with a company prefix of another length: "
                "keys that were given out keep both. Delete it, if it is nobody's by right."
            )
            refused = FailedValidation("digits", "nin", f"A key {why}")
            raise refused.naming(f'"{found.key}" {why}', found.stored)
        for space in await session.fetch_all(queries.SPACES_AGAINST, values):
            why = (
                "with a company prefix of another length: what was given out keeps its EPC, also "
                "when it is deleted."
            )
            refused = FailedValidation("digits", "nin", f"Codes were minted under it {why}")
            raise refused.naming(f'Codes were minted under "{space["key_prefix"]}" {why}')


async def _adopt(session: WriteSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """Give an account what there is of no account under its prefixes."""
    for row in rows:
        if row.get("account") is not None:
            digits, kind, account = str(row["digits"]), str(row["kind"]), str(row["account"])
            what = f'What is of no account under "{digits}" can\'t come to this one'
            ranges = _ranged(digits, kind)
            await adopt_products(session, account, ranges, _full(digits, kind), what)
            if kind == ORDINARY:
                values = {"account": account, "digits": digits}
                await adopt_jobs(session, queries.ADOPT_SSCC_JOBS, values, what)
            await adopt_codes(session, account, ranges, what)


class _Found(NamedTuple):
    """A key that is in the way, and of what it is."""

    collection: str
    key: str

    @property
    def stored(self) -> Stored:
        name = "key_prefix" if self.collection == "code_space" else "id"
        return Stored(self.collection, name, (self.key,))


def _first(rows: Sequence[Mapping[str, Any]]) -> _Found | None:
    return next((_Found(*one) for row in rows for one in row.items() if one[1] is not None), None)


async def _under(session: Session, prefix: Mapping[str, Any]) -> _Found | None:
    """A key that lies under a prefix; None: there is none."""
    digits, kind = str(prefix["digits"]), str(prefix["kind"])
    rows = await session.fetch_all(queries.UNDER, _ranged(digits, kind))
    full = _full(digits, kind)
    rows += await session.fetch_all(queries.WITH_GTIN, {"digits": full})
    return _first(rows)


def _full(digits: str, kind: str) -> str:
    """The digits as they stand in a GTIN of 14 digits."""
    return f"00000{digits}" if kind == GTIN8 else digits


def _ranged(digits: str, kind: str) -> dict[str, list[str]]:
    """The ranges of keys under a prefix, in byte order, as statements bind them."""
    full = _full(digits, kind)
    starts = [f"/01/{indicator}{full}" for indicator in range(10)]
    if kind == ORDINARY:
        starts += [f"/{ai}/{one}{full}" for ai in AFTER_A_DIGIT for one in range(10)]
        starts += [f"/{ai}/{full}" for ai in AT_ONCE]
    return {
        "firsts": starts,
        "ends": [start[:-1] + chr(ord(start[-1]) + 1) for start in starts],
    }
