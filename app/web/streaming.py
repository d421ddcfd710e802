"""Answers that are made while they are sent: they end when nobody reads them any more.

What such an answer holds (a connection of the database, a place among its account's exports) is
free again as soon as its client is gone, or is sent away (`app.web.connections`).
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Coroutine, Mapping
from contextlib import aclosing, suppress
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.errors import RequestStalled

logger = logging.getLogger(__name__)

T = TypeVar("T")


class Stream(Response):
    """Sends blocks as they come. The first is there before the answer begins: a refusal is one."""

    def __init__(
        self,
        blocks: AsyncGenerator[bytes, None],
        status: int = 200,
        *,
        headers: Mapping[str, str] | None = None,
        media_type: str | None = None,
    ) -> None:
        """`blocks` are closed at the end, however it comes."""
        self.blocks = blocks
        self.status_code = status
        self.media_type = media_type
        self.background = None
        self.init_headers(headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Raises what the blocks raise, and what sending them does."""
        sending = asyncio.ensure_future(self._sent(scope, send))
        leaving = asyncio.ensure_future(_gone(receive))
        both = (sending, leaving)
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            is_gone = not sending.done()
            for task in both:
                task.cancel()
            # What is cancelled cancels its statement, and only then gives its connection back.
            await asyncio.wait(both)
            failed = None if sending.cancelled() else sending.exception()
        if is_gone:
            logger.warning("the client of an answer is gone: what it asked for has been ended")
        elif failed is not None:
            raise failed

    async def _sent(self, scope: Scope, send: Send) -> None:
        async with aclosing(self.blocks) as blocks:
            block = await anext(blocks, b"")
            head = {"type": "http.response.start", "status": self.status_code}
            await send({**head, "headers": self.raw_headers})
            if scope["method"] != "HEAD":
                await send(_part(block))
                async for block in blocks:
                    await send(_part(block))
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def unless_gone(receive: Receive, work: Coroutine[Any, Any, T]) -> T:
    """What a call returns or raises, of a request that has been read.

    It is cancelled as soon as nobody would take its answer. Raises ClientDisconnect.
    """
    working, leaving = asyncio.ensure_future(work), asyncio.ensure_future(_gone(receive))
    both = (working, leaving)
    try:
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientDisconnect
        return working.result()
    finally:
        for task in both:
            task.cancel()
        await asyncio.wait(both)


def _part(block: bytes) -> dict[str, object]:
    return {"type": "http.response.body", "body": block, "more_body": True}


async def _gone(receive: Receive) -> None:
    """Until the client has closed its connection, or its request has never become whole."""
    with suppress(RequestStalled):
        while (await receive())["type"] != "http.disconnect":
            pass
