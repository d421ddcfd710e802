"""The rules of domains: whose a host name is, is verified before codes are printed with it."""

import re
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from app.access.caller import Caller
from app.access.key_owners import GIVE
from app.access.reserved import is_own_host, reserved_words
from app.database.session import Session, WriteSession
from app.domains.account.adoption import adopt_codes, adopt_jobs
from app.domains.domain import queries
from app.domains.domain.text_record import RECORD, has_record
from app.errors import (
    AppError,
    ErrorList,
    FailedValidation,
    Stored,
    UnprocessableContent,
    Unusable,
)
from app.items.hooks import Row, Rules, Update
from app.settings import settings

PENDING, VERIFIED = "pending", "verified"
NAME, STATE = "domain_name", "state"
HELD = frozenset({NAME, STATE, "account"})
"""What can't be taken from a domain that has codes."""
_NUMBER = re.compile(r"0x[0-9a-f]*|[0-9]+")
"""The end of a host that is an address (WHATWG URL 3.6)."""


class DomainRules(Rules):
    """A name is lower case (RFC 4343: its case means nothing), and nobody's before it is verified.

    The installation's admin verifies by saying so; what it makes itself is verified from the start.
    With DOMAIN_VERIFICATION=dns an account may set `verified` itself, where the TXT record says so.
    """

    async def before_create(self, session: WriteSession, caller: Caller, rows: list[Row]) -> None:
        for row in rows:
            _lower(row)
            state = row.get(STATE)
            row[STATE] = state or (VERIFIED if _is_installations(caller) else PENDING)
            row["verification_code"] = secrets.token_urlsafe(24)
        if any(row[STATE] == VERIFIED for row in rows):
            await session.fetch_all(GIVE)
        await _check_names(session, caller, rows)
        if not _is_installations(caller) and any(row[STATE] == VERIFIED for row in rows):
            detail = 'Value has to be "pending": a domain is verified once it is there.'
            raise FailedValidation(STATE, "in", detail, valid=[PENDING])
        for row in rows:
            _note_time(row)

    async def after_create(self, session: WriteSession, caller: Caller, rows: list[Row]) -> None:
        for row in rows:
            if row[STATE] == VERIFIED:
                await _adopt(session, row[NAME], row.get("account"))

    async def before_update(
        self, session: WriteSession, caller: Caller, updates: list[Update]
    ) -> None:
        renamed = []
        for update in updates:
            _lower(update.patch)
            if NAME in update.changes:
                renamed.append(update)
        moved = [update for update in updates if not HELD.isdisjoint(update.changes)]
        if moved:
            if _is_installations(caller):
                await session.fetch_all(GIVE)
            await _require_unused(session, moved)
        if renamed:
            await _check_names(session, caller, [{**u.before, **u.patch} for u in renamed])
        for update in updates:
            if NAME in update.changes and not _is_installations(caller):
                update.patch[STATE] = PENDING  # what was proven, was another name's
            if STATE in update.changes:
                await _step(session, caller, update)

    async def after_update(
        self, session: WriteSession, caller: Caller, updates: list[Update]
    ) -> None:
        moved = [update for update in updates if not HELD.isdisjoint(update.changes)]
        for row in ({**update.before, **update.patch} for update in moved):
            if row[STATE] == VERIFIED and _is_installations(caller):
                await _adopt(session, row[NAME], row["account"])

    async def before_delete(self, session: WriteSession, caller: Caller, keys: list[Any]) -> None:
        """Raises UnprocessableContent while there are short codes of one of them."""
        used = await session.fetch_value(queries.USED_BY_KEY, {"keys": keys})
        if used is not None:
            why = "Codes of a domain that is to go were given out{}: it keeps them"
            refused = UnprocessableContent(why.format(""))
            named = UnprocessableContent(why.format(f', such as "{used}"'))
            raise refused.or_fuller(named, Stored("unique_code", "id", (used,)))


def _is_installations(caller: Caller) -> bool:
    return caller.is_admin and caller.account is None


def _lower(row: Row) -> None:
    if isinstance(row.get(NAME), str):
        row[NAME] = row[NAME].strip().rstrip(".").lower()


def _note_time(row: Row) -> None:
    row["verified_at"] = datetime.now(UTC).isoformat() if row[STATE] == VERIFIED else None


async def _check_names(session: Session, caller: Caller, rows: Sequence[Mapping[str, Any]]) -> None:
    """Raises ErrorList for names that nobody can have, and those that somebody else has.

    To a caller with an account both are the same: nothing tells that a name is taken.
    """
    names = [row[NAME] for row in rows if isinstance(row.get(NAME), str)]
    taken = {
        row["domain_name"]: row["account"]
        for row in await session.fetch_all(queries.TAKEN, {"names": names})
    }
    reserved = await reserved_words(session, names)
    errors: list[AppError] = []
    for row in rows:
        name = row.get(NAME)
        if not isinstance(name, str):
            continue
        is_others = name in taken and taken[name] != row.get("account")
        is_number = _NUMBER.fullmatch(name.rpartition(".")[2]) is not None
        others_to_caller = is_others and caller.account is not None
        if is_own_host(name) or is_number or name in reserved or others_to_caller:
            errors.append(Unusable(NAME))
    if errors:
        raise ErrorList(errors)


async def _require_unused(session: Session, moved: Sequence[Update]) -> None:
    """Raises FailedValidation for another name, owner or state of a domain that has short codes."""
    for update in moved:
        before, changes = update.before, update.changes
        field = next(name for name in (NAME, "account", STATE) if name in changes)
        if field == STATE and before[STATE] != VERIFIED:
            continue
        values = {
            "first": f"{before[NAME]}/",
            "end": f"{before[NAME]}0",
            "is_claim": before[STATE] != VERIFIED,
            "account": before["account"],
            "owner": changes[field] if field == "account" else None,
        }
        used = await session.fetch_value(queries.USED, values)
        if used is None and values["owner"] is not None:
            values["domain"] = update.key
            used = await session.fetch_value(queries.PRINTED_BY, values)
        if used is not None:
            shown = "null" if before[field] is None else f'"{before[field]}"'
            detail, valid = f"Value has to stay {shown}: codes of it were given out", before[field]
            refused = FailedValidation(field, "eq", f"{detail}.", valid=valid)
            stored = Stored("unique_code", "id", (used,))
            raise refused.naming(f'{detail}, such as "{used}".', stored, valid=valid)


def _codes_of(name: str, owner: Any) -> dict[str, Any]:
    """The short codes of a name, and whose they are to be, as statements bind them."""
    return {"first": f"{name}/", "end": f"{name}0", "owner": owner}


async def _adopt(session: WriteSession, name: str, owner: str | None) -> None:
    """Give the owner of a name what there is of no account under it."""
    if owner is not None:
        codes = _codes_of(name, owner)
        ranges = {"firsts": [codes["first"]], "ends": [codes["end"]]}
        what = f'What is of no account under "{name}" can\'t come to this one'
        await adopt_jobs(session, queries.ADOPT_JOBS, codes, what)
        await adopt_codes(session, owner, ranges, what)


async def _step(session: WriteSession, caller: Caller, update: Update) -> None:
    """Judge a change of state. Raises FailedValidation."""
    patch, name = update.patch, str({**update.before, **update.patch}[NAME])
    if patch[STATE] is None:
        raise FailedValidation(STATE, "nnull", "Value can't be null.")
    owner = {**update.before, **patch}["account"]
    others = {**_codes_of(name, owner), "adopts": _is_installations(caller)}
    if patch[STATE] == VERIFIED and _is_installations(caller):
        used = await session.fetch_value(queries.OTHERS, others)
        if used is not None:
            detail, valid = "There are codes of another account under it", update.before[STATE]
            refused = FailedValidation(STATE, "eq", f"{detail}.", valid=valid)
            stored = Stored("unique_code", "id", (used,))
            raise refused.naming(f'{detail}, such as "{used}".', stored, valid=valid)
    if patch[STATE] == VERIFIED and not _is_installations(caller):
        code = update.before["verification_code"]
        if settings().domain_verification != "dns":
            detail = (
                "The admin of the installation verifies domains: PATCH /items/domain, or "
                f"`mintage domain verify {name}`."
            )
            refused = FailedValidation(STATE, "in", detail, valid=[update.before[STATE]])
            raise refused.saying([NAME])
        if not await has_record(name, code):
            detail = f'Set a TXT record of {RECORD}.{name} that says "{code}", then try again.'
            refused = FailedValidation(STATE, "in", detail, valid=[update.before[STATE]])
            raise refused.saying([NAME, "verification_code"])
        await session.fetch_all(GIVE)  # not while the DNS is asked, which may take its time
        is_others = await session.fetch_value(queries.OTHERS, others) is not None
        if is_others or await session.fetch_all(queries.TAKEN, {"names": [name]}):
            raise Unusable(STATE)
    _note_time(patch)
