"""Notices: what PostgreSQL tells every process of as soon as it is committed (NOTIFY)."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import psycopg
from psycopg import sql

logger = logging.getLogger(__name__)
_AGAIN_AFTER = 1.0
"""Seconds between two attempts to reach a database that is gone."""


class Notices:
    """Calls `heard` for each notice on a channel, and whenever some may have been missed.

    What `heard` takes back may be relied on only while `is_listening`.
    """

    def __init__(self, channel: str, heard: Callable[[], None]) -> None:
        self._listening = asyncio.Event()
        self._heard = {channel: heard}

    def add(self, channel: str, heard: Callable[[], None]) -> None:
        """Listen to one more channel, before there is any connection."""
        self._heard[channel] = heard

    @property
    def is_listening(self) -> bool:
        return self._listening.is_set()

    async def heard_within(self, seconds: float) -> bool:
        """Wait until it listens; whether it does."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._listening.wait(), seconds)
        return self.is_listening

    async def follow(self, connection: psycopg.AsyncConnection[Any]) -> None:
        """Hear on a connection that also writes: its own notices come with its commit.

        So who has written reads what holds now, before anybody is told that it was written.
        """
        connection.add_notify_handler(self._tell)
        await self._listen(connection)

    async def run(self, url: str, **options: Any) -> None:
        """Listen on a connection of its own until cancelled, and connect again when it breaks."""
        while True:
            try:
                await self._hear(url, options)
            except psycopg.Error as error:
                logger.warning("PostgreSQL's notices can't be heard (%s); trying again.", error)
            finally:
                self._listening.clear()
                self._missed()
            await asyncio.sleep(_AGAIN_AFTER)

    async def _hear(self, url: str, options: dict[str, Any]) -> None:
        async with await psycopg.AsyncConnection.connect(
            url, autocommit=True, **options
        ) as connection:
            await self._listen(connection)
            self._missed()
            self._listening.set()
            async for notice in connection.notifies():
                self._tell(notice)

    async def _listen(self, connection: psycopg.AsyncConnection[Any]) -> None:
        for channel in self._heard:
            await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))

    def _tell(self, notice: psycopg.Notify) -> None:
        self._heard[notice.channel]()

    def _missed(self) -> None:
        for heard in self._heard.values():
            heard()
