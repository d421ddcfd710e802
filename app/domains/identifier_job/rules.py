"""The rules of identifier jobs: what a new one must say, what may still change, who is told."""

from collections.abc import Iterator
from typing import Any

from app.access.caller import Caller
from app.database.session import WriteSession
from app.domains.identifier_job.service import (
    KIND,
    forget_jobs,
    inherit_accounts,
    minted_jobs,
)
from app.domains.identifier_job.validation import length_problems, problems, read_facts
from app.errors import AppError, ErrorList, FailedValidation
from app.items.hooks import Row, Rules, Update
from app.queue import nudge
from schema import BUILTIN

DEFAULTS = {
    field.name: field.default for field in BUILTIN[KIND].fields if field.default is not None
}
"""What a job is that does not say, or says null."""

FIXED = frozenset(
    "quantity type product character_set sscc_start_serial sscc_extension_digit "
    "sscc_company_prefix domain account".split()
)
"""Fields that change only while nothing has been minted (systems.md 1.2): a job that is new, or
that failed before its first code."""

OPEN = frozenset({"new", "error"})

JUDGED = FIXED | {"length"}
"""Fields that decide whether a job can succeed."""


class IdentifierJobRules(Rules):
    """Refuses jobs that could not succeed; tells the workers about those that can."""

    async def before_create(self, session: WriteSession, caller: Caller, rows: list[Row]) -> None:
        """Fill in what is absent and judge what is new.

        Rows with another status than `new` are history somebody imports: they are taken as they
        are (systems.md 1.5). Raises ErrorList with every reason, of all rows.
        """
        for row in rows:
            _fill_in(row)
        await inherit_accounts(session, rows)
        await _judge(session, caller, [row for row in rows if row["status"] == "new"])

    async def after_create(self, session: WriteSession, caller: Caller, rows: list[Row]) -> None:
        _announce(session, [row["id"] for row in rows if row["status"] == "new"])

    async def before_update(
        self, session: WriteSession, caller: Caller, updates: list[Update]
    ) -> None:
        """Refuse changes that come too late, and jobs that changed so that they can't succeed.

        A job that ended and is set to `new` is tried again (systems.md 1.5). Raises ErrorList.
        """
        minted = await minted_jobs(session, [str(update.key) for update in updates])
        if refused := [error for update in updates for error in _refusals(update, minted)]:
            raise ErrorList(refused)
        changed = [{**update.before, **update.patch} for update in updates if _is_judged(update)]
        await _judge(session, caller, changed)
        for update in updates:
            if _is_retry(update):
                update.patch.setdefault("error_message", None)

    async def after_update(
        self, session: WriteSession, caller: Caller, updates: list[Update]
    ) -> None:
        _announce(session, [update.key for update in updates if _is_retry(update)])

    async def after_delete(self, session: WriteSession, caller: Caller, keys: list[Any]) -> None:
        """Take back what was never minted; codes stay, for a printed code is unique for ever."""
        await forget_jobs(session, [str(key) for key in keys])


def _fill_in(row: Row) -> None:
    for name, value in DEFAULTS.items():
        if row.get(name) is None:
            row[name] = value


async def _judge(session: WriteSession, caller: Caller, rows: list[Row]) -> None:
    if not rows:
        return
    facts = await read_facts(session, rows, caller.account)
    if found := [problem for row in rows for problem in problems(row, facts)]:
        raise ErrorList(found)


def _is_judged(update: Update) -> bool:
    status = update.patch.get("status", update.before["status"])
    return status == "new" and not JUDGED.isdisjoint(update.changes)


def _is_retry(update: Update) -> bool:
    return update.patch.get("status") == "new" and update.before["status"] in {"complete", "error"}


def _refusals(update: Update, minted: set[str]) -> Iterator[AppError]:
    """What can't be null, and what can't change any more; a length can, as its type allows."""
    for name in DEFAULTS:
        if name in update.patch and update.patch[name] is None:
            yield FailedValidation(name, "nnull", "Value can't be null.")
    status, has_codes = update.before["status"], str(update.key) in minted
    if status in OPEN and not has_codes:
        return
    if "length" in update.changes:
        yield from length_problems({**update.before, **update.patch})
    reason = "codes of it have been minted" if has_codes else f'the status is "{status}"'
    for name in sorted(FIXED.intersection(update.changes)):
        before = update.before[name]
        shown = "null" if before is None else f'"{before}"'
        yield FailedValidation(
            name,
            "eq",
            f"Value has to be {shown}: it can only change before anything is minted, and {reason}.",
            valid=before,
        ).saying([] if has_codes else ["status"])


def _announce(session: WriteSession, keys: list[str]) -> None:
    if keys:
        session.after_commit(lambda: nudge(KIND, *keys))
