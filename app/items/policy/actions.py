"""What a caller may do to collections at all (directus.md 6.3, 6.5, 6.6)."""

from typing import Any

from app.access.caller import Caller
from app.access.permissions import EVERY_FIELD, Action
from app.errors import Forbidden
from schema import Collection

ACTIONS: tuple[Action, ...] = ("create", "read", "update", "delete", "share")


def require(caller: Caller, action: Action, collection: Collection) -> None:
    """Raises Forbidden unless the caller may do that to some rows of the collection.

    What the server writes nobody else does, and what is not kept nobody at all; what belongs to
    the whole installation (roles, policies, settings) a caller with an account may only read. Nor
    does it make accounts.
    """
    if may(caller, action, collection):
        return
    if action == "read":
        raise Forbidden.collection(collection.name)
    if collection.unkept:
        raise Forbidden(f'Nothing is kept in "{collection.name}" here: it can only be read, empty.')
    raise Forbidden(
        f'You don\'t have permission to perform "{action}" for collection "{collection.name}" '
        "or it does not exist."
    )


def may(caller: Caller, action: Action, collection: Collection) -> bool:
    """Whether the caller may do that to some rows of the collection: the rule of `require`."""
    if action != "read" and (collection.readonly or _is_shared(caller, collection)):
        return False
    if action == "create" and caller.account is not None and _are_accounts(collection):
        return False
    return caller.is_admin or bool(caller.permissions.of(collection.name, action))


def _is_shared(caller: Caller, collection: Collection) -> bool:
    if caller.account is None:
        return False
    return collection.shared or (collection.system and collection.tenancy is None)


def _are_accounts(collection: Collection) -> bool:
    """Whether a row is an account's own by its key: a new one is of another account."""
    return collection.primary_key.name in (collection.tenancy or ())


def flags_of(caller: Caller) -> dict[str, bool]:
    """What the caller's policies say of the whole installation.

    `enforce_tfa` is for a Studio to act on: no request is refused for it, in Directus neither.
    """
    return {
        "app_access": caller.has_app_access,
        "admin_access": caller.is_admin,
        "enforce_tfa": caller.asked_for_tfa,
    }


def described(caller: Caller, collection: Collection) -> dict[Action, dict[str, Any]]:
    """For each action whether the caller may: full, partial (some rows) or none.

    Never more than `require` lets pass. Who has an account sees a part of what belongs to accounts.
    """
    return {action: _described(caller, collection, action) for action in ACTIONS}


def _described(caller: Caller, collection: Collection, action: Action) -> dict[str, Any]:
    if not may(caller, action, collection):
        return {"access": "none"}
    # A create is bound to the account, too, but by what it writes, not by rows that are there.
    is_part = action != "create" and None not in (caller.account, collection.tenancy)
    if caller.is_admin:
        return {"access": "partial" if is_part else "full", "fields": [EVERY_FIELD]}
    permissions = caller.permissions.of(collection.name, action)
    fields: frozenset[str] = frozenset().union(*(item.fields for item in permissions))
    presets: dict[str, Any] = {}
    for item in permissions:
        presets |= item.presets
    return {
        "access": "partial" if is_part or all(item.rule for item in permissions) else "full",
        "fields": [EVERY_FIELD] if EVERY_FIELD in fields else sorted(fields),
        "presets": presets,
    }
