"""What happens around every request: its id, its caller, its log line, its errors."""

import asyncio
import logging
import re
import time
from collections.abc import Awaitable, Coroutine
from secrets import token_hex
from typing import Any
from urllib.parse import unquote_plus

import psycopg
import structlog
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.access.caller import ANONYMOUS, Caller, Client
from app.access.known import KnownCallers
from app.access.tokens import presented
from app.errors import (
    AppError,
    InvalidCredentials,
    InvalidToken,
)
from app.items.items import Items
from app.items.write.constraint_errors import as_refusal
from app.rest.cookies import cookie
from app.rest.requests import header, path_for_logs
from app.rest.responses import error_response
from app.settings import Settings

logger = logging.getLogger(__name__)
requests = structlog.get_logger()
SESSION_COOKIE = "directus_session_token"
_CLIENT_GONE = 499
"""Logged of a client that left before it had sent all: nobody hears of it."""
_HEALTH = "/server/health"
_PATIENCE = 2.0
"""Seconds who watches waits for the database."""
_OPEN = frozenset({"/server/ping"})
"""Answered before authentication: a bad token doesn't matter there (directus.md 0)."""
VENDORS = ("/api/v2/", "/v2/")
"""Surfaces of other products: they have credentials of their own kinds, and say so themselves."""
_BY_QUERY = re.compile(rb"(?:^|&)access_token=([^&]+)")
"""Nobody knows yet who asks: only this is looked for."""
_SCANNED = re.compile(r"/(?:r|[0-9]{2,4})/")
"""Links of printed codes are for everybody: a stale session must not be in the way of a scan."""
UNCOUNTED = _OPEN
"""What no rate limit is for: who watches the server asks often."""


class RequestLog:
    """Gives each request an id (or takes the caller's), and logs it with status and duration.

    The outer edge: what nobody foresaw is logged whole and told in one sentence.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = header(scope, b"x-request-id")[:128] or token_hex(16)
        structlog.contextvars.bind_contextvars(request_id=request_id)
        start, status = time.perf_counter(), 0

        def send_with_id(message: Message) -> Awaitable[None]:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [
                    *message["headers"],
                    (b"x-request-id", request_id.encode("latin-1")),
                ]
            return send(message)

        try:
            await self.app(scope, receive, send_with_id)
        except ClientDisconnect:
            status = status or _CLIENT_GONE
        except Exception:
            logger.exception("request failed", extra={"path": path_for_logs(scope)})
            if status:
                raise  # the answer has begun: all that is left is to cut it off
            crash = AppError("An unexpected error occurred.")
            await error_response(crash)(scope, receive, send_with_id)
        finally:
            requests.info(
                "request",
                method=scope["method"],
                path=path_for_logs(scope),
                status=status,
                ms=round((time.perf_counter() - start) * 1000, 2),
            )


class Authentication:
    """Finds the caller and hands the routes their door: `request.state.items`."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        try:
            caller = await _caller(scope) if _has_callers(scope) else ANONYMOUS
        except AppError as refused:
            response = error_response(refused)
            if isinstance(refused, InvalidCredentials | InvalidToken):
                _forget_session(scope, response)
            await response(scope, receive, send)
            return
        except psycopg.Error as error:
            refusal = as_refusal(error)
            if refusal is None:
                raise
            await error_response(refusal)(scope, receive, send)
            return
        state = scope["state"]
        state["items"] = Items(
            state["database"].of(caller.share),
            state["compiler"],
            caller,
            state["limits"],
            state["readings"],
        )
        await self.app(scope, receive, send)


def _has_callers(scope: Scope) -> bool:
    """Whether it matters here who asks."""
    path = scope["path"]
    return not (path in _OPEN or path.startswith(VENDORS) or is_scan(scope))


def is_scan(scope: Scope) -> bool:
    """Whether a printed code's link is asked for."""
    return _SCANNED.match(scope["path"]) is not None


async def _watcher(scope: Scope) -> Caller:
    """Who asks for health: nobody, where a database that is away can't say it soon."""
    try:
        async with asyncio.timeout(_PATIENCE):
            return await _holder(scope)
    except (TimeoutError, psycopg.OperationalError):
        return ANONYMOUS


def _caller(scope: Scope) -> Coroutine[Any, Any, Caller]:
    if scope["path"] == _HEALTH:
        return _watcher(scope)
    return _holder(scope)


async def _holder(scope: Scope) -> Caller:
    """Whose token the request has; without one it is the public's."""
    state = scope["state"]
    settings: Settings = state["settings"]
    by_query = _BY_QUERY.search(scope["query_string"])
    bearer = header(scope, b"authorization")
    by_cookie = cookie(scope, SESSION_COOKIE)
    token = presented(
        bearer, unquote_plus(by_query[1].decode("latin-1")) if by_query else None, by_cookie
    )
    known: KnownCallers = state["callers"]
    return await known.caller(state["database"], token, client_of(scope, settings))


def _forget_session(scope: Scope, response: Response) -> None:
    """A session cookie that is no good is cleared: or no login would work (directus.md 5.1)."""
    if cookie(scope, SESSION_COOKIE) is not None:
        response.delete_cookie(SESSION_COOKIE, **cookie_scope(scope["state"]["settings"]))


def cookie_scope(settings: Settings) -> dict[str, Any]:
    """What all our cookies have in common: scripts and other sites can't use them."""
    return {
        "httponly": True,
        "samesite": "lax",
        "secure": settings.cookie_secure,
        "domain": settings.cookie_domain,
    }


def address_of(scope: Scope, settings: Settings) -> str | None:
    """The address of a caller. A proxy's word is taken only where TRUST_PROXY says so."""
    peer = scope.get("client")
    ip = peer[0] if peer else None
    if settings.trust_proxy:
        given = ",".join(Headers(scope=scope).getlist("x-forwarded-for"))
        # The last address is the proxy's word; clients may send the header, too, before it.
        ip = given.rpartition(",")[2].strip() or ip
    return ip


def client_of(scope: Scope, settings: Settings) -> Client:
    """Where a request comes from."""
    ip = address_of(scope, settings)
    agent, origin = header(scope, b"user-agent"), header(scope, b"origin")
    return Client(ip, agent[:1000] or None, origin or None)
