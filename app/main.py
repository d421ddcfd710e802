"""The web application: routes, middleware, lifespan."""

import gc
import resource
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from app import logs
from app.access.known import KnownCallers
from app.access.reserved import reserve
from app.database.session import Bounds, Database
from app.domains.webhook.wanted import WANTED
from app.errors import AppError, ErrorList, RouteNotFound
from app.graphql.endpoint import graphql_routes
from app.items.cache.prepared import PreparedReads
from app.items.query.selection import Limits
from app.rest.surfaces import rest_surfaces
from app.scan_pages.routes import scan_surfaces, unrouted
from app.served import served
from app.settings import GivenSettings, resolved
from app.settings import settings as read_settings
from app.storage import storage_at
from app.vendors.registry import vendor_surfaces
from app.web.bodies import Lines
from app.web.cors import cors
from app.web.rate_limiter import RateLimits
from app.web.request_log import RequestLog
from app.web.responses import error_response, on_app_error, on_database_error, options_response
from app.web.sending import Sending
from app.web.slashes import Slashes
from app.web.surface import Surfaces, routes_of


def create_app(given: GivenSettings) -> Starlette:
    """The application of one installation. Raises MissingSettings where a service is not named."""
    settings = resolved(given)
    what = served(settings)
    compiler = what.compiler

    limits = Limits(
        settings.query_limit_default,
        settings.query_limit_max,
        settings.max_relational_depth,
        settings.max_batch_mutation,
        settings.max_repeated_rows,
    )

    rate_limits = RateLimits(settings)

    # Threads that compute let the event loop in after this, not after five times as long.
    sys.setswitchinterval(0.001)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[dict[str, Any]]:
        callers = KnownCallers(
            settings.secret, accounts="account" in compiler.schema.fields("directus_users")
        )
        WANTED.follow(callers.notices)
        database = Database(
            settings.database_url,
            statement_timeout=settings.statement_timeout,
            lock_timeout=settings.lock_timeout,
            notices=callers.notices,
            bounds=Bounds(
                settings.account_statements,
                settings.account_exports,
                settings.account_patience,
                settings.answer_max_bytes,
            ),
        )
        await database.open()
        reserved = first_words(_app.routes)
        if what.builtin:
            async with database.write() as session:
                await reserve(session, reserved)
        try:
            yield {
                "settings": settings,
                "database": database,
                "callers": callers,
                "compiler": compiler,
                "limits": limits,
                "rate_limits": rate_limits,
                "readings": PreparedReads(),
                "storage": storage_at(settings.s3_url, settings.s3_public_url),
                "reserved": reserved,
            }
        finally:
            await database.close()

    surfaces = Surfaces(settings, rate_limits, Lines(settings))
    application = Starlette(
        # Looked through in this order: what is asked most comes first.
        routes=[
            surfaces.surface(graphql_routes(compiler.schema, settings)),
            *rest_surfaces(surfaces),
            *(vendor_surfaces(surfaces) if what.builtin else ()),
            *(scan_surfaces(surfaces) if what.builtin else ()),
        ],
        middleware=[*cors(settings), Middleware(RequestLog), Middleware(Sending)],
        exception_handlers={
            AppError: on_app_error,
            ErrorList: on_app_error,
            psycopg.Error: on_database_error,
            RecursionError: on_database_error,
            HTTPException: _on_http_exception,
        },
        lifespan=lifespan,
    )
    router = application.router
    router.redirect_slashes = False  # it would lead to wherever the Host header says
    otherwise = unrouted if what.builtin else router.default
    router.default = Slashes(router, surfaces.wrap(otherwise))
    return application


def first_words(routes: Iterable[BaseRoute]) -> set[str]:
    """What the paths of all routes begin with: no code can be asked for there."""
    paths = [path for route in routes_of(routes) if (path := getattr(route, "path", None))]
    words = {path.split("/")[1] for path in paths}
    return {word for word in words if word and not word.startswith("{")}


async def _on_http_exception(request: Request, error: Exception) -> Response:
    """Starlette's own 404 and 405: no such route (Directus answers both alike).

    OPTIONS is answered for every route there is.
    """
    if request.method == "OPTIONS" and isinstance(error, HTTPException) and error.headers:
        return options_response(error.headers.get("Allow", ""))
    return error_response(RouteNotFound(request.url.path))


def _settle() -> None:
    """Schemas stay: looking through them for garbage time and again took a quarter of a request."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


_MOST_FILES = 65_536


def _admit_many() -> None:
    """A connection is an open file, of which many systems allow a thousand unless they are asked.

    Who holds so many connections and says nothing would be the last whom this server hears.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _MOST_FILES if hard == resource.RLIM_INFINITY else min(_MOST_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def __getattr__(name: str) -> Any:
    """`uvicorn app.main:app` builds the application from the environment."""
    if name == "app":
        current = read_settings()
        logs.configure(current)
        _admit_many()
        made = create_app(current)
        _settle()
        return made
    raise AttributeError(name)
