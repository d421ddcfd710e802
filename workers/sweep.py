"""The sweep: find jobs whose work waits although no message may be left for it, and nudge them.

A message can be lost: Redis may lose its data, a worker may die with messages in its memory. The
rows can't, so every few seconds one worker looks for what has been waiting.
"""

import logging
from dataclasses import dataclass

from app.database.session import Database, Session
from app.queue import may_nudge_again, nudge
from workers.chunks import WIDTH
from workers.kinds import Kind, all_kinds

logger = logging.getLogger(__name__)

LONGEST_INTERVAL = 600.0
"""Seconds. A job in a long queue is nudged again after half its waiting time, or after this."""

_LOCK = 0x73776565
"""Advisory lock key ("swee"): one worker sweeps at a time."""

# Many workers at once need not all look.
TRY_LOCK = f"SELECT pg_try_advisory_xact_lock({_LOCK}) AS mine"

# Jobs that are new, or running with chunks that are due: how many, and the seconds since something
# happened (the job was made or changed; a chunk was done or became due). The words are literals,
# so that a partial index over these two statuses serves.
WAITING = """
SELECT job.{id}::text AS key, greatest(chunks.due, 1) AS due,
       extract(epoch FROM now() - coalesce(
         chunks.last, job.date_updated, job.date_created, 'epoch'))::float8 AS age
FROM {table} AS job
LEFT JOIN LATERAL (
  SELECT count(*) FILTER (WHERE done_at IS NULL AND not_before <= now()) AS due,
         max(coalesce(done_at, not_before)) FILTER (WHERE job.{status} = '{running}') AS last
  FROM job_chunk WHERE kind = '{table}' AND job_chunk.job = job.{id}::text
) AS chunks ON true
WHERE job.{status} IN ('{waiting}', '{running}') AND (job.{status} = '{waiting}' OR chunks.due > 0)
ORDER BY age DESC
"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A job with work to do: how many chunks could run now, and for how long nothing happened."""

    key: str
    due: int
    age: float


async def sweep(database: Database, *, patience: float) -> int:
    """Nudge the jobs that nothing has happened to for `patience` seconds; how many these were.

    Raises redis.RedisError or a psycopg error when one of them does not answer.
    """
    async with database.write() as session:
        if not await session.fetch_value(TRY_LOCK):
            return 0
        found = [(kind, job) for kind in all_kinds() for job in await _waiting(session, kind)]
        return sum([await _nudge(kind, job) for kind, job in found if job.age >= patience])


async def _waiting(session: Session, kind: Kind) -> list[Waiting]:
    rows = await session.fetch_all(
        WAITING.format(
            table=kind.table,
            id=kind.id_column,
            status=kind.status_column,
            waiting=kind.waiting,
            running=kind.running,
        )
    )
    return [Waiting(**row) for row in rows]


async def _nudge(kind: Kind, job: Waiting) -> bool:
    interval = min(max(job.age / 2, 1.0), LONGEST_INTERVAL)
    if not await may_nudge_again(kind.table, job.key, interval):
        return False
    await nudge(kind.table, *[job.key] * min(job.due, WIDTH))
    logger.info("%s %s waited %.0f s: nudged.", kind.table, job.key, job.age)
    return True
