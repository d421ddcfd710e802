"""The rules of users: e-mail in lower case, passwords and tokens stored as hashes only."""

import asyncio
from functools import lru_cache

from argon2 import PasswordHasher

from app.access.caller import Caller
from app.access.tokens import token_hash
from app.database.session import WriteSession
from app.errors import FailedValidation
from app.items.rules import Row, Rules, Update

SHORTEST_PASSWORD = 8
SHORTEST_TOKEN = 8


@lru_cache(maxsize=1)
def _hasher() -> PasswordHasher:
    return PasswordHasher()


class UserRules(Rules):
    """Hashes what must not be readable. Raises FailedValidation for a secret that is too short."""

    async def before_create(self, session: WriteSession, caller: Caller, rows: list[Row]) -> None:
        for row in rows:
            await _protect(row)

    async def before_update(
        self, session: WriteSession, caller: Caller, updates: list[Update]
    ) -> None:
        for update in updates:
            await _protect(update.patch)


async def _protect(row: Row) -> None:
    if row.get("email") is not None:
        row["email"] = row["email"].strip().lower()
    if row.get("password") is not None:
        _long_enough("password", row["password"], SHORTEST_PASSWORD)
        # argon2 takes tens of milliseconds by design.
        row["password"] = await asyncio.to_thread(_hasher().hash, row["password"])
    if row.get("token") is not None:
        _long_enough("token", row["token"], SHORTEST_TOKEN)
        row["token"] = token_hash(row["token"])


def _long_enough(field: str, secret: str, least: int) -> None:
    if len(secret) < least:
        raise FailedValidation(field, "gte", f"Value has to be at least {least} characters long.")
