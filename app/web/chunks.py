"""Answers of unknown length to clients of HTTP/1.0, which know no chunks (RFC 9112 7.1).

uvicorn writes chunks all the same. Here they are taken out of their frames, and the connection ends
with the answer.
"""

import asyncio
from typing import Any

_CHUNKED, _CLOSED = b"\r\ntransfer-encoding: chunked\r\n", b"\r\nconnection: close\r\n"


class Unframed:
    """The transport of one answer."""

    __slots__ = ("_cycle", "_has_begun", "_transport")

    def __init__(self, cycle: Any, transport: asyncio.Transport) -> None:
        """`cycle`: uvicorn's, of the request that is answered."""
        self._cycle = cycle
        self._transport = transport
        self._has_begun = False

    def write(self, data: bytes) -> None:
        if self._cycle.chunked_encoding:
            if self._has_begun:
                data = _body_of(data)
            elif self._cycle.response_started:
                self._has_begun, self._cycle.keep_alive = True, False
                data = data.replace(_CHUNKED, _CLOSED)
        self._transport.write(data)

    def close(self) -> None:
        self._transport.close()

    def is_closing(self) -> bool:
        return self._transport.is_closing()


def _body_of(chunk: bytes) -> bytes:
    """What is in a chunk: nothing in the last, which may come with another."""
    length, _, rest = chunk.partition(b"\r\n")
    return rest[: int(length or b"0", 16)]
