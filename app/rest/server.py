"""`/server/ping`, `/server/health` and `/server/info` (directus.md 10)."""

import orjson
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from app.domains.server.health import health
from app.domains.server.info import info
from app.web.requests import absolute
from app.web.responses import data_response


async def ping_endpoint(_request: Request) -> Response:
    return PlainTextResponse("pong", media_type="text/html; charset=utf-8")


async def health_endpoint(request: Request) -> Response:
    """Whether the parts answer: 200 ok or warn, 503 error. Admins see each check."""
    state = request.state
    told = await health(state.database, state.storage, state.items.caller, absolute(request))
    return Response(
        orjson.dumps(told),
        status_code=503 if told["status"] == "error" else 200,
        media_type="application/health+json; charset=utf-8",
        headers={"Cache-Control": "no-cache"},
    )


async def info_endpoint(request: Request) -> Response:
    """How the project is called and shown; to users also what bounds their requests."""
    told = await info(request.state.items, request.state.settings)
    return data_response(orjson.dumps(told))


ping_routes = [Route("/server/ping", ping_endpoint, methods=["GET"])]
health_routes = [Route("/server/health", health_endpoint, methods=["GET"])]
routes = [Route("/server/info", info_endpoint, methods=["GET"])]
