"""What a caller may do. Admins everything; everybody else nothing, until policies say more."""

from typing import Literal

from app.access.caller import Caller
from app.errors import Forbidden

Action = Literal["create", "read", "update", "delete"]


def require(caller: Caller, action: Action, collection: str) -> None:
    """Raises Forbidden unless the caller may do that to that collection."""
    if caller.is_admin:
        return
    if action == "read":
        raise Forbidden.collection(collection)
    raise Forbidden(
        f'You don\'t have permission to perform "{action}" for collection "{collection}" '
        "or it does not exist."
    )
