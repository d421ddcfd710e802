"""The GraphQL schemas as text, for callers with a token (directus.md 10)."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.access.caller import Caller
from app.errors import Forbidden


class Sdl:
    """The texts of the schemas by scope, once they are built: one of them shows the others."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}

    def text(self, scope: str, caller: Caller) -> str:
        """The SDL of a scope. Raises Forbidden for anonymous callers."""
        if caller.is_anonymous:
            raise Forbidden
        return self.texts[scope]

    def routes(self) -> list[Route]:
        """`/server/specs/graphql` and one route for each scope: the SDL as a file."""
        each = [self._route(f"/server/specs/graphql/{scope}", scope) for scope in self.texts]
        return [*each, self._route("/server/specs/graphql", "items")]

    def _route(self, path: str, scope: str) -> Route:
        async def specs(request: Request) -> Response:
            text = self.text(scope, request.state.items.caller)
            disposition = f'attachment; filename="{scope}_schema.graphql"'
            headers = {"Content-Disposition": disposition, "Cache-Control": "no-cache"}
            return Response(text, headers=headers, media_type="application/graphql; charset=utf-8")

        return Route(path, specs, methods=["GET"])
