"""The engine, called as functions: each chunk exactly once, whatever happens (DESIGN.md 6)."""

import asyncio

import psycopg
import pytest

from app import queue
from app.database.session import Database, WriteSession
from app.domains.identifier_job.service import forget_jobs
from app.settings import settings
from workers import chunks
from workers.chunks import MAX_ATTEMPTS, advance
from workers.identifier_job import IdentifierJobs
from workers.kinds import Chunk

JOBS = IdentifierJobs()


class Clumsy(IdentifierJobs):
    """Identifier jobs whose chunks fail, after writing their codes, as often as told."""

    def __init__(self, failures: int) -> None:
        self.failures = failures

    async def run_chunk(self, session: WriteSession, key: str, chunk: Chunk) -> int:
        created = await super().run_chunk(session, key, chunk)
        if self.failures > 0:
            self.failures -= 1
            raise ZeroDivisionError("the oven is cold")
        return created


class Slow(IdentifierJobs):
    """Identifier jobs that stop in the middle of a chunk until they may go on."""

    def __init__(self) -> None:
        self.begun, self.may_end = asyncio.Event(), asyncio.Event()

    async def run_chunk(self, session: WriteSession, key: str, chunk: Chunk) -> int:
        created = await super().run_chunk(session, key, chunk)
        self.begun.set()
        await self.may_end.wait()
        return created


@pytest.fixture
def plant(plant, monkeypatch):
    monkeypatch.setenv("CHUNK_SIZE", "100")
    settings.cache_clear()
    return plant


async def test_one_message_plans_the_job_and_does_one_chunk(plant, database: Database):
    job = plant.job(quantity=250)
    await advance(database, JOBS, job)
    assert (plant.status(job), plant.created(job), plant.count(job)) == ("in_progress", 100, 100)
    await advance(database, JOBS, job)
    await advance(database, JOBS, job)
    assert (plant.status(job), plant.created(job), plant.count(job)) == ("complete", 250, 250)


async def test_a_job_that_others_hold_is_come_back_to(plant):
    """No thread waits for whoever changes it, such as an import that goes on for minutes."""
    database = Database(plant.database_url, max_size=3, lock_timeout=0.2)
    await database.open()
    job = plant.job(quantity=150)
    try:
        with psycopg.connect(plant.database_url) as holder:
            holder.execute("SELECT FROM identifier_job WHERE id = %s FOR UPDATE", [job])
            assert not await advance(database, JOBS, job)
            assert plant.status(job) == "new"
        while await advance(database, JOBS, job):
            pass
        assert plant.status(job) == "complete"
    finally:
        await database.close()


async def test_messages_beyond_the_last_chunk_do_nothing(plant, database: Database):
    job = plant.job(quantity=150)
    await asyncio.gather(*(advance(database, JOBS, job) for _ in range(4)))
    for _ in range(3):
        await advance(database, JOBS, job)
    assert (plant.status(job), plant.created(job), plant.count(job)) == ("complete", 150, 150)


async def test_many_messages_at_once_share_the_chunks(plant, database: Database):
    job = plant.job(quantity=1000)
    for _ in range(4):
        await asyncio.gather(*(advance(database, JOBS, job) for _ in range(4)))
    assert (plant.status(job), plant.created(job), plant.count(job)) == ("complete", 1000, 1000)


async def test_a_job_that_is_gone_is_nobodys_work(plant, database: Database):
    await advance(database, JOBS, "6d6cb08a-0000-4000-8000-039e350eef1e")


async def test_history_is_left_alone(plant, database: Database):
    for status in ("complete", "error"):
        job = plant.job(status=status)
        await advance(database, JOBS, job)
        assert (plant.status(job), plant.count(job)) == (status, 0)


async def test_a_failed_chunk_leaves_nothing_and_is_done_later(plant, database: Database):
    job, clumsy = plant.job(quantity=100), Clumsy(failures=1)
    await advance(database, clumsy, job)
    assert (plant.status(job), plant.count(job)) == ("in_progress", 0)
    attempts = plant.connection.execute("SELECT attempts, error FROM job_chunk").fetchall()
    assert attempts == [(1, "ZeroDivisionError: the oven is cold")]
    await advance(database, clumsy, job)
    assert plant.count(job) == 0, "it is too early to try again"
    plant.connection.execute("UPDATE job_chunk SET not_before = now()")
    await advance(database, clumsy, job)
    assert (plant.status(job), plant.count(job)) == ("complete", 100)


async def test_a_chunk_that_always_fails_ends_the_job_and_a_retry_makes_the_rest(
    plant, database: Database
):
    job, clumsy = plant.job(quantity=200), Clumsy(failures=0)
    await advance(database, clumsy, job)
    clumsy.failures = MAX_ATTEMPTS
    for _ in range(MAX_ATTEMPTS):
        plant.connection.execute("UPDATE job_chunk SET not_before = now() WHERE done_at IS NULL")
        await advance(database, clumsy, job)
    assert plant.status(job) == "error"
    assert plant.error(job) == (
        "Chunk 1 failed 5 times, the last time with: ZeroDivisionError: the oven is cold"
    )
    first = plant.codes(job)
    assert len(first) == 100
    plant.connection.execute("UPDATE identifier_job SET status = 'new'")
    await advance(database, clumsy, job)
    assert (plant.status(job), plant.created(job), plant.error(job)) == ("complete", 200, "None")
    assert set(first) < set(plant.codes(job))
    assert plant.value("SELECT count(*) FROM code_range WHERE minted_at IS NULL") == 0


async def test_a_retry_of_a_complete_job_completes_at_once(plant, database: Database):
    job = plant.job(quantity=100)
    await advance(database, JOBS, job)
    codes = plant.codes(job)
    plant.connection.execute("UPDATE identifier_job SET status = 'new'")
    await advance(database, JOBS, job)
    assert (plant.status(job), plant.codes(job)) == ("complete", codes)


async def test_a_larger_quantity_makes_only_what_is_missing(plant, database: Database):
    job = plant.job(quantity=100)
    await advance(database, JOBS, job)
    codes = plant.codes(job)
    plant.connection.execute("UPDATE identifier_job SET status = 'new', quantity = 130")
    await advance(database, JOBS, job)
    assert (plant.status(job), plant.created(job)) == ("complete", 130)
    assert set(codes) < set(plant.codes(job))


@pytest.mark.parametrize("status", ["complete", "error", "new"])
async def test_a_job_changed_by_hand_stops_and_the_running_chunk_leaves_nothing(
    plant, database: Database, status: str
):
    job, slow = plant.job(quantity=200), Slow()
    running = asyncio.create_task(advance(database, slow, job))
    await slow.begun.wait()
    # Nobody waits for the chunk: its locks are in nobody's way.
    plant.connection.execute("SET lock_timeout = '1s'")
    plant.connection.execute("UPDATE identifier_job SET status = %s", (status,))
    slow.may_end.set()
    await running
    assert (plant.status(job), plant.count(job)) == (status, 0)


async def test_a_job_queued_again_while_a_chunk_runs_waits_for_it(plant, database: Database):
    job, slow = plant.job(quantity=200), Slow()
    running = asyncio.create_task(advance(database, slow, job))
    await slow.begun.wait()
    plant.connection.execute("UPDATE identifier_job SET status = 'new'")
    await advance(database, JOBS, job)
    assert plant.status(job) == "new"
    slow.may_end.set()
    await running
    for _ in range(3):
        await advance(database, JOBS, job)
    assert (plant.status(job), plant.created(job), plant.count(job)) == ("complete", 200, 200)


async def test_a_job_deleted_while_a_chunk_runs_leaves_what_was_done_before(
    plant, database: Database
):
    job, slow = plant.job(quantity=300), Slow()
    await advance(database, JOBS, job)
    running = asyncio.create_task(advance(database, slow, job))
    await slow.begun.wait()
    async with database.write() as session:
        await session.execute("SET LOCAL lock_timeout = '1s'")
        await session.execute("DELETE FROM identifier_job WHERE id = %(job)s", {"job": job})
        await forget_jobs(session, [job])
    slow.may_end.set()
    await running
    assert plant.value("SELECT count(*) FROM unique_code") == 100
    assert plant.value("SELECT count(*) FROM job_chunk") == 0
    assert plant.column("SELECT quantity FROM code_range") == [100]


async def test_a_lost_connection_is_not_an_attempt(plant, database: Database):
    job, slow = plant.job(quantity=100), Slow()
    running = asyncio.create_task(advance(database, slow, job))
    await slow.begun.wait()
    plant.connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    slow.may_end.set()
    with pytest.raises(psycopg.OperationalError) as lost:
        await running
    assert chunks.is_outage(lost.value)
    assert plant.column("SELECT attempts FROM job_chunk") == [0]
    assert (plant.status(job), plant.count(job)) == ("in_progress", 0)


async def test_a_chunk_in_error_stops_the_others(plant, database: Database):
    job, slow = plant.job(quantity=200), Slow()
    running = asyncio.create_task(advance(database, slow, job))
    await slow.begun.wait()
    clumsy = Clumsy(failures=9)
    for _ in range(MAX_ATTEMPTS):
        plant.connection.execute("UPDATE job_chunk SET not_before = now() WHERE number = 1")
        await advance(database, clumsy, job)
    slow.may_end.set()
    await running
    assert (plant.status(job), plant.count(job)) == ("error", 0)


async def test_long_jobs_have_a_bounded_number_of_messages(plant, database: Database):
    job = plant.job(quantity=100 * 40)
    await advance(database, JOBS, job)
    name = f"{queue.NAMESPACE}:{queue.QUEUE}"
    # One message for each of the chunks 1 to 15, and chunk 0 sent that of chunk 16.
    assert queue.client().llen(name) == chunks.WIDTH
    for done in range(1, 40):
        await advance(database, JOBS, job)
        expected = chunks.WIDTH + min(done, 40 - chunks.WIDTH - 1)
        assert queue.client().llen(name) == expected
    assert (plant.status(job), plant.count(job)) == ("complete", 4000)
