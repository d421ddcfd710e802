"""Bodies: how large they may be, and how fast they have to come."""

import asyncio
import time
from math import inf

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import ContentTooLarge, InvalidPayload, RequestStalled
from app.rest.middleware import VENDORS
from app.rest.requests import header

_AUTH = "/auth/"
_LARGEST_LOGIN = 64 * 1024
"""Bytes of a body at /auth: whoever sends it is nobody yet."""
_LARGEST_OF_NOBODY = 1024 * 1024
"""Bytes of a body without a token: reading it costs, before anybody knows that it is refused."""
_PIECE = 64 * 1024
"""Bytes of a body that come within REQUEST_STALL_SECONDS, unless it is the rest."""
_UPLOADS = ("/files", "/utils/import/")


class BodyLimit:
    """Refuses bodies above `most` bytes, however they are sent, and those that stop coming.

    Forms with files are never in memory as a whole: they may have `most_uploaded` (None: any).
    `stall`: the seconds that a body has for each 64 kB, or for its rest.
    """

    def __init__(
        self, app: ASGIApp, most: int, most_uploaded: int | None = None, *, stall: float
    ) -> None:
        self.app = app
        self.most = most
        self.most_uploaded = most_uploaded
        self.stall = stall

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _has_body(scope):
            await self.app(scope, receive, send)
            return
        is_upload = _is_upload(scope)
        most = inf if (uploaded := self.most_uploaded) is None else uploaded
        if not is_upload:
            most = self._most(scope)
        seen, declared, body = 0, _declared(scope), _Paced(receive, self.stall)

        async def counted() -> Message:
            nonlocal seen
            message: Message = {} if declared > most else await body.receive()
            seen += len(message.get("body", b""))
            if max(seen, declared) > most:
                if is_upload:
                    raise ContentTooLarge(int(most))
                raise InvalidPayload(f"The body is larger than {most} bytes")
            return message

        await self.app(scope, counted, send)

    def _most(self, scope: Scope) -> int:
        if scope["path"].startswith(_AUTH):
            return min(self.most, _LARGEST_LOGIN)
        return min(self.most, _LARGEST_OF_NOBODY) if _is_nobody(scope) else self.most


class _Paced:
    """A body of which each piece, or the rest, has to come while it is waited for so long.

    What the server does in between does not count: nor what others keep it from doing.
    """

    __slots__ = ("_came", "_is_whole", "_left", "_receive", "_stall")

    def __init__(self, receive: Receive, stall: float) -> None:
        self._receive = receive
        self._stall = self._left = stall
        self._came = 0
        self._is_whole = False

    async def receive(self) -> Message:
        """The next message. Raises RequestStalled."""
        if self._is_whole:
            return await self._receive()
        start = time.monotonic()
        try:
            async with asyncio.timeout(self._left):
                message = await self._receive()
        except TimeoutError:
            raise RequestStalled(self._stall) from None
        self._left -= time.monotonic() - start
        self._came += len(message.get("body", b""))
        if self._came >= _PIECE:
            self._left, self._came = self._stall, 0
        self._is_whole = not message.get("more_body", False)
        return message


def _is_nobody(scope: Scope) -> bool:
    """Whether nobody knows who asks. Surfaces of other products find that out by themselves."""
    items = scope["state"].get("items")
    is_theirs = scope["path"].startswith(VENDORS)
    return items is not None and items.caller.is_anonymous and not is_theirs


def _has_body(scope: Scope) -> bool:
    """Whether there is anything to come: RFC 9112 6.3 knows no body that no header tells of."""
    length = header(scope, b"content-length")
    return length not in {"", "0"} or header(scope, b"transfer-encoding") != ""


def _declared(scope: Scope) -> float:
    """The size a request says its body has; 0 where it says none."""
    said = header(scope, b"content-length")
    if not (said.isascii() and said.isdecimal()):
        return 0
    return float(said)  # of any number of digits


def _is_upload(scope: Scope) -> bool:
    """Whether the body is a form on a route that reads it block by block."""
    if not scope["path"].startswith(_UPLOADS):
        return False
    return header(scope, b"content-type").lower().startswith("multipart/form-data")
