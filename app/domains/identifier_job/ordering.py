"""Jobs that another domain orders: made as any job, whatever its caller may do to jobs itself."""

from dataclasses import replace
from functools import lru_cache
from typing import Any

from app.access.caller import Caller
from app.database.session import WriteSession
from app.database.tables import METADATA
from app.domains.identifier_job import queries
from app.domains.identifier_job.service import KIND
from app.items.compile.compiler import Compiler
from app.items.write.writer import Writer
from app.queue import nudge
from schema import BUILTIN


async def order_jobs(
    session: WriteSession, caller: Caller, rows: list[dict[str, Any]]
) -> list[str]:
    """Create these jobs within the caller's account; their keys. Raises what creating a job does.

    Who may order something may have it minted: a permission for jobs is not asked for.
    """
    writer = Writer(_compiler(), session, replace(caller, is_admin=True))
    return await writer.create(KIND, rows)


async def stop_jobs(session: WriteSession, keys: list[str], reason: str) -> None:
    """End those of the jobs that have not ended. What a worker makes of them meanwhile is undone.

    A chunk that is running locks its job before it commits, so it sees this; or this waits for it.
    """
    await session.execute(queries.STOP, {"keys": keys, "reason": reason})


async def retry_jobs(session: WriteSession, keys: list[str]) -> None:
    """Let those of the jobs that failed begin again: they make what is missing."""
    rows = await session.fetch_all(queries.RETRY, {"keys": keys})
    again = [row["id"] for row in rows]
    if again:
        session.after_commit(lambda: nudge(KIND, *again))


@lru_cache(maxsize=1)
def _compiler() -> Compiler:
    return Compiler(BUILTIN, METADATA)
