"""Callers this process knows already: a token that came a moment ago costs no statement.

They are forgotten as soon as PostgreSQL tells of a change of users, sessions or anything that says
what they may do (app/database/after_tables/access_version.sql), and after some seconds anyway. A
process that can't hear PostgreSQL knows nobody (docs/decisions/0005).
"""

import time
from dataclasses import replace
from hashlib import sha256

from app.access.caller import Caller, Client
from app.access.tokens import caller_of
from app.database.notices import Notices
from app.database.session import Database

CHANNEL = "mintage_access"
"""What the triggers notify."""
_LONGEST = 5.0
"""Seconds a caller is known for, whatever PostgreSQL tells."""
_MOST = 10_000

_Place = tuple[bytes | None, str | None]


class KnownCallers:
    """From tokens to callers, for one installation."""

    def __init__(self, secret: str, *, accounts: bool) -> None:
        """`accounts`: whether users belong to accounts here."""
        self.notices = Notices(CHANNEL, self._forget)
        self._secret = secret
        self._accounts = accounts
        self._known: dict[_Place, tuple[float, Caller]] = {}
        self._changes = 0

    async def caller(self, database: Database, token: str | None, client: Client) -> Caller:
        """Who a token belongs to; what the public may do without one.

        Raises InvalidCredentials, InvalidToken and TokenExpired.
        """
        # Not the token itself: what is in memory may end up in a dump.
        place = (None if token is None else sha256(token.encode()).digest(), client.ip)
        until, caller = self._known.get(place, (0.0, None))
        if caller is not None and time.time() < until:
            return caller if caller.client == client else replace(caller, client=client)
        changes = self._changes
        async with database.read() as session:
            caller, ends = await caller_of(
                session, token, self._secret, client, accounts=self._accounts
            )
        # A change that came meanwhile may not be in what was read.
        if self.notices.is_listening and changes == self._changes:
            self._keep(place, caller, ends)
        return caller

    def _keep(self, place: _Place, caller: Caller, ends: float | None) -> None:
        if len(self._known) >= _MOST:
            self._known.clear()
        until = time.time() + _LONGEST
        self._known[place] = (until if ends is None else min(until, ends), caller)

    def _forget(self) -> None:
        self._changes += 1
        self._known.clear()
