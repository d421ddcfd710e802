"""Connections: what a client has to do to keep one.

uvicorn waits for as long as it takes: for the headers of a request, and for the rest of a body that
nobody reads any more. Here both have REQUEST_STALL_SECONDS; the body of a request that is looked at
has its own pace (`app.web.bodies`). What a client does not take of its answers for
EXPORT_STALL_SECONDS is dropped with its connection. An address has so many connections at a time.

Requests may be sent one after another without waiting (RFC 9112 9.3.2). uvicorn makes all of them
that come in one piece. Here a few are looked at; the rest stays the bytes that it is.
"""

import asyncio
import logging
from collections import Counter
from http import HTTPStatus
from operator import itemgetter
from typing import Any, NoReturn

from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT, FlowControl
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from app.access.networks import network_of
from app.errors import AppError, HeadersTooLarge, InvalidPayload, RequestStalled, TooManyConnections
from app.json_text import written
from app.settings import Settings
from app.web.chunks import Unframed
from app.web.requests import HAS_COME, IS_FOLLOWED
from app.web.responses import error_body

logger = logging.getLogger(__name__)

_LARGEST_HEAD = 64 * 1024
"""Bytes that come without being the end of the headers, or part of a body: also of trailers."""
_MOST_LINES = 200
"""Headers. Each is some hundred bytes of memory, whatever it says."""
_LONGEST_PATH = 8 * 1024
"""Bytes, as they come. What is escaped in it is read before anybody knows who asks."""
_PIECE = 64 * 1024
"""Bytes of an answer that a client takes at least in EXPORT_STALL_SECONDS."""

_READ = 16 * 1024
"""Bytes that are looked at together, before others have their turn. Each may be half a chunk."""
_QUEUED = 16
"""Requests that are looked at together: all but one of them wait for their turn."""
_UNREAD = 64 * 1024
"""Bytes that wait behind those before nothing more is taken: till then it is seen who leaves."""
_END_OF_HEAD = b"\r\n\r\n"
"""llhttp, as we use it, takes no other line ends."""

_NAME = itemgetter(0)
"""That of a header."""

_open: Counter[str] = Counter()
"""The connections of this process, by the network they come from."""


class _Flow(FlowControl):
    """Takes no more while enough waits: a request under way asks for more, of whatever kind."""

    def __init__(self, transport: asyncio.Transport, said: bytearray) -> None:
        super().__init__(transport)
        self._said = said

    def resume_reading(self) -> None:
        if len(self._said) <= _UNREAD:
            super().resume_reading()


class Connection(HttpToolsProtocol):
    """A connection of a client."""

    _settings: Settings
    _network: str | None = None
    _late: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None
    _unread_bytes = 0
    _head_bytes = 0
    _said: bytearray
    _chunks: list[bytes]
    """What has come of a body, till the piece that it is in has been looked at."""
    _next: asyncio.Handle | None = None
    _refusal: AppError | None = None
    _under_way: RequestResponseCycle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._said, self._chunks = bytearray(), []
        self.flow = _Flow(transport, self._said)
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
        for due in (self._late, self._unread, self._next):
            if due is not None:
                due.cancel()
        if self._network is not None:
            _open[self._network] -= 1
            if not _open[self._network]:
                del _open[self._network]
        self._said.clear()
        self._chunks.clear()
        self.pipeline.clear()
        self._give_up()
        super().connection_lost(exc)

    # What is said: a timer runs while no request is under way, and bytes alone don't stop it.

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing() or self._refusal is not None:
            return
        if self._next is None and not self._said and not self.pipeline and _is_piece(data):
            self._look_at(data)
            self._go_on()
            return
        self._said += data
        if self._next is None:
            self._read()
        else:
            self._take_more()

    def _look_at(self, piece: bytes) -> None:
        self._head_bytes += len(piece)
        super().data_received(piece)
        self._hand_over()
        if self._head_bytes > _LARGEST_HEAD or len(self.headers or ()) > _MOST_LINES:
            self._refuse(HeadersTooLarge(_LARGEST_HEAD, _MOST_LINES))

    def _read(self) -> None:
        """Look at a piece of what has come; at the next when others have had their turn."""
        self._next = None
        if self._said and not self.pipeline:
            piece = _piece(self._said)
            del self._said[: len(piece)]
            self._look_at(piece)
        self._go_on()

    def _go_on(self) -> None:
        """With what else has come, or till something does."""
        if self._said and not self.pipeline:
            self._next = self.loop.call_soon(self._read)
        elif not self.pipeline and self._late is None and self._is_idle():
            self._expect()
        self._take_more()

    def _take_more(self) -> None:
        """Only as long as little waits to be looked at, or to be read by its request."""
        waits = 0 if self._is_idle() else len(self.cycle.body)
        if len(self._said) > _UNREAD or waits > HIGH_WATER_LIMIT:
            self.flow.pause_reading()
        elif self.flow.read_paused:
            self.flow.resume_reading()

    def _is_idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def on_headers_complete(self) -> None:
        self._head_bytes = 0
        if self._late is not None:
            self._late.cancel()
            self._late = None
        if len(self.url) > _LONGEST_PATH and len(self.url.partition(b"?")[0]) > _LONGEST_PATH:
            self._refuse_whole(HeadersTooLarge(_LONGEST_PATH, _MOST_LINES))
        if len(self.headers) > _MOST_LINES:
            self._refuse_whole(HeadersTooLarge(_LARGEST_HEAD, _MOST_LINES))
        if b"transfer-encoding" in map(_NAME, self.headers):
            self._check_coding()
        super().on_headers_complete()
        scope: dict[str, Any] = self.scope  # type: ignore[assignment]
        scope[HAS_COME] = self.cycle.message_event.is_set
        scope[IS_FOLLOWED] = self._is_followed
        if scope["http_version"] == "1.0":
            self.cycle.transport = Unframed(self.cycle, self.transport)  # type: ignore[assignment]
        if self.parser.should_upgrade():
            # RFC 9110 7.8: who asks for another protocol may be answered in this one. The parser
            # takes what comes next for the other, so nothing can.
            self.cycle.keep_alive = False

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._under_way = cycle
        super()._start_asgi_task(cycle, app)

    def _give_up(self) -> None:
        """Nobody hears the answer that is under way. uvicorn tells only the request behind it."""
        if self._under_way is not None:
            self._under_way.disconnected = True
            self._under_way.message_event.set()

    def _is_followed(self) -> bool:
        return bool(self._said or self.pipeline)

    def _check_coding(self) -> None:
        """RFC 9112 6.3: of others nobody knows where a body ends, or we can't read them."""
        codings = [value for name, value in self.headers if name == b"transfer-encoding"]
        if [value.strip().lower() for value in codings] != [b"chunked"]:
            self._refuse_whole(
                InvalidPayload('The only "Transfer-Encoding" is "chunked"; or send a length')
            )

    def on_body(self, body: bytes) -> None:
        self._head_bytes = 0
        self._chunks.append(body)

    def on_message_complete(self) -> None:
        self._hand_over()
        super().on_message_complete()

    def _hand_over(self) -> None:
        """Give what has come of a body to its request: at once, however small its chunks are."""
        if self._chunks:
            body = b"".join(self._chunks)
            self._chunks.clear()
            super().on_body(body)

    def _unsupported_upgrade_warning(self) -> None:
        """It is answered like any other request."""

    def send_400_response(self, msg: str) -> None:
        self._refuse(InvalidPayload(msg.rstrip(".")))

    def _expect(self) -> None:
        if self.transport.is_closing():
            return
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
        """Answer what has not become a request, after those that have; then close."""
        if self._refusal is not None or self.transport.is_closing():
            return
        self._refusal = error
        self._said.clear()
        if self._is_idle():
            self._say(error)
        elif self.cycle.more_body and self.pipeline:
            self.pipeline.popleft()  # the fault is in its body
        elif self.cycle.more_body:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
            if self.cycle.response_started:
                self._close()
            else:
                self._say(error)

    def _refuse_whole(self, error: AppError) -> NoReturn:
        """The same of a request whose headers are there; the parser stops here."""
        self._refuse(error)
        raise error

    def _say(self, error: AppError) -> None:
        logger.info("a connection of %s is ended: %s", self._network or "a proxy", error.code)
        self.transport.write(_answer(error))
        self._close()

    # What is read of the answers: also of those that a connection is closed after.

    def _close(self) -> None:
        self._said.clear()
        self.transport.close()
        if self._unread is None:
            self._look_again()

    def timeout_keep_alive_handler(self) -> None:
        self._close()

    def on_response_complete(self) -> None:
        is_last = not self.pipeline
        super().on_response_complete()
        if self.transport.is_closing():
            self._close()
        elif is_last and self._refusal is not None:
            self._say(self._refusal)
        elif self._said and self._next is None:
            self._read()

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
            self._give_up()
            self.transport.abort()
        else:
            self._look_again()


def _is_piece(data: bytes) -> bool:
    """Whether it is looked at together."""
    return len(data) <= _READ and data.count(_END_OF_HEAD) < _QUEUED


def _piece(said: bytearray) -> bytes:
    """How `said` begins: so many bytes, and of requests the heads of so many, at most."""
    window = bytes(said[:_READ])
    parts = window.split(_END_OF_HEAD, _QUEUED)
    return window[: -len(parts[-1])] if len(parts) > _QUEUED and parts[-1] else window


def _answer(error: AppError) -> bytes:
    body = written({"errors": error_body([error])})
    head: dict[str, Any] = {
        "content-type": "application/json; charset=utf-8",
        "content-length": len(body),
        "connection": "close",
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    return STATUS_LINE[HTTPStatus(error.status)] + lines.encode() + b"\r\n" + body
