"""Activation and blacklisting: what may follow on what, and what follows (systems.md 6.5, 6.8).

Pure decisions over the stored code and the patch of it, so that every surface decides alike. A new
code is a patch of nothing: history can be brought in as it was.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from app.errors import FailedValidation

INACTIVE, ACTIVE, BLACKLISTED = 0, 1, 2
NO_REASON = 0

STATUS, REASON = "activation_status", "blacklist_reason"
FIELDS = frozenset({STATUS, REASON})
"""Patches without these change nothing about activation."""

_NAMES = {INACTIVE: "inactive", ACTIVE: "active", BLACKLISTED: "blacklisted"}


def activation_refusals(
    before: Mapping[str, Any], patch: Mapping[str, Any]
) -> Iterator[FailedValidation]:
    """Why a patch can't be. `before`: the stored code, empty for a new one.

    0 and 1 follow on each other, 2 on both, 1 on 2; 0 never follows on 2 (6.8). A reason above 0
    stands at blacklisted codes only (6.5). Values that are no status or reason at all are left to
    the definition's own bounds.
    """
    old, new = before.get(STATUS) or INACTIVE, _status_after(before, patch)
    if (old, new) == (BLACKLISTED, INACTIVE):
        detail = (
            'Value has to be "1" or "2": a blacklisted code becomes active first, then inactive.'
        )
        yield FailedValidation(STATUS, "in", detail, valid=[ACTIVE, BLACKLISTED])
    if new != BLACKLISTED and (patch.get(REASON) or NO_REASON) != NO_REASON:
        name = _NAMES.get(new, new)
        detail = (
            f'Value has to be "0": the code is {name}, not blacklisted. Give {STATUS} 2 with the '
            "reason to blacklist it."
        )
        yield FailedValidation(REASON, "eq", detail, valid=NO_REASON).saying([STATUS])


def activation_consequences(
    before: Mapping[str, Any], patch: Mapping[str, Any], user: str | None, now: str
) -> dict[str, Any]:
    """What the server adds to a patch that was not refused; often nothing.

    Entering 1 sets `activated_at` and `activated_by` where they are null and the patch is silent
    (an explicit null is a word: history without them stays so). Leaving 2 resets the reason.
    `now`: an ISO 8601 moment, the same for a whole set.
    """
    old, new = before.get(STATUS) or INACTIVE, _status_after(before, patch)
    added: dict[str, Any] = {}
    if old == new:
        return added
    if old == BLACKLISTED:
        added[REASON] = NO_REASON
    if new == ACTIVE:
        said = {"activated_at": now, "activated_by": user}
        added |= {
            name: value
            for name, value in said.items()
            if name not in patch and before.get(name) is None
        }
    return added


def _status_after(before: Mapping[str, Any], patch: Mapping[str, Any]) -> Any:
    status = patch.get(STATUS)
    return (before.get(STATUS) or INACTIVE) if status is None else status
