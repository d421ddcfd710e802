"""The engine of long jobs: split into chunks, each of them done exactly once (DESIGN.md 6).

A message says "there may be work for this job"; the rows say whether there is. One transaction
claims a chunk, does it, marks it done and counts it, so a crash, a second message or a second
worker can neither lose nor repeat work. The job's row is locked last, and only then: chunks run
side by side, and whoever cancels or deletes the job waits for none of them.

`date_updated` is left alone: it says when a person changed the job.
"""

import logging
from secrets import randbelow
from typing import Any

import orjson
import psycopg
from psycopg.types.json import Jsonb
from structlog.contextvars import bound_contextvars

from app.codes.errors import CodeError
from app.database.session import Database, WriteSession
from app.errors import AppError, ErrorList
from app.items.hooks import listeners
from app.queue import nudge
from workers.kinds import Chunk, Held, Kind, Piece

logger = logging.getLogger(__name__)

WIDTH = 16
"""Most messages of one job at a time. Chunk n, when done, sends the message of chunk n + WIDTH."""

MAX_ATTEMPTS = 5
LATER = 2.0
"""Seconds, on average, after which a job that others hold is looked at again."""
HELD = (psycopg.errors.LockNotAvailable, Held)
"""What says that others are using what a job needs: it waits, however often."""
REFUSALS = (AppError, ErrorList, CodeError)
"""What trying again does not change: the message of the error is for the job's owner."""

OUTAGE_CLASSES = frozenset({"08", "40", "53", "55", "57", "58"})
"""SQLSTATE classes that say nothing about the job: connections, deadlocks, resources, shutdowns."""

# Read or lock a job.
STATUS = "SELECT {status} FROM {table} WHERE {id} = %(key)s"
LOCK_STATUS = "SELECT {status} FROM {table} WHERE {id} = %(key)s FOR UPDATE"

# Whose a job is, and who asked for it.
WHOSE = "SELECT {owner}::text AS account, user_created FROM {table} WHERE {id} = %(key)s"

# The compare-and-set waiting -> running; the row is locked and has been compared.
START = "UPDATE {table} SET {status} = %(running)s WHERE {id} = %(key)s"

# Before a job is planned (again): take back the chunks nobody is working on.
TAKE_BACK = """
DELETE FROM job_chunk WHERE id IN (
  SELECT id FROM job_chunk WHERE kind = %(kind)s AND job = %(key)s AND done_at IS NULL
  FOR UPDATE SKIP LOCKED)
"""

# What the job has: units made, chunks not done, and whether the chunk at place `then` is waiting.
TALLY = """
SELECT coalesce(sum(created) FILTER (WHERE done_at IS NOT NULL), 0)::bigint AS created,
       count(*) FILTER (WHERE done_at IS NULL) AS undone,
       coalesce(max(number) + 1, 0) AS next_number,
       coalesce(bool_or(number = %(then)s AND done_at IS NULL), false) AS more
FROM job_chunk WHERE kind = %(kind)s AND job = %(key)s
"""

# Store a plan. `not_before` is when it was made: the sweep measures waiting from there.
INSERT_CHUNKS = """
INSERT INTO job_chunk (kind, job, number, amount, payload, not_before)
SELECT %(kind)s, %(key)s, %(first)s + place - 1, (piece->>'amount')::int, piece->'payload', now()
FROM jsonb_array_elements(%(pieces)s) WITH ORDINALITY AS planned (piece, place)
"""

# The next chunk that is due and that no other transaction holds.
CLAIM = """
SELECT id, number, amount, attempts, payload FROM job_chunk
WHERE kind = %(kind)s AND job = %(key)s AND done_at IS NULL
  AND (not_before IS NULL OR not_before <= now())
ORDER BY number LIMIT 1 FOR UPDATE SKIP LOCKED
"""

MARK_DONE = """
UPDATE job_chunk SET done_at = clock_timestamp(), created = %(created)s, error = NULL
WHERE id = %(id)s
"""

# After a failure: count it, keep its text, and wait twice as long each time.
POSTPONE = """
UPDATE job_chunk
SET attempts = %(attempts)s, error = %(error)s, not_before = now() + make_interval(secs => %(wait)s)
WHERE id = %(id)s AND done_at IS NULL
"""


class _Stopped(Exception):
    """Rolls back a chunk whose job somebody has cancelled, deleted or queued again."""


def is_outage(error: BaseException) -> bool:
    """Whether the database (not the job) is the reason: then the work is repeated, not counted."""
    if not isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return False
    if isinstance(error, psycopg.errors.QueryCanceled):
        return False
    return error.sqlstate is None or error.sqlstate[:2] in OUTAGE_CLASSES


async def advance(database: Database, kind: Kind, key: str) -> bool:
    """Plan the job if it is new, then do at most one chunk of it; whether there was anything to do.

    Raises psycopg.OperationalError or InterfaceError when the database is out; nothing is lost
    then, and the message is to be repeated.
    """
    with bound_contextvars(kind=kind.table, job=key):
        async with database.read() as session:
            status = await session.fetch_value(_of(kind, STATUS), {"key": key})
        try:
            if status == kind.waiting:
                await _plan_or_fail(database, kind, key)
            elif status != kind.running:
                logger.debug("%s %s is %s: nothing to do.", kind.table, key, status or "gone")
                return False
            return await _do_one(database, kind, key) or status == kind.waiting
        except HELD:
            # Somebody changes the job, or what its codes lie under, and takes long; or other jobs
            # are about to take the codes. Those would meet again if all of them waited equally.
            logger.info("%s %s is held by others: later.", kind.table, key)
            await nudge(kind.table, key, delay=LATER * (50 + randbelow(100)) / 100)
            return False


async def _plan_or_fail(database: Database, kind: Kind, key: str) -> None:
    try:
        await _plan(database, kind, key)
    except REFUSALS as refusal:
        await _fail(database, kind, key, str(refusal))
    except Exception as error:
        if is_outage(error):
            raise
        logger.exception("%s %s could not be planned.", kind.table, key)
        await _fail(database, kind, key, f"The job could not be planned: {_text(error)}")


async def _plan(database: Database, kind: Kind, key: str) -> None:
    """Split the job into chunks and set it running, if it still waits."""
    names = {"kind": kind.table, "key": key, "then": None}
    async with database.write() as session:
        if await _lock(session, kind, key) != kind.waiting:
            return
        await session.execute(TAKE_BACK, names)
        before = await _one(session, TALLY, names)
        if before["undone"]:
            # A chunk of an earlier plan still runs. It will find the job not running and roll back.
            session.after_commit(lambda: nudge(kind.table, key, delay=1.0))
            return
        pieces = await kind.plan(session, key, before["created"])
        await session.execute(_of(kind, START), {"key": key, "running": kind.running})
        await _store(session, names, before["next_number"], pieces)
        if not pieces:
            await _tell(session, kind, key, "ready")
            await kind.progress(session, key, before["created"], finished=True)
        # One message less than chunks: this very call does the first chunk.
        others = [key] * (min(len(pieces), WIDTH) - 1)
        session.after_commit(lambda: nudge(kind.table, *others))
    logger.info("%s %s: planned %d chunks.", kind.table, key, len(pieces))


async def _store(
    session: WriteSession, names: dict[str, Any], first: int, pieces: list[Piece]
) -> None:
    planned = [{"amount": piece.amount, "payload": piece.payload} for piece in pieces]
    await session.execute(INSERT_CHUNKS, {**names, "first": first, "pieces": Jsonb(planned)})


async def _do_one(database: Database, kind: Kind, key: str) -> bool:
    """Claim the next chunk, and do it; whether there was one."""
    chunk: Chunk | None = None
    try:
        async with database.write() as session:
            chunk = await _claim(session, kind, key)
            if chunk is not None:
                await _do(session, kind, key, chunk)
    except _Stopped:
        logger.info("%s %s was stopped.", kind.table, key)
        await _clean_up(database, kind, key)
    except REFUSALS as refusal:
        await _fail(database, kind, key, str(refusal))
    except Exception as error:
        if chunk is None or is_outage(error) or isinstance(error, HELD):
            raise
        logger.exception("%s %s: chunk %d failed.", kind.table, key, chunk.number)
        await _postpone(database, kind, key, chunk, error)
    return chunk is not None


async def _claim(session: WriteSession, kind: Kind, key: str) -> Chunk | None:
    row = await session.fetch_one(CLAIM, {"kind": kind.table, "key": key})
    if row is None:
        return None
    return Chunk(**{**row, "payload": orjson.loads(row["payload"])})


async def _do(session: WriteSession, kind: Kind, key: str, chunk: Chunk) -> None:
    """Do a claimed chunk, and count it. Raises _Stopped if the job is no longer running."""
    status = await session.fetch_value(_of(kind, STATUS), {"key": key})
    if status != kind.running:
        raise _Stopped
    created = await kind.run_chunk(session, key, chunk)
    if await _lock(session, kind, key) != kind.running:
        raise _Stopped
    await session.execute(MARK_DONE, {"id": chunk.id, "created": created})
    # A statement of its own, so that it sees what committed while we waited for the lock.
    tally = await _one(
        session, TALLY, {"kind": kind.table, "key": key, "then": chunk.number + WIDTH}
    )
    finished = tally["undone"] == 0
    if finished:
        await _tell(session, kind, key, "ready")
    await kind.progress(session, key, tally["created"], finished=finished)
    if tally["more"]:
        session.after_commit(lambda: nudge(kind.table, key))
    logger.info(
        "%s %s: chunk %d done, %d created%s.",
        kind.table,
        key,
        chunk.number,
        tally["created"],
        ", complete" if finished else "",
    )


async def _postpone(
    database: Database, kind: Kind, key: str, chunk: Chunk, error: Exception
) -> None:
    """Let a failed chunk wait; after MAX_ATTEMPTS the job has failed."""
    attempts = chunk.attempts + 1
    wait = 2.0**chunk.attempts
    values = {"id": chunk.id, "attempts": attempts, "error": _text(error), "wait": wait}
    async with database.write() as session:
        await session.execute(POSTPONE, values)
        if attempts < MAX_ATTEMPTS:
            # A little later than the row says: clocks differ.
            session.after_commit(lambda: nudge(kind.table, key, delay=wait + 0.1))
            return
    sentence = f"Chunk {chunk.number} failed {attempts} times, the last time with: {_text(error)}"
    await _fail(database, kind, key, sentence)


async def _fail(database: Database, kind: Kind, key: str, sentence: str) -> None:
    """End the job as failed, unless somebody has ended it before."""
    logger.warning("%s %s failed: %s", kind.table, key, sentence)
    async with database.write() as session:
        if await _lock(session, kind, key) in {kind.waiting, kind.running}:
            await _tell(session, kind, key, "failed")
            await kind.fail(session, key, sentence)


async def _clean_up(database: Database, kind: Kind, key: str) -> None:
    """Whoever deleted the job could not remove the chunk that was running."""
    async with database.write() as session:
        if await _lock(session, kind, key) is None:
            await kind.forget(session, [key])


async def _tell(session: WriteSession, kind: Kind, key: str, what: str) -> None:
    """Tell who listens what has become of a job, as long as its row is there."""
    for listener in listeners():
        whose = await _one(session, _of(kind, WHOSE), {"key": key})
        account, user = whose["account"], whose["user_created"]
        await listener.happened(session, kind.table, what, key, account, user)


def _of(kind: Kind, statement: str) -> str:
    """A statement about the jobs of a kind."""
    names = {"table": kind.table, "id": kind.id_column, "status": kind.status_column}
    return statement.format(**names, owner=kind.owner)


async def _lock(session: WriteSession, kind: Kind, key: str) -> str | None:
    """The status of the job, which nobody can change now; None when it is gone."""
    status = await session.fetch_value(_of(kind, LOCK_STATUS), {"key": key})
    return None if status is None else str(status)


async def _one(session: WriteSession, statement: str, values: dict[str, Any]) -> dict[str, Any]:
    row = await session.fetch_one(statement, values)
    if row is None:  # pragma: no cover - an aggregate without GROUP BY has one row
        raise LookupError("An aggregate came back without a row.")
    return row


def _text(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".strip()
