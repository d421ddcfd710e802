"""What is judged of sets of codes, new and changed, and what follows from it.

Everything is decided for the set: one statement for the campaigns, one moment for all rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from app.access.caller import Caller
from app.database.session import Session
from app.domains.unique_code import activation, scm_data
from app.domains.unique_code.status import status_refusal
from app.errors import AppError, ErrorList, FailedValidation
from app.items.hooks import Row


@dataclass(frozen=True, slots=True)
class CodeChange:
    """One code: as stored (empty for a new one), and what is given of it; `patch` is added to."""

    before: Mapping[str, Any]
    patch: Row

    @property
    def product(self) -> str | None:
        given = self.patch if "product" in self.patch else self.before
        return given.get("product")


async def apply_rules(session: Session, caller: Caller, changes: Sequence[CodeChange]) -> None:
    """Judge activation, status and SCM data of a set; add what the server fills in to the patches.

    Raises ErrorList with every reason.
    """
    now = datetime.now(UTC).isoformat()
    refused = _refused(caller, changes)
    refused += await _scm(session, caller, changes, now)
    if refused:
        raise ErrorList(refused)
    for change in changes:
        if not activation.FIELDS.isdisjoint(change.patch):
            change.patch.update(
                activation.activation_consequences(change.before, change.patch, caller.user, now)
            )


def _refused(caller: Caller, changes: Sequence[CodeChange]) -> list[AppError]:
    found: list[AppError] = []
    for change in changes:
        if not activation.FIELDS.isdisjoint(change.patch):
            found += activation.activation_refusals(change.before, change.patch)
        if "status" in change.patch:
            refusal = status_refusal(change.before, change.patch, is_admin=caller.is_admin)
            found += [] if refusal is None else [refusal]
    return found


async def _scm(
    session: Session, caller: Caller, changes: Sequence[CodeChange], now: str
) -> list[AppError]:
    """Judge the SCM data that is new; say who changed it and when. The reasons against it."""
    found: list[AppError] = []
    changed: list[tuple[CodeChange, Mapping[str, Any]]] = []
    for change in changes:
        try:
            new = scm_data.scm_change(change.before, change.patch)
        except FailedValidation as error:
            found.append(error)
            continue
        if new is not None:
            changed.append((change, new))
            change.patch.update(scm_data.scm_consequences(change.patch, caller.user, now))
    products = [change.product for change, new in changed if new and change.product is not None]
    known = await scm_data.scm_keys(session, caller, products)
    for change, new in changed:
        own = known.get(change.product or "")
        refusal = scm_data.scm_refusal(new, change.product, own)
        found += [] if refusal is None else [refusal]
    return found
