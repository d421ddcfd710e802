"""A path with a final slash too many or too few is the route there is, answered directly."""

from starlette.routing import Match, Router
from starlette.types import ASGIApp, Receive, Scope, Send


class Slashes:
    """What no route of a router takes: the other spelling, where a route takes that.

    Nobody is sent there: clients lose bodies and tokens on the way, or don't follow at all.
    """

    def __init__(self, router: Router, otherwise: ASGIApp) -> None:
        self.router = router
        self.otherwise = otherwise

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        other = {**scope, "path": path.rstrip("/") if path.endswith("/") else f"{path}/"}
        if scope["type"] == "http" and other["path"] and self._is_taken(other):
            await self.router(other, receive, send)
        else:
            await self.otherwise(scope, receive, send)

    def _is_taken(self, scope: Scope) -> bool:
        return any(route.matches(scope)[0] is not Match.NONE for route in self.router.routes)
