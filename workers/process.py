"""What a worker process has besides its actors: a database pool, a heartbeat, the sweep.

It lives on the event loop that Dramatiq's AsyncIO middleware runs, from boot to shutdown. Neither
PostgreSQL nor Redis has to be there at boot, nor to stay: what fails is tried again.
"""

import asyncio
import logging
import os
import signal
from collections.abc import Awaitable, Callable

import psycopg
import redis
from dramatiq import Broker, Middleware, Worker
from dramatiq.asyncio import get_event_loop_thread

from app.database.session import Database
from app.errors import ServiceUnavailable
from app.queue import HEARTBEAT_SECONDS, beat, stop_beating
from app.settings import settings
from workers.periodic import Periodic, all_periodic
from workers.sweep import sweep

logger = logging.getLogger(__name__)

POLL_MILLISECONDS = 100
"""How long an idle consumer waits between two looks at the queue, at most."""

RECONNECT_SECONDS = 1.0
PARENT_SECONDS = 1.0
LAST_SECONDS = 5.0
LOCK_SECONDS = 2.0
"""What another transaction holds longer than that is come back to: others want to work, too."""

_OUTAGES = (redis.RedisError, psycopg.Error, ServiceUnavailable)
"""What is over when it is over: logged in a line, and tried again."""


class Process(Middleware):
    """The middleware that gives a worker process its pool and its periodic tasks."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url
        self._database: asyncio.Future[Database] | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def database(self) -> Database:
        """The pool of this process, as soon as it is open."""
        if self._database is None:
            raise RuntimeError("The worker has not booted: there is no database pool yet.")
        return await asyncio.shield(self._database)

    def before_worker_boot(self, broker: Broker, worker: Worker) -> None:  # noqa: ARG002
        # Dramatiq reads this when it starts its consumers; its own default is a second.
        worker.worker_timeout = POLL_MILLISECONDS
        _on_loop(self._start())

    def before_worker_shutdown(self, broker: Broker, worker: Worker) -> None:  # noqa: ARG002
        _on_loop(self._stop_tasks())

    def after_worker_shutdown(self, broker: Broker, worker: Worker) -> None:  # noqa: ARG002
        _on_loop(self._close())

    async def _start(self) -> None:
        loop = asyncio.get_running_loop()
        self._database = loop.create_future()
        self._tasks = [
            loop.create_task(self._open(self._database)),
            loop.create_task(_every(HEARTBEAT_SECONDS, beat)),
            loop.create_task(self._sweep()),
            *(loop.create_task(self._repeat(one)) for one in all_periodic()),
            loop.create_task(_end_with_parent()),
        ]

    async def _open(self, opened: asyncio.Future[Database]) -> None:
        while True:
            # Each chunk holds one connection, the sweep and every periodic action one, and one
            # reads the status of a job.
            others = 2 + len(list(all_periodic()))
            size = settings().worker_threads + others
            database = Database(self._url, max_size=size, lock_timeout=LOCK_SECONDS)
            try:
                await database.open()
            except psycopg.OperationalError as error:
                logger.warning("The database can't be reached: %s", error)
                await asyncio.sleep(RECONNECT_SECONDS)
            else:
                opened.set_result(database)
                return

    async def _sweep(self) -> None:
        database = await self.database()
        # Whoever starts after a crash takes up at once what the dead have left.
        patience = 0.0

        async def look() -> None:
            nonlocal patience
            await sweep(database, patience=patience)
            patience = settings().sweep_seconds

        await _every(settings().sweep_seconds, look)

    async def _repeat(self, periodic: Periodic) -> None:
        database = await self.database()

        async def act() -> None:
            try:
                await periodic.act(database)
            except _OUTAGES:
                raise
            except Exception:
                # The edge: nobody else would ever hear of it, and the next time is another time.
                logger.exception("A periodic action failed: %s", periodic.act)

        await _every(periodic.seconds, act)

    async def _stop_tasks(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._database is not None and not self._database.done():
            # Whoever waits for it puts its message back.
            self._database.set_exception(psycopg.OperationalError("The worker shuts down."))
        try:
            await stop_beating()
        except redis.RedisError as error:
            logger.debug("The heartbeat runs out by itself: %s", error)

    async def _close(self) -> None:
        if self._database is not None and self._database.exception() is None:
            await self._database.result().close()


async def _end_with_parent() -> None:
    """A worker whose Dramatiq process was killed has nobody left who could stop it.

    It stops as if told to; where even that fails (killed while they were starting each other, it
    waits for an answer of the dead) it just ends, which costs no more than a power cut.
    """
    parent = os.getppid()
    while os.getppid() == parent:  # noqa: ASYNC110 - nobody tells when a parent dies
        await asyncio.sleep(PARENT_SECONDS)
    logger.warning("The process that started this worker is gone: it stops.")
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.sleep(LAST_SECONDS)
    os._exit(1)


async def _every(seconds: float, action: Callable[[], Awaitable[object]]) -> None:
    """Act again and again; an outage is logged, and over when it is over."""
    while True:
        try:
            await action()
        except _OUTAGES as error:
            logger.warning("%s: %s", type(error).__name__, error)
        await asyncio.sleep(seconds)


def _on_loop(work: Awaitable[None]) -> None:
    """Run a coroutine on the event loop of this worker, and wait for it."""
    thread = get_event_loop_thread()
    if thread is None:
        raise RuntimeError("The AsyncIO middleware has to come before Process.")
    thread.run_coroutine(work)
