"""Threads for work that would hold the others up: each kind has a pool of its own, and waits alone.

asyncio's own threads are left to what is short (Redis, looking at a picture).
"""

import asyncio
import os
import sys
import threading
from collections import Counter
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from itertools import count
from typing import ParamSpec, TypeVar

from app.errors import TooManyAtOnce, TooManyWaiting

P = ParamSpec("P")
T = TypeVar("T")


class Pool:
    """At most `threads` calls at a time; more of them wait in line."""

    def __init__(self, name: str, threads: int, *, niceness: int = 0) -> None:
        """`niceness`: of its threads, for calls that don't hold Python's lock while they work."""
        self._threads = ThreadPoolExecutor(
            threads, thread_name_prefix=name, initializer=_give_way, initargs=(niceness,)
        )

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What a call returns or raises; it runs in a thread, in the caller's context."""
        context = copy_context()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, lambda: context.run(work, *args, **kwargs))


def _give_way(niceness: int) -> None:
    """Let this thread, and those that it starts, work when no other has anything to do.

    Linux has a niceness for each thread; elsewhere it is the whole process's, and stays.
    """
    if niceness and sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), niceness)


_LONGEST_LINE = 100
"""Waiting in all."""
_PATIENCE = 5.0
"""Seconds that most wait at most: on a slow machine a line of a hundred takes far longer."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks for a call. `before`: how often it has asked in vain.

    `group`: whom it belongs to, as far as anybody knows: what they ask for counts for it, too.
    """

    name: Hashable
    before: int = 0
    group: Hashable = None


_Place = tuple[int, int, asyncio.Future[None]]
"""In a line: its rank, its number, and what it waits for."""


class FairPool:
    """Costly calls that anybody may ask for: who has asked for less comes first.

    So a flood of one waits for itself, and lets in whoever asks once. Nobody waits for long: who is
    sent away may come again.
    """

    def __init__(
        self,
        name: str,
        threads: int,
        most: int,
        *,
        niceness: int = 0,
        patience: float | None = None,
    ) -> None:
        """`most`: calls of one asker that run or wait; more are refused at once.

        `niceness`: as in `Pool`. `patience`: seconds that a call waits for its turn; None: as for
        most.
        """
        self.most = most
        self._patience = patience
        self._what = name
        self._pool = Pool(name, threads, niceness=niceness)
        self._free = threads
        self._asked: Counter[Hashable] = Counter()
        self._line: list[_Place] = []
        self._numbers = count()

    async def run(self, by: "Asker", work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What a call returns or raises. Raises TooManyAtOnce."""
        if self._asked[by.name] >= self.most:
            raise TooManyAtOnce(self._what, self.most, 0)
        names = (by.name,) if by.group is None else (by.name, by.group)
        rank = by.before + sum(self._asked[name] for name in names)
        self._asked.update(names)
        try:
            await self._turn(rank)
            try:
                return await self._pool.run(work, *args, **kwargs)
            finally:
                self._leave()
        finally:
            self._asked.subtract(names)
            for name in names:
                if not self._asked[name]:
                    del self._asked[name]

    async def _turn(self, rank: int) -> None:
        if self._free:
            self._free -= 1
            return
        self._make_room(rank)
        patience = _PATIENCE if self._patience is None else self._patience
        place = (rank, next(self._numbers), asyncio.get_running_loop().create_future())
        heappush(self._line, place)
        try:
            async with asyncio.timeout(patience):
                await self._called(place)
        except TimeoutError:
            raise TooManyWaiting(self._what, self.most, patience) from None

    async def _called(self, place: _Place) -> None:
        *_, turn = place
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                self._remove(place)
            elif turn.exception() is None:
                self._leave()  # it had come in the same moment
            raise

    def _make_room(self, rank: int) -> None:
        """Of a full line the last is sent away. Raises TooManyAtOnce where that is the newcomer."""
        if len(self._line) < _LONGEST_LINE:
            return
        last = max(self._line)
        refusal = TooManyWaiting(self._what, self.most, 0)
        if last[0] <= rank:
            raise refusal
        self._remove(last)
        if not last[2].done():
            last[2].set_exception(refusal)

    def _remove(self, place: _Place) -> None:
        if place in self._line:
            self._line.remove(place)
            heapify(self._line)

    def _leave(self) -> None:
        while self._line:
            *_, turn = heappop(self._line)
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1


HASHING = FairPool("password hashes", max(2, os.cpu_count() or 1), 20, niceness=10)
"""Argon2: 64 MiB and four threads for each call, so no more of them than there are cores. They get
what is left of these: with eight threads at work the one that answers everybody hardly had a turn.
"""

PICTURES = FairPool("image transformations", 2, _LONGEST_LINE, patience=30.0)
"""Pictures being transformed, each by a process of its own. One page may show a hundred of them,
and no browser asks again for those that it did not get."""

STORAGE = Pool("storage", 32)
"""Calls of the object storage: as many as its client keeps connections."""

DOCUMENTS = FairPool("new GraphQL documents", 1, _LONGEST_LINE)
"""GraphQL texts being parsed and validated, one after the other. One asker may fill the line: a
client that writes its values into its texts sends nothing but new ones."""

QUERIES = FairPool("queries with long lists", 1, _LONGEST_LINE)
"""Queries being read, of which thousands of values are looked at one by one."""

COPIES = Pool("copies", 16)
"""Rows copied out of PostgreSQL, and the files made of them. More than a process has connections
for long reads, so that who waits for rows keeps nobody from packing theirs."""

IMPORTS = Pool("imports", 1)
"""Files of rows being read, all of them in turn: each call ends after some milliseconds."""

CODES = Pool("codes", max(2, os.cpu_count() or 1))
"""Codes being made, or told by arithmetic, thousands at a time."""

DESCRIPTIONS = Pool("descriptions", 1)
"""The whole API described for one caller."""

NAMES = Pool("names", 32)
"""Names of hosts being resolved: a name server that does not answer holds a thread for long."""
