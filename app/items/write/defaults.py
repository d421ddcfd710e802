"""What the server puts into rows: defaults, keys, and who and when (directus.md 1.4, 1.5)."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from app.access.caller import Caller
from app.items.hooks import Row
from app.items.write.values import stored
from schema import Collection, Field


def fill_created(collection: Collection, rows: Sequence[Row], caller: Caller) -> None:
    """Defaults and generating specials of new rows. Specials win over what the client sent."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    for field in collection.fields:
        if (special := _special(field, "created", caller, now)) is not None:
            for row in rows:
                row[field.name] = special[0]
        elif "uuid" in field.special:
            for row in rows:
                if row.get(field.name) is None:
                    row[field.name] = str(uuid4())
        elif field.generated == "now" or field.default is not None:
            default = (
                now if field.generated == "now" else stored(collection.name, field, field.default)
            )
            for row in rows:
                row.setdefault(field.name, default)


def fill_changed(collection: Collection, patches: Sequence[Row], caller: Caller) -> None:
    """Moments and users of a change are the server's; a key never changes."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    for patch in patches:
        patch.pop(collection.primary_key.name, None)
    for field in collection.fields:
        if (special := _special(field, "updated", caller, now)) is not None:
            for patch in patches:
                patch[field.name] = special[0]


def _special(field: Field, event: str, caller: Caller, now: str) -> tuple[Any] | None:
    """The value of a field that says who or when, in a tuple; None for any other field."""
    if not field.special:
        return None
    if f"date-{event}" in field.special:
        return (now,)
    if f"user-{event}" in field.special:
        return (caller.user,)
    if f"role-{event}" in field.special:
        return (caller.role,)
    return None
