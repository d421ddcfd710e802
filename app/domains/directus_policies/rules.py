"""The rules of policies and of their attachments."""

from typing import Any

from app.access.caller import Caller
from app.database.session import WriteSession
from app.domains.directus_policies.service import require_an_admin
from app.items.hooks import Rules, Update


class KeepsAnAdmin(Rules):
    """Refuses what would take the last admin's rights away. Raises UnprocessableContent."""

    async def after_update(
        self, session: WriteSession, caller: Caller, updates: list[Update]
    ) -> None:
        await require_an_admin(session)

    async def after_delete(self, session: WriteSession, caller: Caller, keys: list[Any]) -> None:
        await require_an_admin(session)
