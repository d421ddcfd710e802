"""Whether the parts of the installation answer (directus.md 10)."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from app.access.caller import Caller
from app.database.session import Database
from app.queue import ping, worker_count
from app.storage import Storage
from schema.snapshot_writing import DIRECTUS

_PATIENCE = 5.0
"""Seconds a check may take before it counts as failed."""


async def health(
    database: Database, storage: Storage, caller: Caller, address: str
) -> dict[str, Any]:
    """`status`: ok, warn or error. Admins are told each check, too, and whose answers these are.

    `address`: where clients reach the server.
    """
    checks = dict(
        zip(
            ("pg:responseTime", "redis:responseTime", "storage:responseTime", "worker:count"),
            await asyncio.gather(
                _timed("datastore", lambda: _database(database)),
                _timed("cache", ping),
                _timed("objectstore", lambda: _storage(storage)),
                _workers(),
            ),
            strict=True,
        )
    )
    statuses = {check["status"] for check in checks.values()}
    told: dict[str, Any] = {
        "status": next(word for word in ("error", "warn", "ok") if word in statuses)
    }
    if caller.is_admin:
        told |= {"releaseId": DIRECTUS, "serviceId": address}
        told["checks"] = {name: [check] for name, check in checks.items()}
    return told


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
