"""`/server/ping`, `/server/health` and `/server/info` (directus.md 10)."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from app.access.caller import SYSTEM, Caller
from app.database.session import Database
from app.items.items import Items
from app.items.query import Leaf, Query
from app.queue import ping, worker_count
from app.rest.responses import data_response
from app.settings import Settings
from app.storage import Storage

PROJECT = (
    "project_name project_descriptor project_logo project_color default_appearance "
    "default_theme_light default_theme_dark theme_light_overrides theme_dark_overrides "
    "default_language public_foreground public_favicon public_note custom_css "
    "public_registration public_registration_verify_email public_background"
).split()
"""The settings everybody may know (transcript 298)."""

_PATIENCE = 5.0
"""Seconds a check may take before it counts as failed."""


async def ping_endpoint(_request: Request) -> Response:
    return PlainTextResponse("pong", media_type="text/html; charset=utf-8")


async def health_endpoint(request: Request) -> Response:
    """Whether the parts answer: 200 ok or warn, 503 error. Admins see each check."""
    state = request.state
    checks = dict(
        zip(
            ("pg:responseTime", "redis:responseTime", "storage:responseTime", "worker:count"),
            await asyncio.gather(
                _timed("datastore", lambda: _database(state.database)),
                _timed("cache", ping),
                _timed("objectstore", lambda: _storage(state.storage)),
                _workers(),
            ),
            strict=True,
        )
    )
    statuses = {check["status"] for check in checks.values()}
    status = next(word for word in ("error", "warn", "ok") if word in statuses)
    body: dict[str, Any] = {"status": status}
    caller: Caller = state.items.caller
    if caller.is_admin:
        body["serviceId"] = "mintage"
        body["checks"] = {name: [check] for name, check in checks.items()}
    return Response(
        orjson.dumps(body),
        status_code=503 if status == "error" else 200,
        media_type="application/health+json; charset=utf-8",
        headers={"Cache-Control": "no-cache"},
    )


async def info_endpoint(request: Request) -> Response:
    """How the project is called and shown; to users also what bounds their requests."""
    settings: Settings = request.state.settings
    items: Items = request.state.items
    # Everybody may know this much, whatever he may read of the settings.
    everybody = Items(items.database, items.compiler, SYSTEM)
    shown = tuple(Leaf(name, name) for name in PROJECT)
    project = await everybody.singleton(Query("directus_settings", shown))
    parts = [b'{"project":', project, b',"setupCompleted":true']
    if not items.caller.is_anonymous:
        parts.append(b"," + orjson.dumps(_for_users(settings))[1:-1])
    return data_response(b"".join((*parts, b"}")))


def _for_users(settings: Settings) -> dict[str, Any]:
    return {
        "rateLimit": settings.rate_limiter_enabled
        and {
            "points": settings.rate_limiter_points,
            "duration": settings.rate_limiter_duration,
        },
        "rateLimitGlobal": settings.rate_limiter_global_enabled
        and {
            "points": settings.rate_limiter_global_points,
            "duration": settings.rate_limiter_global_duration,
        },
        "queryLimit": {
            "default": settings.query_limit_default,
            "max": -1 if settings.query_limit_max is None else settings.query_limit_max,
        },
        "websocket": False,
        "files": {"mimeTypeAllowList": None, "maxUploadSize": settings.files_max_upload_size},
        "version": version("mintage"),
    }


async def _database(database: Database) -> None:
    async with database.read() as session:
        await session.fetch_value("SELECT 1")


async def _storage(storage: Storage) -> None:
    await storage.check()


async def _timed(kind: str, check: Callable[[], Awaitable[Any]]) -> dict[str, Any]:
    """How long a check took, in milliseconds, or what went wrong."""
    start = time.perf_counter()
    answer: dict[str, Any] = {"status": "ok", "componentType": kind, "observedUnit": "ms"}
    try:
        async with asyncio.timeout(_PATIENCE):
            await check()
    except Exception as error:  # noqa: BLE001 - whatever failed is what health is there to tell
        answer |= {"status": "error", "output": f"{type(error).__name__}: {error}".strip()[:300]}
    answer["observedValue"] = round((time.perf_counter() - start) * 1000, 3)
    return answer


async def _workers() -> dict[str, Any]:
    """How many worker processes are alive. None is a warning: jobs wait, nothing is lost."""
    answer: dict[str, Any] = {"componentType": "worker", "observedUnit": "processes"}
    try:
        async with asyncio.timeout(_PATIENCE):
            count = await worker_count()
    except Exception as error:  # noqa: BLE001 - as above
        return answer | {"status": "error", "output": f"{type(error).__name__}: {error}"[:300]}
    return answer | {"status": "ok" if count else "warn", "observedValue": count}


routes = [
    Route("/server/ping", ping_endpoint, methods=["GET"]),
    Route("/server/info", info_endpoint, methods=["GET"]),
    Route("/server/health", health_endpoint, methods=["GET"]),
]
