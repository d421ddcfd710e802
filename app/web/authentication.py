"""Authentication: finds the caller of a request and hands its routes their door.

Each surface names how its callers are found: by a Directus token, or not at all.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from urllib.parse import unquote_plus

import psycopg
from starlette.types import ASGIApp, Receive, Scope, Send

from app.access.caller import ANONYMOUS, Caller
from app.access.known import KnownCallers
from app.access.tokens import presented
from app.errors import AppError, InvalidCredentials, InvalidToken
from app.items.items import Items
from app.items.write.constraint_errors import as_refusal
from app.web.clients import client_of
from app.web.cookies import SESSION_COOKIE, cookie, cookie_scope
from app.web.requests import header
from app.web.responses import error_response

CallerOf = Callable[[Scope], Awaitable[Caller]]
"""How the caller of a request is found. Raises AppError for credentials that are no good."""

_PATIENCE = 2.0
"""Seconds that a health check waits for the database before it is answered as nobody's."""
_BY_QUERY = re.compile(rb"(?:^|&)access_token=([^&]+)")
"""Only this parameter is looked for: nobody knows yet who asks."""


class Authentication:
    """Sets `request.state.items`, the caller's door. Refuses credentials that are no good."""

    def __init__(self, app: ASGIApp, caller_of: CallerOf) -> None:
        self.app = app
        self.caller_of = caller_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            caller = await self.caller_of(scope)
        except AppError as refused:
            response = error_response(refused)
            is_bad = isinstance(refused, InvalidCredentials | InvalidToken)
            if is_bad and cookie(scope, SESSION_COOKIE) is not None:
                # Or no login would work (directus.md 5.1).
                within = cookie_scope(scope["state"]["settings"])
                response.delete_cookie(SESSION_COOKIE, **within)
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


async def nobody(_scope: Scope) -> Caller:
    """Nobody: for routes that are the same for all, and must not fail for a stale session."""
    return ANONYMOUS


async def token_holder(scope: Scope) -> Caller:
    """The user whose Directus token the request has; without a token the public."""
    state = scope["state"]
    by_query = _BY_QUERY.search(scope["query_string"])
    token = presented(
        header(scope, b"authorization"),
        unquote_plus(by_query[1].decode("latin-1")) if by_query else None,
        cookie(scope, SESSION_COOKIE),
    )
    known: KnownCallers = state["callers"]
    return await known.caller(state["database"], token, client_of(scope, state["settings"]))


async def token_holder_soon(scope: Scope) -> Caller:
    """The same; nobody where the database does not answer: its absence is what is asked about."""
    try:
        async with asyncio.timeout(_PATIENCE):
            return await token_holder(scope)
    except (TimeoutError, psycopg.OperationalError):
        return ANONYMOUS
