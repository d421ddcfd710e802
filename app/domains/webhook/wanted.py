"""Whether anybody wants to hear of a kind of write: known for a moment, so that it costs nothing.

It is forgotten as soon as PostgreSQL tells of a change of webhooks
(app/database/after_tables/webhook.sql), and after some seconds anyway. A process that can't hear
PostgreSQL, such as a worker, asks each time.
"""

import time
from weakref import WeakSet

from app.database.notices import Notices
from app.database.session import WriteSession
from app.domains.webhook import queries

CHANNEL = "mintage_webhook"
"""What the trigger notifies."""
_LONGEST = 5.0
"""Seconds it is known for, whatever PostgreSQL tells."""
_MOST = 10_000

_Asked = tuple[str, str, str | None]


class Wanted:
    """By event, collection and account of the caller. One for each process."""

    def __init__(self) -> None:
        self._notices: Notices | None = None
        self._known: dict[_Asked, tuple[float, bool]] = {}
        self._changes = 0
        self._changing: WeakSet[WriteSession] = WeakSet()

    def follow(self, notices: Notices) -> None:
        """Keep what is known while these notices are heard."""
        notices.add(CHANNEL, self.forget)
        self._notices = notices
        self.forget()

    def forget(self) -> None:
        self._changes += 1
        self._known.clear()

    def doubt(self, session: WriteSession) -> None:
        """Keep nothing of what this transaction sees: it has changed webhooks, and may fail."""
        self._changing.add(session)

    async def ask(
        self, session: WriteSession, event: str, collection: str, account: str | None
    ) -> bool:
        """Whether an active webhook wants to hear of that, written by a caller of the account."""
        asked = (event, collection, account)
        until, is_wanted = self._known.get(asked, (0.0, True))
        if time.monotonic() < until and session not in self._changing:
            return is_wanted
        changes = self._changes
        values = {"event": event, "collection": collection, "account": account}
        is_wanted = bool(await session.fetch_value(queries.IS_WANTED, values))
        heard = self._notices is not None and self._notices.is_listening
        # A change that came meanwhile may not be in what was read.
        if heard and changes == self._changes and session not in self._changing:
            if len(self._known) >= _MOST:
                self._known.clear()
            self._known[asked] = (time.monotonic() + _LONGEST, is_wanted)
        return is_wanted


WANTED = Wanted()
