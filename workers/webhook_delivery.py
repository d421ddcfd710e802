"""Deliveries as what workers do again and again: all at once, for they only wait for others.

Not jobs in a line: a receiver that does not answer would hold a thread that mints meanwhile. What
is due says PostgreSQL, so that neither a lost Redis nor a killed worker loses anything.
"""

import asyncio
import logging
from collections import Counter

import psycopg

from app.database.session import Database
from app.domains.webhook_delivery.sending import (
    Delivery,
    Outcome,
    attempt,
    claim,
    purge,
    settle,
)
from app.settings import installation_settings, settings

logger = logging.getLogger(__name__)

SECONDS = 1.0
"""Between two looks for what is due: asking costs next to nothing."""
MOST = 128
"""Deliveries under way in one worker."""


class Deliveries:
    """What one worker sends. It holds one connection at a time."""

    def __init__(self) -> None:
        self._busy: Counter[str] = Counter()
        self._turn = asyncio.Semaphore(1)

    async def send(self, database: Database) -> None:
        """Send what is due, until cancelled.

        Raises psycopg's errors; what is under way is ended then, and made again later.
        """
        under_way: set[asyncio.Task[None]] = set()
        try:
            while True:
                room = MOST - len(under_way)
                found = await self._claimed(database, room) if room else []
                under_way |= {asyncio.create_task(self._send(database, one)) for one in found}
                # Who has taken one may be sent the next.
                done, under_way = await _wait(under_way)
                for task in done:
                    task.result()
        finally:
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)
            self._busy.clear()

    async def _claimed(self, database: Database, room: int) -> list[Delivery]:
        async with self._turn:
            found = await claim(database, settings(), self._busy, room)
        for one in found:
            self._busy.update((one.account, one.webhook))
        return found

    async def _send(self, database: Database, delivery: Delivery) -> None:
        try:
            outcome = await _outcome(delivery)
            async with self._turn:
                await settle(database, settings(), delivery, outcome)
        except psycopg.Error as error:
            # It is made again: whoever receives it may hear it twice.
            logger.warning("Delivery %s could not be settled: %s", delivery.id, error)
        finally:
            self._busy.subtract((delivery.account, delivery.webhook))
            self._busy = +self._busy  # of those that are left


async def _outcome(delivery: Delivery) -> Outcome:
    try:
        return await attempt(delivery, installation_settings())
    except Exception as error:
        # The edge: nobody else would ever hear of it, and the others are to be sent all the same.
        logger.exception("Delivery %s could not be sent.", delivery.id)
        return Outcome(None, f"It could not be sent: {type(error).__name__}.")


async def _wait(
    under_way: set[asyncio.Task[None]],
) -> tuple[set[asyncio.Task[None]], set[asyncio.Task[None]]]:
    """The tasks that are done, and the others: when the first is done, a second later at most."""
    if not under_way:
        await asyncio.sleep(SECONDS)
        return set(), set()
    return await asyncio.wait(under_way, timeout=SECONDS, return_when=asyncio.FIRST_COMPLETED)


async def purge_old_deliveries(database: Database) -> None:
    """What a worker does about deliveries from time to time."""
    await purge(database, settings())
