"""A path with a final slash too many or too few: its asker is sent to the route there is (307)."""

from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.routing import Match, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from app.rest.requests import absolute

_SEPARATORS = "/:@!$&'()*+,;=~"


class Slashes:
    """What no route of a router takes: the other spelling, where a route takes that."""

    def __init__(self, router: Router, otherwise: ASGIApp) -> None:
        self.router = router
        self.otherwise = otherwise

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        other = path.rstrip("/") if path.endswith("/") else f"{path}/"
        if scope["type"] != "http" or not other or not self._is_taken({**scope, "path": other}):
            await self.otherwise(scope, receive, send)
            return
        query = str(scope["query_string"], "latin-1")
        place = quote(other, safe=_SEPARATORS) + (f"?{query}" if query else "")
        await RedirectResponse(absolute(Request(scope), place))(scope, receive, send)

    def _is_taken(self, scope: Scope) -> bool:
        return any(route.matches(scope)[0] is not Match.NONE for route in self.router.routes)
