"""Work orders by worker processes: minted once, then listed; canceled while they run (6.8, 8.2)."""

import io
import zipfile

import pytest

from app.access.caller import SYSTEM
from app.database.session import Database
from app.items.items import Items
from app.served import served
from app.settings import settings
from app.storage import storage_at
from workers.chunks import advance
from workers.workorder import WorkOrders


def order(plant, quantity=3000, **fields) -> int:
    """A work order and its job, as a request that lost its message would leave them."""
    job = plant.job(quantity=quantity)
    row = {"activate_on_complete": True, "use_serial_number": False, **fields}
    return plant.value(
        "INSERT INTO workorder (account, reference, quantity, product, identifier_job, "
        "activate_on_complete, use_serial_number, user_created) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s) RETURNING id",
        plant.account,
        f"WO {job}",
        quantity,
        plant.product,
        job,
        row["activate_on_complete"],
        row["use_serial_number"],
        plant.user,
    )


def state(plant, key) -> str:
    return plant.value("SELECT state FROM workorder WHERE id = %s", key)


def count(plant, key) -> int:
    return plant.value("SELECT count(*) FROM unique_code WHERE workorder = %s", key)


async def listed(plant, key, s3_url) -> list[str]:
    """The lines of an order's list."""
    name = plant.value(
        "SELECT filename_disk FROM workorder JOIN directus_files AS f ON f.id = codegen_file "
        "WHERE workorder.id = %s",
        key,
    )
    blocks = [block async for block in await storage_at(s3_url).open(name)]
    archive = zipfile.ZipFile(io.BytesIO(b"".join(blocks)))
    return archive.read(archive.namelist()[0]).decode().splitlines()


async def test_a_killed_worker_loses_and_repeats_nothing(plant, s3_url):
    """8.2: kill the worker mid-job, restart: exactly `quantity` codes, all of them on the list."""
    key = order(plant)
    first = plant.worker(S3_URL=s3_url, CHUNK_SIZE=100)
    plant.wait_until(lambda: count(plant, key) > 0)
    assert state(plant, key) == "processing"
    first.kill()
    plant.worker(S3_URL=s3_url, CHUNK_SIZE=100)
    plant.wait_until(lambda: state(plant, key) == "completed")
    assert count(plant, key) == 3000
    active = (
        "SELECT count(*) FROM unique_code WHERE activation_status = 1 AND activated_at <= now()"
    )
    assert plant.value(active) == 3000
    assert len(await listed(plant, key, s3_url)) == 3001


async def test_canceling_while_codes_are_made_ends_it(plant, s3_url, database):
    """6.8: canceled before completion; what is there is blacklisted, whoever was first."""
    key = order(plant, quantity=20_000)
    plant.worker(S3_URL=s3_url, CHUNK_SIZE=200)
    plant.wait_until(lambda: count(plant, key) > 0)
    items = Items(database, served(settings()).compiler, SYSTEM)
    await items.update("workorder", [(key, {"state": "canceled"})], None)
    made = count(plant, key)
    assert 0 < made < 20_000
    others = order(plant, quantity=200)
    plant.wait_until(lambda: state(plant, others) == "completed")
    assert (state(plant, key), count(plant, key)) == ("canceled", made)
    assert plant.value("SELECT count(*) FROM unique_code WHERE activation_status = 2") == made


async def test_a_list_that_can_not_be_stored_is_tried_again(
    plant, s3_url, database: Database, monkeypatch: pytest.MonkeyPatch
):
    """The storage is away: that is no fault of the order, which keeps its place."""
    key = order(plant, quantity=200)
    job = plant.value("SELECT identifier_job FROM workorder WHERE id = %s", key)
    worker = plant.worker(S3_URL="http://a:b@127.0.0.1:9/c")
    plant.wait_for(str(job))
    plant.wait_until(lambda: plant.value("SELECT max(attempts) FROM job_chunk") == 1)
    assert state(plant, key) == "packing"
    worker.kill()
    plant.value("UPDATE job_chunk SET not_before = now() RETURNING id")
    monkeypatch.setenv("S3_URL", s3_url)
    settings.cache_clear()
    await advance(database, WorkOrders(served(settings()).compiler), str(key))
    assert state(plant, key) == "completed"
    assert len(await listed(plant, key, s3_url)) == 201
