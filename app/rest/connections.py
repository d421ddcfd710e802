"""Connections: what a client has to do to keep one.

uvicorn waits for as long as it takes: for the headers of a request, and for the rest of a body that
nobody reads any more. Here both have REQUEST_STALL_SECONDS; the body of a request that is looked at
has its own pace (`app.rest.body_limit`). What a client does not take of its answers for
EXPORT_STALL_SECONDS is dropped with its connection. An address has so many connections at a time.
"""

import asyncio
import logging
from collections import Counter
from http import HTTPStatus
from typing import Any

import orjson
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from app.access.networks import network_of
from app.errors import AppError, HeadersTooLarge, InvalidPayload, RequestStalled, TooManyConnections
from app.rest.responses import error_body
from app.settings import Settings

logger = logging.getLogger(__name__)

_LARGEST_HEAD = 64 * 1024
"""Bytes that come without being the end of the headers, or part of a body: also of trailers."""
_PIECE = 64 * 1024
"""Bytes of an answer that a client takes at least in EXPORT_STALL_SECONDS."""

_open: Counter[str] = Counter()
"""The connections of this process, by the network they come from."""


class Connection(HttpToolsProtocol):
    """A connection of a client."""

    _settings: Settings
    _network: str | None = None
    _late: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None
    _unread_bytes = 0
    _head_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._settings = self.app_state["settings"]
        # A proxy's connections are all its clients'.
        if self.client is not None and not self._settings.trust_proxy:
            self._network = network_of(self.client[0])
            _open[self._network] += 1
            if _open[self._network] > self._settings.max_connections:
                self._refuse(TooManyConnections(self._settings.max_connections))
                return
        self._expect()

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in (self._late, self._unread):
            if timer is not None:
                timer.cancel()
        if self._network is not None:
            _open[self._network] -= 1
            if not _open[self._network]:
                del _open[self._network]
        super().connection_lost(exc)

    # What is said: a timer runs while no request is under way, and bytes alone don't stop it.

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        self._head_bytes += len(data)
        super().data_received(data)
        if self._head_bytes > _LARGEST_HEAD:
            self._refuse(HeadersTooLarge(_LARGEST_HEAD))
        elif self._late is None and (self.cycle is None or self.cycle.response_complete):
            self._expect()

    def on_headers_complete(self) -> None:
        self._head_bytes = 0
        if self._late is not None:
            self._late.cancel()
            self._late = None
        super().on_headers_complete()
        if self.parser.should_upgrade():
            # RFC 9110 7.8: who asks for another protocol may be answered in this one. The parser
            # takes what comes next for the other, so nothing can.
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        self._head_bytes = 0
        super().on_body(body)

    def _unsupported_upgrade_warning(self) -> None:
        """It is answered like any other request."""

    def send_400_response(self, msg: str) -> None:
        self._refuse(InvalidPayload(msg.rstrip(".")))

    def _expect(self) -> None:
        seconds = self._settings.request_stall_seconds
        self._late = self.loop.call_later(seconds, self._end)

    def _end(self) -> None:
        has_begun = self.scope is not None and (
            self.cycle is None or self.cycle.scope is not self.scope
        )
        if has_begun:
            self._refuse(RequestStalled(self._settings.request_stall_seconds))
        else:
            self._close()

    def _refuse(self, error: AppError) -> None:
        """Answer what has not become a request, unless another answer is under way; and close."""
        if self.cycle is None or self.cycle.response_complete:
            self.transport.write(_answer(error))
        logger.info("a connection of %s is ended: %s", self._network or "a proxy", error.code)
        self._close()

    # What is read of the answers: also of those that a connection is closed after.

    def _close(self) -> None:
        self.transport.close()
        if self._unread is None:
            self._look_again()

    def timeout_keep_alive_handler(self) -> None:
        self._close()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.transport.is_closing():
            self._close()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._look_again()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def _look_again(self) -> None:
        self._unread_bytes = self.transport.get_write_buffer_size()
        self._unread = self.loop.call_later(self._settings.export_stall_seconds, self._look)

    def _look(self) -> None:
        if self._unread_bytes - self.transport.get_write_buffer_size() < _PIECE:
            logger.warning(
                "the client of an answer has not read for %g seconds: it has been ended",
                self._settings.export_stall_seconds,
            )
            self.transport.abort()
        else:
            self._look_again()


def _answer(error: AppError) -> bytes:
    body = orjson.dumps({"errors": error_body([error])})
    head: dict[str, Any] = {
        "content-type": "application/json; charset=utf-8",
        "content-length": len(body),
        "connection": "close",
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    return STATUS_LINE[HTTPStatus(error.status)] + lines.encode() + b"\r\n" + body
