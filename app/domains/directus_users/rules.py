"""The rules of users: e-mail in lower case, passwords and tokens stored as hashes only."""

from typing import Any

from app.access.caller import Caller
from app.access.secrets import password_hash, token_hash
from app.database.session import WriteSession
from app.domains.directus_policies.service import require_an_admin
from app.errors import FailedValidation, UnprocessableContent
from app.items.hooks import Row, Rules, Update
from app.items.query.patterns import BadPattern, matches_written
from app.pools import Asker

SHORTEST_PASSWORD = 8
SHORTEST_TOKEN = 8


ENDS_SESSIONS = frozenset({"password", "email", "status", "role"})
"""What a user can't change without logging in again (directus.md 5.4)."""

MAKES_ADMINS = frozenset({"status", "role", "account"})
"""What decides whether a user is one of the installation's admins."""

_END_SESSIONS = 'DELETE FROM directus_sessions WHERE "user" = ANY(%(users)s::uuid[])'
_POLICY = "SELECT auth_password_policy FROM directus_settings LIMIT 1"


class UserRules(Rules):
    """Hashes what must not be readable; ends the sessions of who changes; keeps the last admin.

    Raises FailedValidation for a secret that is too short or against the password policy, and
    UnprocessableContent when nobody would be left who may do everything.
    """

    async def before_create(self, session: WriteSession, caller: Caller, rows: list[Row]) -> None:
        await _protect(session, rows, caller)

    async def before_update(
        self, session: WriteSession, caller: Caller, updates: list[Update]
    ) -> None:
        await _protect(session, [update.patch for update in updates], caller)

    async def after_update(
        self, session: WriteSession, caller: Caller, updates: list[Update]
    ) -> None:
        changed = [update.key for update in updates if not ENDS_SESSIONS.isdisjoint(update.patch)]
        if changed:
            await session.execute(_END_SESSIONS, {"users": changed})
        if any(not MAKES_ADMINS.isdisjoint(update.patch) for update in updates):
            await require_an_admin(session)

    async def after_delete(self, session: WriteSession, caller: Caller, keys: list[Any]) -> None:
        await require_an_admin(session)


async def _protect(session: WriteSession, rows: list[Row], caller: Caller) -> None:
    pattern: str | None = None
    if any(row.get("password") is not None for row in rows):
        pattern = await session.fetch_value(_POLICY)
    for row in rows:
        if row.get("email") is not None:
            row["email"] = row["email"].strip().lower()
        if row.get("password") is not None:
            _long_enough("password", row["password"], SHORTEST_PASSWORD)
            _allowed_by(pattern, row["password"])
            row["password"] = await password_hash(row["password"], Asker(caller.share))
        if row.get("token") is not None:
            _long_enough("token", row["token"], SHORTEST_TOKEN)
            row["token"] = token_hash(row["token"])


def _allowed_by(pattern: str | None, password: str) -> None:
    """Directus writes the policy as `/.../`.

    Raises UnprocessableContent also where matching takes too long.
    """
    if not pattern:
        return
    try:
        matches = matches_written(pattern, password)
    except BadPattern:
        reason = "auth_password_policy in the settings is not a regular expression: correct it"
        raise UnprocessableContent(reason) from None
    if not matches:
        raise FailedValidation(
            "password", "regex", "Value doesn't match the installation's password policy."
        )


def _long_enough(field: str, secret: str, least: int) -> None:
    if len(secret) < least:
        raise FailedValidation(field, "gte", f"Value has to be at least {least} characters long.")
