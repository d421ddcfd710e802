"""Turns: what takes the time of all is begun for one caller after another.

A process serves everybody in one loop: while it reads the body or the query of one request, the
others wait. So a request is begun when it is its caller's turn, and again when its body is there.
As long as little is asked for nobody notices. Of large bodies an account has a few at a time.
"""

import asyncio
import time
from collections import deque
from collections.abc import Hashable

from starlette.requests import ClientDisconnect
from starlette.types import Receive

from app.database.gate import Gate
from app.errors import TooManyWaiting

LARGE = 64 * 1024
"""Bytes of a body."""
_SLICE = 0.002
"""Seconds in which requests are begun one after another, before those under way go on."""
_LONGEST_LINE = 1000
"""Requests of one caller."""


class Turns:
    """Who may begin: everybody, till much is asked for; then one in each round of the loop."""

    def __init__(self, patience: float) -> None:
        """`patience`: the seconds that a request waits at most."""
        self._patience = patience
        self._lines: dict[Hashable, deque[tuple[asyncio.Future[None], float]]] = {}
        self._is_round = False
        self._until = 0.0

    def has_come(self) -> bool:
        """Whether a request may begin at once: nobody waits, and this round has time left."""
        if self._lines:
            return False
        now = time.monotonic()
        if self._is_round:
            return now < self._until
        self._begin_round(now + _SLICE)
        return True

    async def wait(self, who: Hashable) -> None:
        """Till it is the turn of `who`. Raises TooManyWaiting when that does not come in time."""
        line = self._lines.setdefault(who, deque())
        if len(line) >= _LONGEST_LINE:
            raise self._refusal()
        turn = asyncio.get_running_loop().create_future()
        line.append((turn, time.monotonic() + self._patience))
        await turn

    def _begin_round(self, until: float) -> None:
        self._is_round, self._until = True, until
        asyncio.get_running_loop().call_soon(self._end_round)

    def _end_round(self) -> None:
        self._is_round = False
        now = time.monotonic()
        while self._lines:
            who, line = next(iter(self._lines.items()))
            turn, until = line.popleft()
            del self._lines[who]
            if line:
                self._lines[who] = line  # behind the others
            if turn.done():
                continue
            if now > until:
                turn.set_exception(self._refusal())
                continue
            turn.set_result(None)
            self._begin_round(now)
            return

    def _refusal(self) -> TooManyWaiting:
        return TooManyWaiting("requests of yours", _LONGEST_LINE, self._patience)


class Body:
    """A request's body, and its place among those of its account that are large.

    `whole`: its bytes, once they are read. `who`: whose turn is waited for.
    """

    __slots__ = ("_is_inside", "_large", "_receive", "_turns", "who", "whole")

    def __init__(self, receive: Receive, turns: Turns, large: Gate, who: Hashable) -> None:
        self.whole: bytes | None = None
        self.who = who
        self._receive = receive
        self._turns = turns
        self._large = large
        self._is_inside = False

    async def begin(self) -> None:
        """Wait for its turn. Raises TooManyWaiting."""
        if not self._turns.has_come():
            await self._turns.wait(self.who)

    async def read(self, size: float) -> bytes:
        """Read it; if so many bytes are large, when it is its turn.

        Raises TooManyAtOnce when that does not come in time, ClientDisconnect.
        """
        if size > LARGE:
            if not self._large.entered(self.who):
                await self._large.wait(self.who)
            self._is_inside = True
        parts, more = [], True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            parts.append(message.get("body", b""))
            more = message.get("more_body", False)
        self.whole = b"".join(parts)
        if self.whole:
            await self.begin()
        return self.whole

    def leave(self) -> None:
        if self._is_inside:
            self._is_inside = False
            self._large.leave(self.who)
