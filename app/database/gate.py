"""A gate: so many at a time of each caller, so that none of them takes what all share.

Who comes above that waits for its turn, for a moment; nobody waits for what another caller does.
Counts are of this process: its connections and its memory are what the callers share.
"""

import asyncio
from collections import deque
from collections.abc import Hashable
from contextvars import ContextVar

from app.errors import AnswerTooLarge, TooManyAtOnce, TooMuchUnread

_LONGEST_LINE = 100
"""Waiting, for each one that may be inside: more are refused at once."""
_LARGE = 64 * 1024
"""Bytes of an answer that are counted: less is in the transport's own buffer at once."""
_ANSWERS = 4
"""Of the largest answers, so many may be on their way to the clients of one caller."""


class Gate:
    """At most `most` of each caller inside at once; the others wait in line, in their order."""

    def __init__(self, what: str, most: int, patience: float, largest: int = 0) -> None:
        """`what` is let in, in the plural; `patience`: the seconds that somebody waits at most.

        `largest`: bytes of the largest answer. Nobody is let in whose clients have not taken four
        of them yet.
        """
        self.what = what
        self.most = most
        self.patience = patience
        self.largest = largest
        self._inside: dict[Hashable, int] = {}
        self._lines: dict[Hashable, deque[asyncio.Future[None]]] = {}
        self._unread: dict[Hashable, int] = {}

    def entered(self, who: Hashable) -> bool:
        """Whether there was room: then `who` is inside, and has to `leave`."""
        inside = self._inside.get(who, 0)
        if inside >= self.most or self._is_unread(who):
            return False
        self._inside[who] = inside + 1
        return True

    def answered(self, who: Hashable, size: int) -> None:
        """So many bytes are on their way to a client of `who`; less than none: they have gone."""
        unread = self._unread.get(who, 0) + size
        if unread:
            self._unread[who] = unread
        else:
            del self._unread[who]
        if size < 0:
            self._admit(who)

    def _is_unread(self, who: Hashable) -> bool:
        return self._unread.get(who, 0) > self.largest * _ANSWERS

    async def wait(self, who: Hashable) -> None:
        """Come inside as soon as there is room. Raises TooManyAtOnce when there is none in time."""
        line = self._lines.setdefault(who, deque())
        if len(line) >= self.most * _LONGEST_LINE:
            raise self._refusal(who)
        loop = asyncio.get_running_loop()
        turn = loop.create_future()
        line.append(turn)
        # A bare timer: most waits are short, and a task of its own would cost more than they do.
        timer = loop.call_later(self.patience, self._refuse, turn, who)
        try:
            await turn
        except BaseException:
            self._give_up(who, turn)
            raise
        finally:
            timer.cancel()

    def leave(self, who: Hashable) -> None:
        """Make room: for the next in line."""
        inside = self._inside[who] - 1
        if inside:
            self._inside[who] = inside
        else:
            del self._inside[who]
        self._admit(who)

    def _admit(self, who: Hashable) -> None:
        """Let in who waits, as far as there is room."""
        line = self._lines.get(who)
        while line:
            if line[0].done():
                line.popleft()
            elif self.entered(who):
                line.popleft().set_result(None)
            else:
                return
        if line is not None:
            del self._lines[who]

    def _refuse(self, turn: "asyncio.Future[None]", who: Hashable) -> None:
        if not turn.done():
            turn.set_exception(self._refusal(who))

    def _refusal(self, who: Hashable) -> Exception:
        if self._is_unread(who):
            return TooMuchUnread(self._unread[who])
        return TooManyAtOnce(self.what, self.most, self.patience)

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

    def answered(self, size: int) -> None:
        """An answer of so many bytes is there: they count till the request is done with.

        Raises AnswerTooLarge where the answers of one request together are.
        """
        request = ANSWERS.get()
        if self._gate is None or request is None or size <= _LARGE:
            return
        request.add(self._gate, self._who, size)
        if request.size > self._gate.largest:
            raise AnswerTooLarge


class Answers:
    """What one request has been answered and its client has not taken yet."""

    __slots__ = ("_parts", "size")

    def __init__(self) -> None:
        self.size = 0
        self._parts: list[tuple[Gate, Hashable, int]] = []

    def add(self, gate: Gate, who: Hashable, size: int) -> None:
        self.size += size
        self._parts.append((gate, who, size))
        gate.answered(who, size)

    def sent(self) -> None:
        """All of it has gone, or nobody will take it."""
        self.size = 0
        while self._parts:
            gate, who, size = self._parts.pop()
            gate.answered(who, -size)


ANSWERS: ContextVar[Answers | None] = ContextVar("answers", default=None)
"""Those of the request that is served."""
