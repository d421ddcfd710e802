"""GraphiQL, the page a browser gets at /graphql. Served from here: nothing comes from a CDN."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.errors import RouteNotFound

_FILES = Path(__file__).parent / "assets"
_TYPES = {"js": "text/javascript", "css": "text/css"}
_POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self' data:; worker-src 'self' blob:"
)
_HEADERS = {"Cache-Control": "public, max-age=86400"}


def page() -> Response:
    """The page itself. It may load and call nothing but this server."""
    return Response(
        (_FILES / "index.html").read_bytes(),
        media_type="text/html; charset=utf-8",
        headers={"Content-Security-Policy": _POLICY},
    )


async def _asset(request: Request) -> Response:
    name = request.path_params["name"]
    kind = _TYPES.get(name.rpartition(".")[2])
    if kind is None or "/" in name:
        raise RouteNotFound(request.url.path)
    plain, packed = _FILES / name, _FILES / f"{name}.gz"
    if packed.is_file():
        headers = {**_HEADERS, "Content-Encoding": "gzip"}
        return Response(packed.read_bytes(), media_type=kind, headers=headers)
    if plain.is_file():
        return Response(plain.read_bytes(), media_type=kind, headers=_HEADERS)
    raise RouteNotFound(request.url.path)


routes = [Route("/graphql/graphiql/{name}", _asset, methods=["GET"])]
