"""Threads for work that would hold the others up: each kind has a pool of its own, and waits alone.

asyncio's own threads are left to what is short (Redis, looking at a picture).
"""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Pool:
    """At most `threads` calls at a time; more of them wait in line."""

    def __init__(self, name: str, threads: int) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=name)

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What a call returns or raises; it runs in a thread, in the caller's context."""
        context = copy_context()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, lambda: context.run(work, *args, **kwargs))


HASHING = Pool("hashing", max(2, os.cpu_count() or 1))
"""Argon2: all of a core and 64 MiB for each call, so no more of them than there are cores."""

STORAGE = Pool("storage", 32)
"""Calls of the object storage: as many as its client keeps connections."""

DOCUMENTS = Pool("documents", 1)
"""Long GraphQL texts being parsed and validated, one after the other."""

COPIES = Pool("copies", 16)
"""Rows copied out of PostgreSQL, and the files made of them. More than a process has connections
for long reads, so that who waits for rows keeps nobody from packing theirs."""
