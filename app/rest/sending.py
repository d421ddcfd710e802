"""Answers on their way, on all surfaces: who does not read is sent no more of them.

A server takes what it is given until its buffer is full, and then waits for the client to read:
for ever, and with all of the answer in memory, where that was one piece. So an answer is handed
over in pieces, and each has to be taken within EXPORT_STALL_SECONDS. When the request is done with,
what it had been answered counts no more for its account (`app.database.gate`).
"""

import asyncio
import logging
from collections.abc import Iterator
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.database.gate import ANSWERS, Answers

logger = logging.getLogger(__name__)

_PIECE = 64 * 1024
"""Bytes that are handed over together: a slow client has the time of a stall for each piece."""

_STEP = 0.1
"""Of a stall: how often is looked for one."""


class Stalled(Exception):
    """The client has not read for too long."""


class Sending:
    """Sends answers in pieces, for as long as somebody takes them. `stall`: seconds for each."""

    def __init__(self, app: ASGIApp, stall: float) -> None:
        self.app = app
        self._stall = stall
        self._begun: dict[asyncio.Task[Any] | None, float | None] = {}
        """When each task began to hand something over; None: it has been ended since."""
        self._watched: asyncio.AbstractEventLoop | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        answers = Answers()
        ANSWERS.set(answers)
        head: list[Message] = []

        async def send_in_pieces(message: Message) -> None:
            if message["type"] == "http.response.start":
                head.append(message)  # it goes with the first of the body
                return
            for piece in _pieces(message):
                await self._hand_over(send, *head, piece)
                head.clear()

        try:
            await self.app(scope, receive, send_in_pieces)
        except Stalled:
            logger.warning(
                "the client of an answer has not read for %g seconds: it has been ended",
                self._stall,
            )
        finally:
            answers.sent()

    async def _hand_over(self, send: Send, *messages: Message) -> None:
        """Raises Stalled where the client does not make room for them in time."""
        # No timer for each: that would cost as much as all the rest of a small answer.
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        if self._watched is not loop:
            self._watch(loop)
        self._begun[task] = loop.time()
        try:
            for message in messages:
                await send(message)
        except asyncio.CancelledError:
            if task is not None and self._begun[task] is None and not task.uncancel():
                raise Stalled from None
            raise
        finally:
            del self._begun[task]

    def _watch(self, loop: asyncio.AbstractEventLoop) -> None:
        self._watched = loop
        loop.call_later(self._stall * _STEP, self._end_stalled, loop)

    def _end_stalled(self, loop: asyncio.AbstractEventLoop) -> None:
        for task, begun in self._begun.items():
            if task is not None and begun is not None and begun <= loop.time() - self._stall:
                self._begun[task] = None
                task.cancel()
        if self._begun:
            self._watch(loop)
        else:
            self._watched = None


def _pieces(message: Message) -> Iterator[Message]:
    """A part of a body as several; the last of an answer waits till those before it are taken."""
    body = message.get("body", b"")
    if len(body) <= _PIECE:
        yield message
        return
    for start in range(0, len(body), _PIECE):
        yield {**message, "body": body[start : start + _PIECE], "more_body": True}
    if not message.get("more_body", False):
        yield {**message, "body": b""}
