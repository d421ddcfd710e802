"""The status of a code: unassigned, reserved, assigned, encoded (systems.md 6.8)."""

from collections.abc import Mapping
from typing import Any

from app.errors import FailedValidation

_FORWARD: Mapping[str, tuple[str, ...]] = {
    "unassigned": ("reserved", "assigned"),
    "reserved": ("unassigned", "assigned"),
    "assigned": ("encoded",),
    "encoded": (),
}
_BACKWARD: Mapping[str, tuple[str, ...]] = {
    "assigned": ("unassigned", "reserved"),
    "encoded": ("unassigned", "reserved", "assigned"),
}
"""What only an admin does: a code that was given out is taken back."""


def status_refusal(
    before: Mapping[str, Any], patch: Mapping[str, Any], *, is_admin: bool
) -> FailedValidation | None:
    """Why a code can't get the status of the patch; None where it can, or keeps its own.

    A word that is no status at all is left to the definition's own list of choices.
    """
    old, new = str(before.get("status")), str(patch.get("status"))
    if new == old or old not in _FORWARD or new not in _FORWARD:
        return None
    back = _BACKWARD.get(old, ())
    allowed = _FORWARD[old] + (back if is_admin else ())
    if new in allowed:
        return None
    shown = " or ".join(f'"{word}"' for word in (old, *allowed))
    why = "only an admin takes a code back" if new in back else f'"assigned" comes before "{new}"'
    detail = f'Value has to be {shown}: the code is "{old}", and {why}.'
    return FailedValidation("status", "in", detail, valid=[old, *allowed])
