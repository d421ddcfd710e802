"""Heads: that of an answer is written together with its body, in one packet.

uvicorn writes the one and then the other, and the second write costs a small answer a twentieth of
its time: the kernel wakes the client for each.
"""

import asyncio
from typing import Any


class HeadWithBody:
    """The transport of one answer. A head that says how long the body is waits for it."""

    __slots__ = ("_cycle", "_has_begun", "_head", "_transport")

    def __init__(self, cycle: Any, transport: asyncio.Transport) -> None:
        """`cycle`: uvicorn's, of the request that is answered."""
        self._cycle = cycle
        self._transport = transport
        self._head = b""
        self._has_begun = False

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
