"""Turns: what takes the time of all is begun for one caller after another.

A process serves everybody in one loop: while it reads the body or the query of one request, the
others wait. So a request is begun, when its body is there, when it is its caller's turn; and a root
field of a GraphQL document that has many. As long as little is asked for nobody notices. After a
slow beginning some rounds of the loop are for the others: new connections, answers under way.
"""

import asyncio
import time
from collections import deque
from collections.abc import Hashable

from app.errors import TooManyWaiting

_SLICE = 0.002
"""Seconds in which requests are begun one after another, before those under way go on."""
_PAUSE = 16
"""Rounds of the loop after those: it takes one new connection, or a step of a request, in each."""
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
        self._began: float | None = None
        self._pause = 0

    def has_come(self) -> bool:
        """Whether a request may begin at once: nobody waits, and this round has time left."""
        if self._lines:
            return False
        now = time.monotonic()
        if self._is_round:
            return now < self._until
        self._began = now
        self._begin_round(now + _SLICE)
        return True

    async def wait(self, who: Hashable) -> None:
        """Till it is the turn of `who`. Raises TooManyWaiting when that does not come in time."""
        if len(self._lines.get(who, ())) >= _LONGEST_LINE:
            raise self._refusal()
        turn = asyncio.get_running_loop().create_future()
        self._lines.setdefault(who, deque()).append((turn, time.monotonic() + self._patience))
        await turn

    def _begin_round(self, until: float) -> None:
        self._is_round, self._until = True, until
        asyncio.get_running_loop().call_soon(self._end_round)

    def _end_round(self) -> None:
        now = time.monotonic()
        if self._began is not None and now - self._began > _SLICE:
            self._pause = _PAUSE
        self._began = None
        if self._pause:
            self._pause -= 1
            self._begin_round(now)
            return
        self._is_round = False
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
            self._began = now
            self._begin_round(now)
            return

    def _refusal(self) -> TooManyWaiting:
        return TooManyWaiting("requests of yours", _LONGEST_LINE, self._patience)
