"""Whose turn a request waits for, whichever surface it is for (`app.rest.turns`)."""

from collections.abc import Callable, Hashable

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app.access.networks import network_of
from app.database.gate import Gate
from app.errors import RequestsExceeded, TooManyWaiting
from app.rest.middleware import VENDORS, address_of, is_scan
from app.rest.turns import Body, Turns

_MOST_LARGE = 2
"""Large bodies at a time, of each account, in each web process."""


class InTurn:
    """Begins each request when it is its turn, and gives it its `state.body`.

    Surfaces of other products know their callers later, and call `Body.begin` themselves.
    """

    def __init__(
        self,
        app: ASGIApp,
        patience: float,
        shown: Callable[[Scope, RequestsExceeded], Response],
    ) -> None:
        self.app = app
        self._turns = Turns(patience)
        self._large = Gate("large requests", _MOST_LARGE, patience)
        self._shown = shown

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        who = _who(scope)
        scope["state"]["body"] = body = Body(receive, self._turns, self._large, who)
        if not self._turns.has_come() and not scope["path"].startswith(VENDORS):
            try:
                await self._turns.wait(who)
            except TooManyWaiting as refusal:
                await self._shown(scope, refusal)(scope, receive, send)
                return
        try:
            await self.app(scope, receive, send)
        finally:
            body.leave()


def _who(scope: Scope) -> Hashable:
    """Whose turn it is: of whom nobody knows, each network's, and that of its scans."""
    state = scope["state"]
    caller = state["items"].caller
    if not caller.is_anonymous:
        share: Hashable = caller.share
        return share
    return network_of(address_of(scope, state["settings"])), is_scan(scope)
