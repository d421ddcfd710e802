"""Real worker processes: killed, stopped, doubled, cut off from their queue and database."""

import asyncio
import time

import pytest
import redis

from app import domains
from app.access.caller import SYSTEM, Caller
from app.database.session import Database
from app.database.tables import METADATA
from app.errors import FailedValidation
from app.items.compile.compiler import Compiler
from app.items.write.writer import Writer
from app.queue import may_nudge_again, nudge, worker_count
from schema import BUILTIN
from workers.identifier_job import IdentifierJobs
from workers.kinds import register_kind
from workers.sweep import sweep

COMPILER = Compiler(BUILTIN, METADATA)


def assert_exact(plant, job: str, quantity: int) -> None:
    """The quantity, no more and no less; the key is unique, so all are distinct."""
    assert (plant.count(job), plant.created(job)) == (quantity, quantity)
    undone = "SELECT count(*) FROM job_chunk WHERE job = %s AND done_at IS NULL"
    assert plant.value(undone, job) == 0
    minted = "SELECT sum(quantity) FROM code_range WHERE identifier_job = %s AND minted_at <= now()"
    assert plant.value(minted, job) == quantity
    assert plant.value("SELECT max(attempts) FROM job_chunk WHERE job = %s", job) == 0


def test_a_nudged_job_is_done_at_once_and_the_worker_is_counted(plant):
    worker = plant.worker(SWEEP_SECONDS=600)
    plant.wait_until(lambda: asyncio.run(worker_count()))
    jobs = [
        plant.job(quantity=100),
        plant.job(quantity=100, type="grai"),
        plant.job(quantity=100, type="sscc", sscc_company_prefix="0614141"),
        plant.job(quantity=0, status="complete"),
    ]
    begun = time.monotonic()
    asyncio.run(nudge("identifier_job", *jobs))
    for job in jobs[:3]:
        plant.wait_for(job)
        assert_exact(plant, job, 100)
    assert time.monotonic() - begun < 10
    assert asyncio.run(worker_count()) == 1
    assert worker.stop() == 0
    assert asyncio.run(worker_count()) == 0


async def test_a_job_written_through_items_is_announced(plant, database: Database):
    domains.register()
    plant.worker(SWEEP_SECONDS=600)
    caller = Caller(account=plant.account, is_admin=True)
    async with database.write() as session:
        writer = Writer(COMPILER, session, caller)
        payload = {"quantity": 100, "product": plant.product}
        [job] = await writer.create("identifier_job", [payload])
    plant.wait_for(job)
    async with database.write() as session:
        writer = Writer(COMPILER, session, caller)
        with pytest.raises(FailedValidation, match="before anything is minted"):
            await writer.update("identifier_job", [(job, {"quantity": 120})])
    plant.connection.execute("UPDATE identifier_job SET quantity = 120")
    async with database.write() as session:
        writer = Writer(COMPILER, session, caller)
        await writer.update("identifier_job", [(job, {"status": "new"})])
    plant.wait_until(lambda: plant.created(job) == 120)
    assert_exact(plant, job, 120)


def test_a_worker_ends_with_its_parent(plant):
    worker = plant.worker()
    plant.wait_for(plant.job())
    worker.process.kill()
    worker.process.wait()
    plant.wait_until(lambda: not asyncio.run(worker_count()), seconds=10)


def test_a_killed_worker_has_lost_and_repeated_nothing(plant):
    """1,000,000 codes, the power cut in the middle, then another worker."""
    job = plant.job(quantity=1_000_000, length=10)
    worker = plant.worker(CHUNK_SIZE=25_000)
    plant.wait_for_progress(job, 200_000)
    worker.kill()
    done = plant.created(job)
    assert done < 1_000_000
    plant.worker(CHUNK_SIZE=25_000)
    begun = time.monotonic()
    plant.wait_for_progress(job, done + 1)
    assert time.monotonic() - begun < 10, "it goes on within seconds"
    plant.wait_for(job)
    assert_exact(plant, job, 1_000_000)


def test_workers_share_a_job_and_one_may_leave(plant):
    job = plant.job(quantity=200_000)
    workers = [plant.worker(CHUNK_SIZE=5_000) for _ in range(2)]
    plant.wait_for_progress(job)
    assert workers[0].stop() == 0
    plant.wait_for(job)
    assert_exact(plant, job, 200_000)


@pytest.mark.parametrize("keep", [True, False], ids=["kept", "wiped"])
def test_a_queue_that_comes_back_has_cost_nothing(plant, keep: bool):
    plant.valkey.stop()
    plant.valkey.keep = keep
    plant.valkey.start()
    job = plant.job(quantity=200_000)
    plant.worker(CHUNK_SIZE=5_000)
    plant.wait_for_progress(job)
    plant.valkey.stop()
    assert plant.status(job) == "in_progress"
    other = plant.job(quantity=100)
    time.sleep(1)
    plant.valkey.start()
    plant.wait_for(job)
    plant.wait_for(other)
    assert_exact(plant, job, 200_000)


def test_a_worker_outlives_its_database_connections(plant):
    job = plant.job(quantity=200_000)
    plant.worker(CHUNK_SIZE=5_000)
    for created in (1, 50_000, 100_000):
        plant.wait_for_progress(job, created)
        plant.connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    plant.wait_for(job)
    assert_exact(plant, job, 200_000)


def test_a_worker_starts_without_queue_and_database(plant):
    plant.valkey.stop()
    job = plant.job()
    plant.server.execute(f"ALTER DATABASE {plant.name} ALLOW_CONNECTIONS false")
    worker = plant.worker()
    time.sleep(2)
    assert worker.process.poll() is None
    plant.valkey.start()
    time.sleep(1)
    plant.server.execute(f"ALTER DATABASE {plant.name} ALLOW_CONNECTIONS true")
    plant.wait_for(job)


def test_a_worker_without_a_database_can_be_stopped(plant):
    plant.server.execute(f"ALTER DATABASE {plant.name} ALLOW_CONNECTIONS false")
    worker = plant.worker()
    asyncio.run(nudge("identifier_job", "6d6cb08a-0000-4000-8000-039e350eef1e"))
    time.sleep(2)
    begun = time.monotonic()
    assert worker.stop() == 0
    assert time.monotonic() - begun < 10


async def test_a_deleted_job_stops_and_its_codes_stay(plant, database: Database):
    domains.register()
    job = plant.job(quantity=500_000)
    plant.worker(CHUNK_SIZE=5_000)
    plant.wait_for_progress(job, 10_000)
    async with database.write() as session:
        assert await Writer(COMPILER, session, SYSTEM).delete("identifier_job", [job]) == [job]
    plant.wait_until(lambda: plant.value("SELECT count(*) FROM job_chunk") == 0)
    codes = plant.value("SELECT count(*) FROM unique_code WHERE identifier_job IS NULL")
    assert 10_000 <= codes < 500_000
    assert codes % 5_000 == 0
    assert plant.value("SELECT sum(quantity) FROM code_range WHERE minted_at <= now()") == codes
    assert plant.value("SELECT count(*) FROM code_range WHERE minted_at IS NULL") == 0


def test_a_job_stopped_by_hand_goes_on_when_it_is_new_again(plant):
    job = plant.job(quantity=200_000)
    plant.worker(CHUNK_SIZE=5_000)
    plant.wait_for_progress(job, 10_000)
    plant.connection.execute("UPDATE identifier_job SET status = 'error'")
    time.sleep(0.5)
    created = plant.created(job)
    assert (plant.status(job), plant.count(job)) == ("error", created)
    plant.connection.execute("UPDATE identifier_job SET status = 'new'")
    asyncio.run(nudge("identifier_job", job))
    plant.wait_for(job)
    assert_exact(plant, job, 200_000)


async def test_the_sweep_asks_once_and_then_less_and_less(plant, database: Database):
    register_kind(IdentifierJobs())
    job = plant.job()
    assert await sweep(database, patience=60) == 0, "a new job is given time"
    plant.connection.execute("UPDATE identifier_job SET date_created = now() - interval '1 min'")
    assert await sweep(database, patience=5) == 1
    assert await sweep(database, patience=5) == 0
    assert not await may_nudge_again("identifier_job", job, 1)
    plant.valkey.stop()
    with pytest.raises(redis.RedisError):
        await sweep(database, patience=5)
    plant.valkey.start()
    assert await sweep(database, patience=5) == 1, "a wiped queue is filled again"


async def test_one_worker_sweeps_at_a_time(plant, database: Database):
    register_kind(IdentifierJobs())
    plant.job()
    async with database.write() as session:
        assert await session.fetch_value(
            "SELECT pg_try_advisory_xact_lock(%(key)s)", {"key": 0x73776565}
        )
        assert await sweep(database, patience=0) == 0
    assert await sweep(database, patience=0) == 1


async def test_a_request_does_not_fail_for_want_of_the_queue(plant, caplog):
    plant.valkey.stop()
    await nudge("identifier_job", "6d6cb08a-0000-4000-8000-039e350eef1e")
    assert "the sweep will find identifier_job 6d6cb08a" in caplog.text
