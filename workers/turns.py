"""Accounts take turns at the workers: none waits until all the work of another is done.

A message says only that there may be work; which, the lines say (workers/lines.py). And a thread of
each process is kept from an account that has all others busy with whole jobs, which may take
minutes each: so a single account's work has all threads where it comes in chunks, all but one
where it does not.
"""

import asyncio
from collections import Counter
from itertools import groupby

from app.database.session import Database
from app.queue import news, wake
from workers.chunks import advance, is_outage
from workers.kinds import Kind, all_kinds, kind_named
from workers.lines import Next, next_in_line, stand

MOST_NEWS = 1000
"""Nudges put in line at a time: few enough that nobody waits for it."""

# Whose jobs are. Of no account: the installation's.
OWNERS = """
SELECT {id}::text AS key, coalesce({owner}::text, 'installation') AS owner
FROM {table} WHERE {id} = ANY(%(keys)s)
"""


class Turns:
    """What a worker process of so many threads does next."""

    def __init__(self, threads: int) -> None:
        self._most = max(1, threads - 1)
        self._busy: Counter[str] = Counter()
        self._looking = asyncio.Lock()
        self._owed = 0

    async def work(self, database: Database) -> None:
        """Do one piece of work of whose turn it is, if there is any.

        Raises what `advance` raises, and redis.RedisError: the message is to be repeated then.
        """
        while (job := await self._next(database)) is not None:
            try:
                if await advance(database, _known(job.kind), job.key):
                    return
            except Exception as error:
                if is_outage(error):
                    await asyncio.to_thread(stand, [job])
                raise
            finally:
                await self._done(job)

    async def _next(self, database: Database) -> Next | None:
        async with self._looking:
            await _line_up(database)
            held = [owner for owner, jobs in self._busy.items() if jobs >= self._most]
            whole = [kind.table for kind in all_kinds() if kind.is_whole]
            job, is_held = await asyncio.to_thread(next_in_line, held, whole)
            if job is None:
                self._owed += is_held
            elif _is_whole(job):
                self._busy[job.owner] += 1
            return job

    async def _done(self, job: Next) -> None:
        """Whose jobs were held may go on: the message that found nothing else is sent again."""
        if not _is_whole(job):
            return
        self._busy[job.owner] -= 1
        if self._owed:
            self._owed -= 1
            await asyncio.to_thread(wake, 1)


async def _line_up(database: Database) -> None:
    """Put the jobs that were nudged in the lines of their accounts."""
    nudged = await asyncio.to_thread(news, MOST_NEWS)
    for name, pairs in groupby(nudged, key=lambda pair: pair[0]):
        keys = [key for _, key in pairs]
        owners = await _owners(database, _known(name), keys)
        jobs = [Next(owners[key], name, key) for key in keys if key in owners]
        await asyncio.to_thread(stand, jobs)


async def _owners(database: Database, kind: Kind, keys: list[str]) -> dict[str, str]:
    sql = OWNERS.format(table=kind.table, id=kind.id_column, owner=kind.owner)
    async with database.read() as session:
        # As a text, so that PostgreSQL reads the keys as what the table has.
        rows = await session.fetch_all(sql, {"keys": "{" + ",".join(set(keys)) + "}"})
    return {row["key"]: row["owner"] for row in rows}


def _is_whole(job: Next) -> bool:
    kind = kind_named(job.kind)
    return kind is not None and kind.is_whole


def _known(name: str) -> Kind:
    kind = kind_named(name)
    if kind is None:
        raise LookupError(f"This worker knows no jobs of kind {name!r}: is it too old?")
    return kind
