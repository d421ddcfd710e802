"""The rules of reservations: what a new one must say, what may still change, who is told."""

from collections.abc import Iterator
from typing import Any

from app.access.caller import Caller
from app.database.session import WriteSession
from app.domains.code_reservation.service import KIND, forget_reservations, give_back
from app.domains.code_reservation.validation import problems, read_facts
from app.domains.identifier_job.service import inherit_accounts
from app.errors import AppError, ErrorList, FailedValidation
from app.items.hooks import Row, Rules, Update
from app.queue import nudge
from schema import BUILTIN

DEFAULTS = {
    field.name: field.default
    for field in BUILTIN[KIND].fields
    if field.default is not None and not field.readonly
}
"""What a reservation is that does not say, or says null."""

FIXED = frozenset("quantity code_type product domain account".split())
"""What was reserved: it can't change once codes have been (systems.md 1.6)."""

CANCELLED = (
    'Cancelled: its codes are free again. Set the status to "new" to reserve codes once more.'
)


class CodeReservationRules(Rules):
    """Refuses reservations no code could be found for; tells the workers about the others."""

    async def before_create(self, session: WriteSession, caller: Caller, rows: list[Row]) -> None:
        """Fill in what is absent and judge what is new. Raises ErrorList, of all rows.

        Rows with another status than `new` are history somebody imports.
        """
        for row in rows:
            for name, value in DEFAULTS.items():
                if row.get(name) is None:
                    row[name] = value
        await _inherit_accounts(session, rows)
        await _judge(session, caller, [row for row in rows if row["status"] == "new"])

    async def after_create(self, session: WriteSession, caller: Caller, rows: list[Row]) -> None:
        _announce(session, [row["id"] for row in rows if row["status"] == "new"])

    async def before_update(
        self, session: WriteSession, caller: Caller, updates: list[Update]
    ) -> None:
        """Refuse changes that come too late. Raises ErrorList.

        One that ended and is set to `new` is tried again; one that is set to `error` by hand is
        cancelled (systems.md 1.5, 1.6).
        """
        if refused := [error for update in updates for error in _refusals(update)]:
            raise ErrorList(refused)
        changed = [{**update.before, **update.patch} for update in updates if _is_judged(update)]
        await _judge(session, caller, changed)
        for update in updates:
            if _is_retry(update):
                update.patch.setdefault("error_message", None)
        if cancelled := [update for update in updates if _is_cancelled(update)]:
            await give_back(session, [str(update.key) for update in cancelled])
            for update in cancelled:
                update.patch.update(
                    error_message=CANCELLED, quantity_reserved=0, file_ready_at=None
                )

    async def after_update(
        self, session: WriteSession, caller: Caller, updates: list[Update]
    ) -> None:
        _announce(session, [str(update.key) for update in updates if _is_retry(update)])

    async def before_delete(self, session: WriteSession, caller: Caller, keys: list[Any]) -> None:
        """Its codes are free again, unless they are assigned or encoded (systems.md 1.6)."""
        await give_back(session, [str(key) for key in keys])

    async def after_delete(self, session: WriteSession, caller: Caller, keys: list[Any]) -> None:
        await forget_reservations(session, [str(key) for key in keys])


async def _inherit_accounts(session: WriteSession, rows: list[Row]) -> None:
    codes = [{**row, "type": row["code_type"]} for row in rows]
    await inherit_accounts(session, codes)
    for row, code in zip(rows, codes, strict=True):
        row["account"] = code.get("account")


async def _judge(session: WriteSession, caller: Caller, rows: list[Row]) -> None:
    if not rows:
        return
    facts = await read_facts(session, rows, caller.account)
    if found := [problem for row in rows for problem in problems(row, facts)]:
        raise ErrorList(found)


def _is_judged(update: Update) -> bool:
    status = update.patch.get("status", update.before["status"])
    return status == "new" and not FIXED.isdisjoint(update.changes)


def _is_retry(update: Update) -> bool:
    return update.patch.get("status") == "new" and update.before["status"] in {"complete", "error"}


def _is_cancelled(update: Update) -> bool:
    return update.changes.get("status") == "error"


def _refusals(update: Update) -> Iterator[AppError]:
    for name in DEFAULTS:
        if name in update.patch and update.patch[name] is None:
            yield FailedValidation(name, "nnull", "Value can't be null.")
    status, reserved = update.before["status"], update.before["quantity_reserved"]
    if status in {"new", "error"} and not reserved:
        return
    reason = "codes have been reserved" if reserved else f'the status is "{status}"'
    for name in sorted(FIXED.intersection(update.changes)):
        before = update.before[name]
        shown = "null" if before is None else f'"{before}"'
        yield FailedValidation(
            name,
            "eq",
            f"Value has to be {shown}: {reason}. Make another reservation, or cancel this one "
            'first (set its status to "error").',
            valid=before,
        ).saying([] if reserved else ["status"])


def _announce(session: WriteSession, keys: list[str]) -> None:
    if keys:
        session.after_commit(lambda: nudge(KIND, *keys))
