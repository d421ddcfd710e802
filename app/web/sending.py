"""Answers on their way, on all surfaces: who does not read is sent no more of them.

A server takes an answer whole into its buffer, where it comes in one piece. So it is handed over in
pieces, each when the client has made room for it, or is gone: `app.web.connections` ends those
that don't read. When the request is done with, what it had been answered counts no more for its
account (`app.database.gate`).
"""

from collections.abc import Awaitable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.database.gate import ANSWERS, Answers

_PIECE = 64 * 1024
"""Bytes that are handed over together."""


class Sending:
    """Sends answers in pieces, and keeps count of what has not gone yet."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        answers = Answers()
        ANSWERS.set(answers)

        def send_in_pieces(message: Message) -> Awaitable[None]:
            if len(message.get("body", b"")) <= _PIECE:
                return send(message)
            return _sent(send, message)

        try:
            await self.app(scope, receive, send_in_pieces)
        finally:
            answers.sent()


async def _sent(send: Send, message: Message) -> None:
    """Send a part of a body as several; the last one waits till those before it are taken."""
    body = message["body"]
    for start in range(0, len(body), _PIECE):
        await send({**message, "body": body[start : start + _PIECE], "more_body": True})
    if not message.get("more_body", False):
        await send({**message, "body": b""})
