"""The resolver: GS1 Digital Links and short links of codes (systems.md 1.8, 7.1).

Public: whoever holds a printed code may scan it. `linkType` and other queries change nothing.
"""

import re
from urllib.parse import quote, unquote

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocketClose

from app.codes.errors import CodeError
from app.domains.scan.devices import device_of
from app.domains.scan.scanned_key import ScannedKey, of_link_path, of_short_link
from app.domains.scan.service import Circumstances, Seen, is_domain, look, scan
from app.errors import RouteNotFound
from app.scan_pages.page import answer, leads_on, malformed, page, redirected
from app.web.authentication import nobody
from app.web.bodies import BodyRules
from app.web.clients import client_of
from app.web.requests import header
from app.web.robots import is_robot
from app.web.surface import Surface, Surfaces

APP = "resolver"
"""`scan.app` of what a phone's own camera scanned."""

_KEYS = ("00", "01", "253", "255", "401", "402", "414", "415", "417", "8003", "8004", "8006")
"""Application identifiers of GS1 keys: first words of no other route."""
_ICONS = ("favicon.ico", "apple-touch-icon.png", "apple-touch-icon-precomposed.png")
_COUNTRY = re.compile(r"[A-Za-z]{2}")
_NOWHERE = frozenset({"xx", "zz"})


async def link_endpoint(request: Request) -> Response:
    """`/01/<gtin>/21/<serial>`, `/01/<gtin>`, `/00/<sscc>`, `/8003/<grai>`.

    `/r/<short domain>/<code>`: a short link where its domain leads elsewhere.
    """
    try:
        key = of_link_path(_raw_path(request.scope))
    except CodeError:
        return malformed(as_json=_wants_json(request.scope))
    return await _resolved(request, key)


async def robots_endpoint(_request: Request) -> Response:
    """No search engine has any business with codes (RFC 9309 2.2)."""
    return PlainTextResponse("User-agent: *\nDisallow: /\n")


async def no_icon_endpoint(request: Request) -> Response:
    """What browsers ask every host for is no code that somebody scanned."""
    raise RouteNotFound(request.url.path)


async def unrouted(scope: Scope, receive: Receive, send: Send) -> None:
    """What no route takes: perhaps a short code, asked for at its own domain.

    Raises RouteNotFound for all else.
    """
    if scope["type"] != "http":
        await WebSocketClose()(scope, receive, send)
        return
    request = Request(scope, receive)
    segments = _raw_path(scope).rstrip("/").split("/")
    if scope["method"] not in {"GET", "HEAD"} or len(segments) != 2:  # noqa: PLR2004 - /<code>
        raise RouteNotFound(scope["path"])
    host = header(scope, b"host").rpartition("@")[2].partition(":")[0]
    domain = host.lower().removesuffix(".")
    if not domain or not await is_domain(request.state.database, domain):
        raise RouteNotFound(scope["path"])
    try:
        key = of_short_link(domain, unquote(segments[1]))
    except CodeError:
        response = malformed(as_json=_wants_json(scope))
    else:
        response = await _resolved(request, key)
    await response(scope, receive, send)


async def _resolved(request: Request, key: ScannedKey) -> Response:
    scope, database = request.scope, request.state.database
    if not key.key.startswith("/") and key.serial in request.state.reserved:
        return malformed(as_json=_wants_json(scope))
    around = _around(request)
    seen: Seen
    if scope["method"] == "HEAD" or is_robot(scope):
        seen = await look(database, key, around)
    else:
        seen = await scan(database, key, around)
    if _wants_json(scope):
        return answer(seen)
    if seen.link is not None and leads_on(seen.judgement.status):
        return redirected(seen.link)
    return page(seen)


def _around(request: Request) -> Circumstances:
    settings = request.state.settings
    client = client_of(request.scope, settings)
    agent = client.user_agent
    country = None
    if settings.trust_proxy:  # else anybody could say so
        given = header(request.scope, b"cf-ipcountry").strip()
        if _COUNTRY.fullmatch(given) and given.lower() not in _NOWHERE:
            country = given.lower()
    device = device_of(client, settings.secret)
    return Circumstances(APP, country, agent.replace("\x00", "") if agent else None, device)


def _wants_json(scope: Scope) -> bool:
    accepted = header(scope, b"accept").lower()
    return "application/json" in accepted and "text/html" not in accepted


def _raw_path(scope: Scope) -> str:
    """The path as it came: a %2F in a serial is no slash between segments."""
    raw = scope.get("raw_path")
    if raw is None:
        return quote(scope["path"])
    return str(raw, "latin-1").partition("?")[0]


_scans = [Route(f"/{word}/{{rest:path}}", link_endpoint, methods=["GET"]) for word in (*_KEYS, "r")]
_files = [
    Route("/robots.txt", robots_endpoint, methods=["GET"]),
    *(Route(f"/{name}", no_icon_endpoint, methods=["GET"]) for name in _ICONS),
]


def scan_surfaces(surfaces: Surfaces) -> list[Surface]:
    """Scans are everybody's: a stale session must not be in the way of one."""
    return [
        surfaces.surface(_scans, caller_of=nobody, body=BodyRules(is_of_scans=True)),
        surfaces.surface(_files),
    ]
