"""Large bodies: a few of each account at a time.

Reading one and looking at what is in it takes the time of all whom this process serves, long before
a statement comes of it. So the others of the same account wait until the first are answered.
"""

from collections.abc import Hashable

from starlette.types import ASGIApp, Receive, Scope, Send

from app.database.gate import Gate

LARGE = 64 * 1024
"""Bytes."""
MOST = 2
"""At a time, of each account, in each web process."""


class LargeBody:
    """A request's place among those of its account that have large bodies.

    `who`: whose share it takes, as soon as that is known (`Caller.share`).
    """

    __slots__ = ("_gate", "_is_inside", "who")

    def __init__(self, gate: Gate) -> None:
        self.who: Hashable = None
        self._gate = gate
        self._is_inside = False

    async def wait(self, size: float) -> None:
        """Wait for its turn, if a body of so many bytes is large; before it is read as JSON.

        Raises TooManyAtOnce when it does not come in time.
        """
        if size <= LARGE or self._is_inside:
            return
        if not self._gate.entered(self.who):
            await self._gate.wait(self.who)
        self._is_inside = True

    def leave(self) -> None:
        if self._is_inside:
            self._is_inside = False
            self._gate.leave(self.who)


class LargeBodies:
    """Gives each request its `state.large_body`, and the place back when it is answered."""

    def __init__(self, app: ASGIApp, patience: float) -> None:
        self.app = app
        self._gate = Gate("large requests", MOST, patience)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        state = scope["state"]
        state["large_body"] = large = LargeBody(self._gate)
        if (items := state.get("items")) is not None:
            large.who = items.caller.share
        try:
            await self.app(scope, receive, send)
        finally:
            large.leave()
