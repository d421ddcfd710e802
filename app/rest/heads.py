"""Heads: that of an answer is written together with its body, in one packet.

uvicorn writes the one and then the other, and the second write costs a small answer a twentieth of
its time: the kernel wakes the client for each.

Clients of HTTP/1.0 know no chunks (RFC 9112 7.1), which uvicorn writes all the same: theirs are
taken out of their frames, and the connection ends with them.
"""

import asyncio
from typing import Any

_CHUNKED, _CLOSED = b"\r\ntransfer-encoding: chunked\r\n", b"\r\nconnection: close\r\n"


class HeadWithBody:
    """The transport of one answer. A head that says how long the body is waits for it."""

    __slots__ = ("_cycle", "_has_begun", "_head", "_in_chunks", "_transport")

    def __init__(self, cycle: Any, transport: asyncio.Transport) -> None:
        """`cycle`: uvicorn's, of the request that is answered."""
        self._cycle = cycle
        self._transport = transport
        self._head = b""
        self._has_begun = self._in_chunks = False

    def write(self, data: bytes) -> None:
        """Write, or nothing to a client that is gone: uvicorn tells one of its requests only."""
        if self._transport.is_closing():
            return
        if self._head:
            data, self._head = self._head + data, b""
        elif not self._has_begun and self._cycle.response_started:
            self._has_begun = True
            if self._has_body_of_known_length():
                self._head = data
                return
            if self._cycle.chunked_encoding and self._cycle.scope["http_version"] == "1.0":
                self._in_chunks, self._cycle.keep_alive = True, False
                data = data.replace(_CHUNKED, _CLOSED)
        elif self._in_chunks:
            data = _body_of(data)
        self._transport.write(data)

    def close(self) -> None:
        if self._head and not self._transport.is_closing():
            self._transport.write(self._head)
            self._head = b""
        self._transport.close()

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def _has_body_of_known_length(self) -> bool:
        """Whether a body follows. Of what is made while it is sent, nobody knows when it begins."""
        cycle = self._cycle
        is_known = cycle.chunked_encoding is False and cycle.expected_content_length > 0
        return is_known and cycle.scope["method"] != "HEAD"


def _body_of(chunk: bytes) -> bytes:
    """What is in a chunk: nothing in the last, which may come with another."""
    length, _, rest = chunk.partition(b"\r\n")
    return rest[: int(length or b"0", 16)]
