"""Whether a caller may do something to a collection at all (directus.md 6.3, 6.5)."""

from app.access.caller import Caller
from app.access.permissions import Action
from app.errors import Forbidden
from schema import Collection


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
