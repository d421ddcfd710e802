"""The second factor of a login: turned on and off by its user (directus.md 5.4)."""

from dataclasses import dataclass

from app.access.caller import Client
from app.access.one_time import address_of, new_secret, sealed, step_of
from app.database.session import Database
from app.domains.directus_users.one_time_code import turn, use_up
from app.domains.directus_users.sessions import Sessions, is_password_in_turn
from app.errors import InvalidCredentials, InvalidPayload

_USER = "SELECT email, password, tfa_secret FROM directus_users WHERE id = %(user)s::uuid"
_LOCKED = f"{_USER} FOR UPDATE"
_IS_ON = "TFA is already enabled"
_IS_WRONG = '"otp" is invalid'


@dataclass(frozen=True, slots=True)
class SecondFactor:
    """The one-time passwords of one installation's users. Secrets are stored encrypted.

    `database`: the share of who asks, for its own changes may hold these up.
    """

    sessions: Sessions
    database: Database

    async def generate(self, user: str, password: str, client: Client) -> tuple[str, str]:
        """A new secret and its `otpauth://` address; nothing is stored until it is enabled.

        Raises InvalidCredentials for a wrong password, which counts as a failed login.
        """
        async with self.database.read() as session:
            row = await session.fetch_one(_USER, {"user": user})
        if row is None:
            raise InvalidCredentials
        tried = await self.sessions.tried(client, row["email"] or user)
        if not await is_password_in_turn(tried, password, row["password"]):
            raise InvalidCredentials
        await tried.succeed()
        if row["tfa_secret"] is not None:
            raise InvalidPayload(_IS_ON)
        secret = new_secret()
        return secret, address_of(secret, row["email"] or user)

    async def enable(self, user: str, secret: str, code: str) -> None:
        """From now on logins want a code. The first one proves that the app has the secret."""
        async with self.database.write() as session:
            row = await session.fetch_one(_LOCKED, {"user": user})
            if row is None:
                raise InvalidCredentials
            if row["tfa_secret"] is not None:
                raise InvalidPayload(_IS_ON)
            step = step_of(secret, code)
            if step is None:
                raise InvalidPayload(_IS_WRONG)
            await turn(session, user, sealed(secret, self._secret, step))

    async def disable(self, user: str, code: str, client: Client) -> None:
        """Logins want no code any more. A wrong or used code counts as a failed login."""
        async with self.database.read() as session:
            row = await session.fetch_one(_USER, {"user": user})
        if row is None or row["tfa_secret"] is None:
            raise InvalidPayload("TFA is not enabled")
        tried = await self.sessions.tried(client, row["email"] or user)
        async with self.database.write() as session:
            is_off = await use_up(session, user, code, self._secret)
            if is_off:
                await turn(session, user, None)
        if not is_off:
            raise InvalidPayload(_IS_WRONG)
        await tried.succeed()

    async def remove(self, user: str) -> None:
        """The same without a code: for an admin, when a telephone is lost."""
        async with self.database.write() as session:
            await turn(session, user, None)

    @property
    def _secret(self) -> str:
        return self.sessions.settings.secret
