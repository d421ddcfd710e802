"""Pools as what workers do again and again: nobody else has to (systems.md 1.5)."""

from collections.abc import Awaitable, Callable

from app.database.session import Database
from app.domains.code_pool.service import refill
from app.items.compile.compiler import Compiler
from app.settings import settings

LONGEST_INTERVAL = 1.0
"""Seconds. Asking whether a pool is due costs next to nothing; a new pool is filled at once."""


def interval() -> float:
    """Seconds between two looks for a pool that is due; each pool is every POOL_SECONDS."""
    return min(settings().pool_seconds, LONGEST_INTERVAL)


def look_after_pools(compiler: Compiler) -> Callable[[Database], Awaitable[int]]:
    """The action that fills what has run low."""

    async def look(database: Database) -> int:
        return await refill(database, compiler, settings().pool_seconds)

    return look
