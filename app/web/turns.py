"""Turns: what takes the time of all is begun for one caller after another.

A process serves everybody in one loop: while it reads the body or the query of one request, the
others wait. So a request is begun when it is its caller's turn, and again when its body is there;
so is a root field of a GraphQL document that has many. As long as little is asked for nobody
notices. After a slow beginning some rounds of the loop are for the others: new connections, answers
under way.
"""

import asyncio
import time
from collections import deque
from collections.abc import Hashable
from typing import NamedTuple

from app.errors import TooManyWaiting

_SLICE = 0.002
"""Seconds of this thread that requests are begun in before those under way go on for a round."""
_SLOW = 0.004
"""Seconds of this thread between two that begin: the first was slow, or much was done besides."""
_PAUSE = 16
"""Rounds of the loop after a slow beginning: it takes one new connection, or a step of each request
under way, in each.
"""
_TOGETHER = 8
"""Requests that begin in one round at most: one after a slow one, then twice as many each time."""
_LONGEST_LINE = 1000
"""Requests of one caller."""


class Stranger(NamedTuple):
    """One of whom nobody knows: all of them together have every second turn.

    So a flood from many networks, each of which asks for little, holds up the others no more than
    one from a single one. `scans`: each network has a line for its scans.
    """

    network: str
    scans: bool = False


_Line = deque[tuple["asyncio.Future[None]", float]]


class Turns:
    """Who may begin: everybody, till much is asked for; then a few in each round of the loop."""

    def __init__(self, patience: float) -> None:
        """`patience`: the seconds that a request waits at most."""
        self._patience = patience
        self._known: dict[Hashable, _Line] = {}
        self._strangers: dict[Hashable, _Line] = {}
        self._after_strangers = True
        """Whether known ones are next."""
        self._first = self._last = 0.0
        """What this thread had worked when a slice began, and the last request."""
        self._together = 1
        self._has_called = False
        """Whether requests of the lines have begun in this round."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._rounds = 0
        """Left for those under way; while there are any, who comes has to wait."""

    def has_come(self) -> bool:
        """Whether a request may begin at once. False: it has to `wait`."""
        if self._rounds and self._loop is asyncio.get_running_loop():
            return False
        now = time.thread_time()
        is_slow, self._last = now - self._last > _SLOW, now
        if now - self._first <= _SLICE:
            return True
        # Where a loop before this one has ended, nobody of its waits any more.
        self._known, self._strangers = {}, {}
        if is_slow:
            self._together = 1
        self._go_round(_PAUSE if is_slow else 1)
        return False

    async def wait(self, who: Hashable) -> None:
        """Till it is the turn of `who`. Raises TooManyWaiting when that does not come in time."""
        lines = self._strangers if isinstance(who, Stranger) else self._known
        line = lines.setdefault(who, deque())
        if len(line) >= _LONGEST_LINE:
            raise self._refusal()
        turn = asyncio.get_running_loop().create_future()
        line.append((turn, time.monotonic() + self._patience))
        await turn

    def _go_round(self, rounds: int) -> None:
        self._rounds, self._loop = rounds, asyncio.get_running_loop()
        self._loop.call_soon(self._end_round)

    def _end_round(self) -> None:
        if self._rounds > 1:
            self._go_round(self._rounds - 1)
            return
        now = time.thread_time()
        was_slow = self._has_called and now - self._last > _SLOW
        self._first = self._last = now
        self._has_called = self._are_waiting() and not was_slow
        if was_slow:
            self._together = 1
            self._go_round(_PAUSE)
        elif self._are_waiting():
            for _ in range(self._together):
                if not self._has_called_next():
                    break
            self._together = min(2 * self._together, _TOGETHER)
            if self._are_waiting():
                self._go_round(1)
            else:
                self._rounds = 0
        else:
            self._rounds = 0

    def _are_waiting(self) -> bool:
        return bool(self._known or self._strangers)

    def _has_called_next(self) -> bool:
        """Let who is next begin: everybody who waits once, before anybody does again.

        False: nobody waits.
        """
        for _ in range(2):
            lines = self._known if self._after_strangers else self._strangers
            self._after_strangers = not self._after_strangers
            if lines and self._has_called_of(lines):
                return True
        return False

    def _has_called_of(self, lines: dict[Hashable, _Line]) -> bool:
        """Whether one of those who wait there has begun."""
        while lines:
            who, line = next(iter(lines.items()))
            turn, until = line.popleft()
            del lines[who]
            if line:
                lines[who] = line
            if turn.done():
                continue
            if time.monotonic() > until:
                turn.set_exception(self._refusal())
                continue
            turn.set_result(None)
            return True
        return False

    def _refusal(self) -> TooManyWaiting:
        return TooManyWaiting("requests of yours", _LONGEST_LINE, self._patience)
