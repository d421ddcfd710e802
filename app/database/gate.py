"""A gate: so many at a time of each caller, so that none of them takes what all share.

Who comes above that waits for its turn, for a moment; nobody waits for what another caller does.
Counts are of this process: its connections are what the callers share.
"""

import asyncio
from collections import deque
from collections.abc import Hashable

from app.errors import TooManyAtOnce

_LONGEST_LINE = 100
"""Waiting, for each one that may be inside: more are refused at once."""


class Gate:
    """At most `most` of each caller inside at once; the others wait in line, in their order."""

    def __init__(self, what: str, most: int, patience: float) -> None:
        """`what` is let in, in the plural; `patience`: the seconds that somebody waits at most."""
        self.what = what
        self.most = most
        self.patience = patience
        self._inside: dict[Hashable, int] = {}
        self._lines: dict[Hashable, deque[asyncio.Future[None]]] = {}

    def entered(self, who: Hashable) -> bool:
        """Whether there was room: then `who` is inside, and has to `leave`."""
        inside = self._inside.get(who, 0)
        if inside >= self.most:
            return False
        self._inside[who] = inside + 1
        return True

    async def wait(self, who: Hashable) -> None:
        """Come inside as soon as there is room. Raises TooManyAtOnce when there is none in time."""
        line = self._lines.setdefault(who, deque())
        if len(line) >= self.most * _LONGEST_LINE:
            raise TooManyAtOnce(self.what, self.most, self.patience)
        loop = asyncio.get_running_loop()
        turn = loop.create_future()
        line.append(turn)
        # A bare timer: most waits are short, and a task of its own would cost more than they do.
        timer = loop.call_later(self.patience, self._refuse, turn)
        try:
            await turn
        except BaseException:
            self._give_up(who, turn)
            raise
        finally:
            timer.cancel()

    def leave(self, who: Hashable) -> None:
        """Make room: for the next in line, who takes the place over."""
        line = self._lines.get(who)
        while line:
            turn = line.popleft()
            if not line:
                del self._lines[who]
            if not turn.done():
                turn.set_result(None)
                return
        inside = self._inside[who] - 1
        if inside:
            self._inside[who] = inside
        else:
            del self._inside[who]

    def _refuse(self, turn: "asyncio.Future[None]") -> None:
        if not turn.done():
            turn.set_exception(TooManyAtOnce(self.what, self.most, self.patience))

    def _give_up(self, who: Hashable, turn: "asyncio.Future[None]") -> None:
        if turn.done() and not turn.cancelled() and turn.exception() is None:
            self.leave(who)  # the turn had come in the same moment
            return
        turn.cancel()
        line = self._lines.get(who)
        if line is not None and turn in line:
            line.remove(turn)
            if not line:
                del self._lines[who]


class Turn:
    """What one caller does inside a gate, as a context; without a gate it is free."""

    __slots__ = ("_gate", "_who")

    def __init__(self, gate: Gate | None = None, who: Hashable = None) -> None:
        self._gate = gate
        self._who = who

    async def __aenter__(self) -> None:
        if self._gate is not None and not self._gate.entered(self._who):
            await self._gate.wait(self._who)

    async def __aexit__(self, *raised: object) -> None:
        if self._gate is not None:
            self._gate.leave(self._who)
