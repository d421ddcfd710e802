"""The rules of roles."""

from typing import Any

from app.access.caller import Caller
from app.database.session import WriteSession
from app.domains.directus_policies.service import require_an_admin
from app.items.hooks import Rules, Update

_SUSPEND = """
UPDATE directus_users SET status = 'suspended', role = NULL WHERE role = ANY(%(roles)s::uuid[])
"""


class RoleRules(Rules):
    """Who loses its role is suspended (directus.md 6.6); the last admin keeps it."""

    async def before_delete(self, session: WriteSession, caller: Caller, keys: list[Any]) -> None:
        await session.execute(_SUSPEND, {"roles": keys})

    async def after_delete(self, session: WriteSession, caller: Caller, keys: list[Any]) -> None:
        await require_an_admin(session)

    async def after_update(
        self, session: WriteSession, caller: Caller, updates: list[Update]
    ) -> None:
        await require_an_admin(session)
