"""Resources: what answers at one place of a vendor's surface, by method.

@endpoint(scopes=("codes_view",))
async def download(context: RequestContext) -> Response: ...

routes = [*SITE.at("/codes/download", get=download)]
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.errors import AppError, ErrorList, MethodNotAllowed
from app.items.items import Items
from app.items.write.constraint_errors import as_refusal
from app.vendors.surface.context import RequestContext
from app.vendors.surface.errors import NotFound
from app.vendors.surface.principal import NOBODY, Principal
from app.web.requests import path_for_logs

logger = logging.getLogger(__name__)

Handler = Callable[[RequestContext], Awaitable[Response]]
PrincipalOf = Callable[[Request], Awaitable[Principal]]
"""Finds who asks. Raises NotAuthenticated without a credential that the vendor's clients send."""
RenderError = Callable[[AppError | ErrorList, Mapping[str, str]], Response]
"""Shows a refusal in the vendor's shape, with the route's names for our fields."""
RenderCrash = Callable[[], Response]
"""Answers when nobody foresaw what happened."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What answers a method of a route, the scopes it needs, and its names for our fields.

    `is_open`: nobody has to say who they are.
    """

    handler: Handler
    scopes: tuple[str, ...] = ()
    is_open: bool = False
    names: Mapping[str, str] = field(default_factory=dict)


def endpoint(
    *, scopes: tuple[str, ...] = (), is_open: bool = False, names: Mapping[str, str] | None = None
) -> Callable[[Handler], Endpoint]:
    """Make a function that answers a `RequestContext` the endpoint of a route."""

    def make(handler: Handler) -> Endpoint:
        return Endpoint(handler, scopes, is_open, names or {})

    return make


@dataclass(frozen=True, slots=True)
class Manner:
    """How a vendor's surface knows who asks, and how its refusals read."""

    principal_of: PrincipalOf
    render_error: RenderError
    render_crash: RenderCrash


class Resource:
    """The endpoints of one place. The edge of the surface: nothing is raised beyond."""

    def __init__(self, manner: Manner, endpoints: Mapping[str, Endpoint]) -> None:
        """`endpoints`: by method, in capitals."""
        self.manner = manner
        self.endpoints = dict(endpoints)
        if "GET" in endpoints:
            self.endpoints.setdefault("HEAD", endpoints["GET"])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        found = self.endpoints.get(request.method)
        try:
            response = await self._answer(request, found)
        except (AppError, ErrorList) as refused:
            response = self.manner.render_error(refused, found.names if found else {})
        except Exception as error:  # noqa: BLE001 - the edge: logged whole, told in one sentence
            response = self._failed(error, path_for_logs(scope))
        await response(scope, receive, send)

    async def _answer(self, request: Request, found: Endpoint | None) -> Response:
        if all(one.is_open for one in self.endpoints.values()):
            principal = NOBODY
        else:
            principal = await self.manner.principal_of(request)
        allowed = tuple(self.endpoints)
        if request.method == "OPTIONS":
            return Response(status_code=200, headers={"Allow": ", ".join(allowed)})
        if found is None:
            raise MethodNotAllowed(request.method, allowed)
        state, caller = request.state, principal.caller
        # What is open to everybody asks little, and must not wait for the public's slow reads.
        database = state.database if principal is NOBODY else state.database.of(caller.share)
        if principal is not NOBODY:
            state.body.who = caller.share
        await state.body.begin()
        items = Items(database, state.compiler, caller, state.limits, state.readings)
        context = RequestContext(request, principal, items)
        context.require(*found.scopes)
        return await found.handler(context)

    def _failed(self, error: Exception, path: str) -> Response:
        """The answer to what no rule has raised."""
        refused = as_refusal(error)
        if refused is not None:
            return self.manner.render_error(refused, {})
        logger.error("request failed", exc_info=error, extra={"path": path})
        return self.manner.render_crash()


class Nowhere:
    """Answers 404 to every method, in the vendor's shape, when it is the turn of who asks."""

    def __init__(self, manner: Manner) -> None:
        self.manner = manner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal: AppError = NotFound()
        try:
            await scope["state"]["body"].begin()
        except AppError as error:
            refusal = error
        await self.manner.render_error(refusal, {})(scope, receive, send)
