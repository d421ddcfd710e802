"""Reservations and pools with real workers: killed, doubled, out of codes (systems.md 1.5, 1.6)."""

import asyncio

import pytest

from app import domains
from app.database.session import Database
from app.database.tables import METADATA
from app.items.compile.compiler import Compiler
from app.settings import settings
from app.storage import storage_at
from schema import BUILTIN
from workers.chunks import MAX_ATTEMPTS, advance
from workers.code_reservation import CodeReservations

COMPILER = Compiler(BUILTIN, METADATA)
KIND = CodeReservations(COMPILER)


@pytest.fixture
def stored(plant, s3_url, monkeypatch):
    """The plant with an object storage; makes codes and reservations."""
    monkeypatch.setenv("S3_URL", s3_url)
    settings.cache_clear()
    domains.register()
    plant.environment["S3_URL"] = s3_url
    return plant


def mint(plant, quantity: int) -> None:
    """So many unassigned codes of the product."""
    plant.connection.execute(
        "INSERT INTO unique_code (id, account, code, type, product) "
        "SELECT %s || '/21/' || lpad(n::text, 8, '0'), %s, lpad(n::text, 8, '0'), 'sgtin', %s "
        "FROM generate_series(1, %s) AS n",
        [plant.product, plant.account, plant.product, quantity],
    )


def reserve(plant, quantity: int) -> str:
    """A reservation, as a request that lost its message would leave it; its key."""
    return plant.value(
        "INSERT INTO code_reservation (account, product, quantity, user_created) "
        "VALUES (%s, %s, %s, %s) "
        "RETURNING id::text",
        plant.account,
        plant.product,
        quantity,
        plant.user,
    )


def status(plant, key: str) -> str:
    return plant.value("SELECT status FROM code_reservation WHERE id = %s", key)


def held(plant, key: str) -> int:
    return plant.value(
        "SELECT count(*) FROM unique_code WHERE reservation = %s AND status = 'reserved'", key
    )


async def lines(plant, key: str) -> list[bytes]:
    """The codes in the file of a reservation, without its header."""
    name = plant.value(
        "SELECT filename_disk FROM directus_files AS file "
        "JOIN code_reservation AS r ON r.export_file = file.id WHERE r.id = %s",
        key,
    )
    blocks = await storage_at(settings().s3_url).open(name)
    content = b"".join([block async for block in blocks])
    return content.split(b"\n")[1:]


async def test_a_killed_worker_reserves_nothing_and_the_next_reserves_all(stored):
    """DESIGN.md 6: killed in the middle, then exactly the quantity, and one file."""
    mint(stored, 60_000)
    key = reserve(stored, 50_000)
    for delay in (0.05, 0.3):
        worker = stored.worker()
        stored.wait_until(lambda: status(stored, key) != "new")
        await asyncio.sleep(delay)
        worker.kill()
        assert held(stored, key) in {0, 50_000}  # never a part
    stored.worker()
    stored.wait_until(lambda: status(stored, key) == "complete", 60)
    assert held(stored, key) == 50_000
    assert stored.value("SELECT count(*) FROM unique_code WHERE status = 'unassigned'") == 10_000
    assert stored.value("SELECT count(*) FROM directus_files") == 1
    assert len(await lines(stored, key)) == 50_000


async def test_two_workers_share_no_code(stored):
    """systems.md 1.6: FOR UPDATE SKIP LOCKED; what is left over is an error with a number."""
    mint(stored, 5000)
    keys = [reserve(stored, 450) for _ in range(12)]
    for _ in range(2):
        stored.worker()
    done = {"complete", "error"}
    stored.wait_until(lambda: all(status(stored, key) in done for key in keys), 60)
    complete = [key for key in keys if status(stored, key) == "complete"]
    assert len(complete) == 11
    assert [held(stored, key) for key in complete] == [450] * 11
    [failed] = set(keys) - set(complete)
    assert held(stored, failed) == 0
    error = stored.value("SELECT error_message FROM code_reservation WHERE id = %s", failed)
    assert "450 codes" in error
    assert "50 are unassigned" in error
    written = [line for key in complete for line in await lines(stored, key)]
    assert len(set(written)) == len(written) == 11 * 450


async def test_codes_that_others_hold_are_waited_for(stored, database: Database):
    """Enough are free, but not now: that is no reason to fail for good."""
    mint(stored, 10)
    key = reserve(stored, 8)
    with stored.connection.transaction():
        stored.connection.execute(
            "SELECT FROM unique_code WHERE code <= '00000003' ORDER BY id FOR UPDATE"
        )
        for _ in range(MAX_ATTEMPTS + 1):
            await advance(database, KIND, key)
            assert status(stored, key) == "in_progress"
    assert held(stored, key) == 0
    await advance(database, KIND, key)
    assert (status(stored, key), held(stored, key)) == ("complete", 8)


async def test_a_storage_that_is_away_is_no_fault_of_the_reservation(
    stored, database: Database, monkeypatch
):
    mint(stored, 10)
    key = reserve(stored, 8)
    monkeypatch.setenv("S3_URL", "http://a:b@127.0.0.1:9/away")
    settings.cache_clear()
    await advance(database, KIND, key)
    assert (status(stored, key), held(stored, key)) == ("in_progress", 0)
    for _ in range(MAX_ATTEMPTS - 1):
        stored.connection.execute("UPDATE job_chunk SET not_before = now()")
        await advance(database, KIND, key)
    assert (status(stored, key), held(stored, key)) == ("error", 0)


async def test_who_deletes_it_meanwhile_has_his_codes_back(stored, database: Database):
    """The chunk that runs finds its reservation gone, and leaves nothing."""
    mint(stored, 10)
    key = reserve(stored, 8)
    begun, may_end = asyncio.Event(), asyncio.Event()

    class Slow(CodeReservations):
        async def run_chunk(self, session, key, chunk):
            taken = await super().run_chunk(session, key, chunk)
            begun.set()
            await may_end.wait()
            return taken

    running = asyncio.create_task(advance(database, Slow(COMPILER), key))
    await asyncio.wait_for(begun.wait(), 20)
    stored.connection.execute("SET lock_timeout = '5s'")
    stored.connection.execute("DELETE FROM code_reservation WHERE id = %s", [key])
    may_end.set()
    await running
    assert stored.value("SELECT count(*) FROM unique_code WHERE status = 'unassigned'") == 10
    assert stored.value("SELECT count(*) FROM directus_files") == 0
    assert stored.value("SELECT count(*) FROM job_chunk WHERE kind = 'code_reservation'") == 0


async def test_a_pool_is_filled_drained_and_refills_by_itself(stored):
    """systems.md 1.5: no user and no script has to do anything."""
    pool = stored.value(
        "INSERT INTO code_pool (account, product, min_available, job_quantity) "
        "VALUES (%s, %s, 500, 400) RETURNING id::text",
        stored.account,
        stored.product,
    )
    for _ in range(2):
        stored.worker(POOL_SECONDS=0.2)
    free = "SELECT count(*) FROM unique_code WHERE status = 'unassigned'"
    stored.wait_until(lambda: stored.value(free) == 800, 60)
    key = reserve(stored, 600)
    stored.wait_until(lambda: status(stored, key) == "complete", 60)
    stored.wait_until(lambda: stored.value(free) == 600, 60)
    await asyncio.sleep(1.0)
    assert stored.value("SELECT count(*) FROM unique_code") == 1200
    jobs = stored.column(
        "SELECT quantity FROM identifier_job WHERE status = 'complete' AND reference_id = %s",
        f"pool {pool}",
    )
    assert jobs == [400] * 3
    stored.wait_until(
        lambda: stored.value("SELECT available FROM code_pool WHERE id = %s", pool) == 500
    )
    assert stored.value("SELECT error_message FROM code_pool WHERE id = %s", pool) is None
