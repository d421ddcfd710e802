"""Rows that another writer holds, and those who wait for them."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import psycopg

_WAITS = """
SELECT EXISTS (SELECT FROM pg_stat_activity
  WHERE datname = current_database() AND wait_event_type = 'Lock')
"""


@asynccontextmanager
async def waiting(
    rows: psycopg.Connection[Any], change: str, values: Any, ask: Coroutine[Any, Any, Any]
) -> AsyncIterator[asyncio.Task[Any]]:
    """Another writer's change, committed at the end of the block; in it `ask` waits for that."""
    with psycopg.connect(rows.info.dsn, password=rows.info.password) as holder:
        holder.execute(change, values)
        asked = asyncio.create_task(ask)
        while rows.execute(_WAITS).fetchone() != (True,):
            if asked.done():
                raise AssertionError(f"It waits for nothing: {asked.result()}")
            await asyncio.sleep(0.01)
        yield asked


def is_free(rows: psycopg.Connection[Any], table: str, key: Any) -> bool:
    """Whether nobody holds the row more than whoever refers to it does."""
    try:
        sql = f"SELECT id FROM {table} WHERE id = %s FOR NO KEY UPDATE NOWAIT"
        assert rows.execute(sql, [key]).fetchone() is not None
    except psycopg.errors.LockNotAvailable:
        return False
    return True
