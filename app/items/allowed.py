"""What a caller may do to collections at all (directus.md 6.3, 6.5, 6.6)."""

from typing import Any

from app.access.caller import Caller
from app.access.permissions import EVERY_FIELD, Action
from app.errors import Forbidden
from schema import Collection

ACTIONS: tuple[Action, ...] = ("create", "read", "update", "delete", "share")


def require(caller: Caller, action: Action, collection: Collection) -> None:
    """Raises Forbidden unless the caller may do that to some rows of the collection.

    What the server writes nobody else does; what belongs to the whole installation (roles,
    policies, settings) a caller with an account may only read.
    """
    refused = action != "read" and (collection.readonly or _is_shared(caller, collection))
    allowed = caller.is_admin or bool(caller.permissions.of(collection.name, action))
    if allowed and not refused:
        return
    if action == "read":
        raise Forbidden.collection(collection.name)
    raise Forbidden(
        f'You don\'t have permission to perform "{action}" for collection "{collection.name}" '
        "or it does not exist."
    )


def _is_shared(caller: Caller, collection: Collection) -> bool:
    return caller.account is not None and collection.system and collection.tenancy is None


def described(caller: Caller, collection: Collection) -> dict[Action, dict[str, Any]]:
    """For each action whether the caller may: full, partial (some rows) or none."""
    return {action: _described(caller, collection, action) for action in ACTIONS}


def _described(caller: Caller, collection: Collection, action: Action) -> dict[str, Any]:
    if caller.is_admin:
        return {"access": "full", "fields": [EVERY_FIELD]}
    permissions = caller.permissions.of(collection.name, action)
    if not permissions:
        return {"access": "none"}
    fields: frozenset[str] = frozenset().union(*(item.fields for item in permissions))
    presets: dict[str, Any] = {}
    for item in permissions:
        presets |= item.presets
    return {
        "access": "full" if any(not item.rule for item in permissions) else "partial",
        "fields": [EVERY_FIELD] if EVERY_FIELD in fields else sorted(fields),
        "presets": presets,
    }
