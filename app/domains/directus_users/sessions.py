"""Logins: who comes with e-mail and password, and the sessions that go on from there.

directus.md 5.2 and 5.3. A session is a refresh token, stored as its hash; a refresh replaces it. In
session mode the access token is bound to it, and the old one lives on for a moment, as several
requests may be under way with the old cookie: whichever of them refresh get the same new session.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from app.access.caller import Caller, Client
from app.access.identity import caller_by_user
from app.access.networks import neighbourhood_of, network_of
from app.access.secrets import following_token, is_password, new_token, token_hash
from app.access.tokens import signed
from app.attempts import Try
from app.database.session import Database, WriteSession
from app.domains.directus_users.one_time_code import use_up
from app.errors import InvalidCredentials, InvalidOtp, InvalidPayload, TooManyAtOnce, UserSuspended
from app.pools import Asker
from app.settings import InstallationSettings

Mode = Literal["json", "cookie", "session"]
MODES: tuple[Mode, ...] = ("cookie", "json", "session")

_BY_EMAIL = """
SELECT id, password, status, tfa_secret, {owner} AS owner, EXISTS (
    SELECT FROM directus_sessions AS s WHERE s."user" = u.id AND s.ip = %(ip)s) AS is_at_home
FROM directus_users AS u WHERE email = %(email)s
"""
_OWNER = """
SELECT {owner} FROM directus_sessions AS s JOIN directus_users AS u ON u.id = s."user"
WHERE s.token = %(token)s
"""
_ATTEMPTS = "SELECT auth_login_attempts AS most FROM directus_settings LIMIT 1"
_MOST_ATTEMPTS = 25
"""The default of the setting auth_login_attempts, where no settings row is yet."""
_OPEN = """
INSERT INTO directus_sessions (token, "user", expires, ip, user_agent, origin)
VALUES (%(token)s, %(user)s::uuid, now() + %(lifetime)s, %(ip)s, %(user_agent)s, %(origin)s)
"""
_NOTE_LOGIN = """
WITH seen AS (
  UPDATE directus_users SET last_access = now()
  WHERE id = %(user)s::uuid AND status = 'active' AND password = %(password)s
  RETURNING *
)
INSERT INTO directus_activity
  (action, "user", ip, user_agent, origin, collection, item, "timestamp"{account})
SELECT 'login', id, %(ip)s, %(user_agent)s, %(origin)s, 'directus_users', id::text, now(){account}
FROM seen RETURNING item
"""
# Never waits for anybody: what is locked is left for the next time.
_PURGE = """
DELETE FROM directus_sessions WHERE token IN (
  SELECT token FROM directus_sessions WHERE expires < now() FOR UPDATE SKIP LOCKED)
"""
# The user is locked first, as by who changes a user and ends its sessions.
_HELD = """
SELECT s."user", s.next_token, u.status
FROM directus_sessions AS s JOIN directus_users AS u ON u.id = s."user"
WHERE s.token = %(token)s AND s.expires > now() FOR KEY SHARE OF u FOR UPDATE OF s
"""
_CLOSE = "DELETE FROM directus_sessions WHERE token = %(token)s"
# The session under all of its tokens: those before, should they still linger, and those after, for
# the old cookie of a session ends it, too.
_END = """
WITH RECURSIVE own AS (
  SELECT token, next_token FROM directus_sessions WHERE "user" =
    (SELECT "user" FROM directus_sessions WHERE token = %(token)s)
), held (token, next_token) AS (
  SELECT token, next_token FROM own WHERE token = %(token)s
  UNION
  SELECT own.token, own.next_token FROM own JOIN held
    ON own.next_token = held.token OR own.token = held.next_token
)
DELETE FROM directus_sessions WHERE token IN (SELECT token FROM held)
"""
_LINGER = """
UPDATE directus_sessions SET expires = least(expires, now() + %(grace)s), next_token = %(next)s
WHERE token = %(token)s
"""


_LONGEST = 64 * 1024
"""As a body at /auth; other surfaces have larger ones."""


async def is_password_in_turn(
    tried: Try, password: str, stored: str | None, *, at_home: bool = False
) -> bool:
    """Whether the password of a try is right: strangers, and who has failed before, come later.

    `at_home`: this user has a session at the address. Raises TooManyAtOnce: that is no failure.
    """
    by = Asker(tried.network, tried.before + 1, neighbourhood_of(tried.network))
    if at_home:  # a flood is of strangers
        by = Asker(tried.network, tried.before)
    try:
        return await is_password(password, stored, by)
    except TooManyAtOnce:
        await tried.send_away()
        raise


@dataclass(frozen=True, slots=True)
class Login:
    """What a login or refresh gives: the access token, its milliseconds, the refresh token."""

    access_token: str
    refresh_token: str
    expires: int


class Sessions:
    """Logins of one installation."""

    def __init__(
        self, database: Database, settings: InstallationSettings, *, accounts: bool
    ) -> None:
        self.database = database
        self.settings = settings
        self.accounts = accounts

    async def login(
        self, email: str, password: str, mode: Mode, client: Client, otp: str | None = None
    ) -> Login:
        """A new session for who knows the password, and the one-time password where one is due.

        Takes LOGIN_STALL_TIME at least, good or bad. Raises InvalidCredentials and InvalidOtp;
        after too many failures RequestsExceeded at once, for a while that grows.
        """
        if len(email) + len(password) > _LONGEST:
            raise InvalidPayload(f"E-mail and password have {_LONGEST} characters at most")
        # No text in PostgreSQL has a NUL, so no e-mail has.
        name = email.replace("\0", " ").strip().lower()
        tried = await self.tried(client, name)
        async with self._stalled():
            async with self.database.read() as session:
                values = {"email": name, "ip": client.ip}
                user = await session.fetch_one(self._of_owner(_BY_EMAIL), values)
            stored = None if user is None else user["password"]
            at_home = user is not None and user["is_at_home"]
            is_right = await is_password_in_turn(tried, password, stored, at_home=at_home)
            if not is_right or user is None:
                raise InvalidCredentials
            if user["status"] != "active":
                raise InvalidCredentials
            if user["tfa_secret"] is not None:
                if not otp:  # how clients learn that they have to ask for one: no failure
                    await tried.take_back()
                    raise InvalidOtp
                await self._check(user, otp)
            await tried.succeed()
            async with self._writing(user["owner"]) as session:
                facts = {"user": user["id"], "password": stored, **_facts(client)}
                noted = _NOTE_LOGIN.format(account=", account" if self.accounts else "")
                if await session.fetch_value(noted, facts) is None:
                    raise InvalidCredentials  # the password was changed meanwhile
                made = await self._opened(session, user["id"], mode, client)
                await session.execute(_PURGE)
                return made

    def _of_owner(self, statement: str) -> str:
        """The statement with whose a user `u` is: its account's, else its own."""
        owner = "coalesce(u.account, u.id)" if self.accounts else "u.id"
        return statement.format(owner=f"{owner}::text")

    def _writing(self, owner: str | None) -> AbstractAsyncContextManager[WriteSession]:
        """A transaction about users of an account, whose own changes of them hold up no others."""
        return self.database.of(("sessions", owner)).write()

    async def _check(self, user: Mapping[str, Any], otp: str) -> None:
        """Raises InvalidOtp for a code that is wrong or was used before."""
        async with self._writing(user["owner"]) as session:
            is_good = await use_up(session, user["id"], otp, self.settings.secret)
        if not is_good:
            raise InvalidOtp

    async def tried(self, client: Client, name: str) -> Try:
        """A try at the password or code of who has that e-mail: a failure, till told otherwise.

        Raises RequestsExceeded where there were too many: how many, auth_login_attempts says.
        """
        async with self.database.read() as session:
            row = await session.fetch_one(_ATTEMPTS)
        tried = Try(network_of(client.ip), name)
        await tried.begin(_MOST_ATTEMPTS if row is None else row["most"])
        return tried

    async def refresh(self, token: str, mode: Mode, client: Client) -> Login:
        """The session goes on under a new token. Raises InvalidCredentials, UserSuspended."""
        held = {"token": token_hash(token)}
        async with self.database.read() as session:
            owner = await session.fetch_value(self._of_owner(_OWNER), held)
        if owner is None:  # a token of nobody is no reason to write anything
            async with self._stalled():
                raise InvalidCredentials
        async with self._writing(owner) as session:
            row = await session.fetch_one(_HELD, held)
            if row is not None and row["status"] == "active":
                if row["next_token"] is None:
                    return await self._continued(session, row["user"], token, mode, client)
                if mode == "session":
                    return await self._already_continued(session, row["user"], token, client)
            else:
                await session.execute(_CLOSE, held)
        async with self._stalled():
            if row is not None and row["status"] == "suspended":
                raise UserSuspended
            raise InvalidCredentials

    async def _continued(
        self, session: WriteSession, user: str, token: str, mode: Mode, client: Client
    ) -> Login:
        """The next session of a token, which ends: in session mode in a moment, else at once."""
        held, settings = {"token": token_hash(token)}, self.settings
        if mode != "session" or not settings.session_refresh_grace_period:
            await session.execute(_CLOSE, held)
            return await self._opened(session, user, mode, client)
        following = following_token(token, settings.secret)
        made = await self._opened(session, user, mode, client, following)
        grace = timedelta(seconds=settings.session_refresh_grace_period)
        await session.execute(_LINGER, {**held, "grace": grace, "next": token_hash(following)})
        return made

    async def _already_continued(
        self, session: WriteSession, user: str, token: str, client: Client
    ) -> Login:
        """The session that a token went on to before. Raises InvalidCredentials when it is over."""
        while True:
            token = following_token(token, self.settings.secret)
            row = await session.fetch_one(_HELD, {"token": token_hash(token)})
            if row is None:
                raise InvalidCredentials
            if row["next_token"] is None:
                return await self._login(session, user, token, "session", client)

    async def logout(self, token: str) -> None:
        """The session ends; one that is not there has ended already."""
        held = {"token": token_hash(token)}
        async with self.database.read() as session:
            owner = await session.fetch_value(self._of_owner(_OWNER), held)
        if owner is not None:
            async with self._writing(owner) as session:
                await session.execute(_END, held)

    async def _opened(
        self,
        session: WriteSession,
        user: str,
        mode: Mode,
        client: Client,
        refresh: str | None = None,
    ) -> Login:
        """A new session, under a token that is made unless there is one for it."""
        refresh = new_token() if refresh is None else refresh
        settings = self.settings
        kept = settings.session_cookie_ttl if mode == "session" else settings.refresh_token_ttl
        row = {"token": token_hash(refresh), "user": user, "lifetime": timedelta(seconds=kept)}
        await session.execute(_OPEN, {**row, **_facts(client)})
        return await self._login(session, user, refresh, mode, client)

    async def _login(
        self, session: WriteSession, user: str, refresh: str, mode: Mode, client: Client
    ) -> Login:
        """What a session gives: an access token, in session mode bound to the session."""
        caller = await caller_by_user(session, user, client, accounts=self.accounts)
        if caller is None:
            raise InvalidCredentials
        settings, in_cookie = self.settings, mode == "session"
        seconds = settings.session_cookie_ttl if in_cookie else settings.access_token_ttl
        claims = _claims(caller) | ({"session": refresh} if in_cookie else {})
        access = signed(claims, settings.secret, timedelta(seconds=seconds))
        return Login(access, refresh, round(seconds * 1000))

    @asynccontextmanager
    async def _stalled(self) -> AsyncIterator[None]:
        """Take LOGIN_STALL_TIME at least: how long an answer takes says nothing."""
        start = time.monotonic()
        try:
            yield
        finally:
            rest = self.settings.login_stall_time - (time.monotonic() - start)
            if rest > 0:
                await asyncio.sleep(rest)


def _claims(caller: Caller) -> dict[str, Any]:
    return {
        "id": caller.user,
        "role": caller.role,
        "app_access": caller.has_app_access,
        "admin_access": caller.is_admin,
    }


def _facts(client: Client) -> dict[str, Any]:
    return {"ip": client.ip, "user_agent": client.user_agent, "origin": client.origin}
