"""The rules of company prefixes: none overlap, and none change under codes (DESIGN.md 9)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from app.access.caller import Caller
from app.database.session import Session, WriteSession
from app.domains.company_prefix import queries
from app.errors import AppError, ErrorList, FailedValidation, UnprocessableContent
from app.items.rules import Row, Rules, Update

GTIN8, ORDINARY = "gtin8", "ordinary"
GTIN8_DIGITS = 3
SHORTEST, LONGEST = 4, 12
"""Digits of a company prefix. GS1 General Specifications 1.4.4."""

FIXED = frozenset({"digits", "kind", "account"})
"""What can't change while there are codes: their EPCs and owners would."""


class CompanyPrefixRules(Rules):
    """Prefixes of any two accounts are apart, so that a key has one owner and one length."""

    async def before_create(self, session: WriteSession, caller: Caller, rows: list[Row]) -> None:
        for row in rows:
            row["kind"] = row.get("kind") or ORDINARY
        _check(rows)
        await _keep_apart(session, rows, [])

    async def before_update(
        self, session: WriteSession, caller: Caller, updates: list[Update]
    ) -> None:
        changed = [update for update in updates if not FIXED.isdisjoint(update.changes)]
        if not changed:
            return
        rows = [{**update.before, **update.patch} for update in changed]
        _check(rows)
        for update in changed:
            await _require_free(session, update)
        await _keep_apart(session, rows, [update.key for update in changed])

    async def before_delete(self, session: WriteSession, caller: Caller, keys: list[Any]) -> None:
        """Raises UnprocessableContent while something is under one of them."""
        for row in await session.fetch_all(
            "SELECT digits, kind FROM company_prefix WHERE id = ANY(%(keys)s::uuid[])",
            {"keys": keys},
        ):
            if (found := await _under(session, row)) is not None:
                raise UnprocessableContent(
                    f'Company prefix "{row["digits"]}" has keys under it, such as "{found}": what '
                    "was given out keeps its owner and its EPC"
                )


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
    await session.fetch_all(queries.LOCK)
    values = {"digits": [d for d, _ in given], "kinds": [k for _, k in given], "ids": ids}
    found: dict[int, str] = {}
    for row in await session.fetch_all(queries.OVERLAPPING, values):
        found.setdefault(row["place"] - 1, row["digits"])
    for place, (digits, kind) in enumerate(given):
        for other, other_kind in given[:place]:
            if kind == other_kind and (digits.startswith(other) or other.startswith(digits)):
                found.setdefault(place, other)
    errors: list[AppError] = [
        FailedValidation(
            "digits",
            "nin",
            f'"{given[place][0]}" overlaps company prefix "{other}": one of them has to go.',
        )
        for place, other in sorted(found.items())
    ]
    if errors:
        raise ErrorList(errors)


async def _require_free(session: WriteSession, update: Update) -> None:
    """Raises FailedValidation for a change that would reach what is there already."""
    names = sorted(FIXED.intersection(update.changes))
    owner = update.patch.get("account") if names == ["account"] else None
    found = await _under(session, update.before, others_than=owner)
    if found is not None:
        field = names[-1] if "digits" not in names else "digits"
        before = update.before[field]
        shown = "null" if before is None else f'"{before}"'
        detail = (
            f'Value has to stay {shown}: there are keys under the prefix, such as "{found}", and '
            "what was given out keeps its owner and its EPC."
        )
        raise FailedValidation(field, "eq", detail, valid=before)


async def _under(
    session: Session, prefix: Mapping[str, Any], others_than: str | None = None
) -> str | None:
    """A key under a prefix, of any account or of `others_than` one; None: there is none."""
    ranges = list(_ranges(str(prefix["digits"]), str(prefix["kind"])))
    values = {
        "firsts": [first for first, _ in ranges],
        "ends": [end for _, end in ranges],
        "others_than": others_than,
    }
    rows = await session.fetch_all(queries.UNDER, values)
    return next((row["key"] for row in rows if row["key"] is not None), None)


def _ranges(digits: str, kind: str) -> Iterator[tuple[str, str]]:
    """The ranges of keys under a prefix, in byte order: GTINs, GRAIs, SSCCs, GLNs."""
    if kind == GTIN8:
        digits = f"00000{digits}"
    starts = [f"/01/{indicator}{digits}" for indicator in range(10)]
    if kind == ORDINARY:
        starts += [f"/00/{extension}{digits}" for extension in range(10)]
        starts += [f"/8003/0{digits}", f"/8004/{digits}"]
        starts += [f"/{ai}/{digits}" for ai in range(410, 418)]
    for start in starts:
        yield start, start[:-1] + chr(ord(start[-1]) + 1)
