"""Large bodies: a few of each account at a time.

Reading one and looking at what is in it takes the time of all whom this process serves, long before
a statement comes of it. So the others of the same account wait until the first are answered.
"""

from collections.abc import Hashable

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from app.database.gate import Gate

LARGE = 64 * 1024
"""Bytes."""
MOST = 2
"""At a time, of each account, in each web process."""


class Body:
    """A request's body, and its place among those of its account that are large.

    `whole`: its bytes, once they are read. `who`: whose share it takes (`Caller.share`).
    """

    __slots__ = ("_gate", "_is_inside", "_receive", "who", "whole")

    def __init__(self, receive: Receive, gate: Gate, who: Hashable) -> None:
        self.whole: bytes | None = None
        self.who = who
        self._receive = receive
        self._gate = gate
        self._is_inside = False

    async def read(self, size: float) -> bytes:
        """Read it; if so many bytes are large, when it is its turn.

        Raises TooManyAtOnce when that does not come in time, ClientDisconnect.
        """
        if size > LARGE:
            if not self._gate.entered(self.who):
                await self._gate.wait(self.who)
            self._is_inside = True
        parts, more = [], True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            parts.append(message.get("body", b""))
            more = message.get("more_body", False)
        self.whole = b"".join(parts)
        return self.whole

    def leave(self) -> None:
        if self._is_inside:
            self._is_inside = False
            self._gate.leave(self.who)


class LargeBodies:
    """Gives each request its `state.body`, and the place back when it is answered."""

    def __init__(self, app: ASGIApp, patience: float) -> None:
        self.app = app
        self._gate = Gate("large requests", MOST, patience)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        state = scope["state"]
        state["body"] = body = Body(receive, self._gate, state["items"].caller.share)
        try:
            await self.app(scope, receive, send)
        finally:
            body.leave()
