"""Accounts take turns: none waits until the work of another is done."""

import asyncio

from app import queue
from app.database.session import Database
from app.queue import end_turn, nudge, take_turn
from workers.chunks import owner_of
from workers.exports import Exports
from workers.identifier_job import IdentifierJobs
from workers.turns import advance_in_turn

JOBS = IdentifierJobs()
A_FLOOD = 40


def of_another(plant, **fields) -> str:
    """A job of a second account."""
    account = plant.value("INSERT INTO account (account_name) VALUES ('Other') RETURNING id::text")
    plant.connection.execute(
        "INSERT INTO company_prefix (account, digits) VALUES (%s, '7612345')", (account,)
    )
    plant.connection.execute(
        "INSERT INTO product (id, product_name, account) VALUES ('/01/07612345000008', 'y', %s)",
        (account,),
    )
    return plant.job(account=account, product="/01/07612345000008", **fields)


def test_a_flood_of_one_account_is_overtaken_by_a_job_of_another(plant):
    flood = [plant.job(quantity=10_000) for _ in range(A_FLOOD)]
    other = of_another(plant, quantity=50)
    asyncio.run(nudge("identifier_job", *flood))
    asyncio.run(nudge("identifier_job", other))
    plant.worker(SWEEP_SECONDS=600)
    plant.wait_for(other)
    left = "SELECT count(*) FROM identifier_job WHERE status <> 'complete'"
    assert plant.value(left) > A_FLOOD / 4
    plant.wait_until(lambda: plant.value(left) == 0, 60)
    assert plant.value("SELECT count(*) FROM unique_code") == 10_000 * A_FLOOD + 50


def test_a_job_of_many_chunks_goes_on_between_those_of_a_flood(plant):
    flood = [plant.job(quantity=10_000) for _ in range(A_FLOOD)]
    other = of_another(plant, quantity=20 * 100)
    asyncio.run(nudge("identifier_job", *flood))
    asyncio.run(nudge("identifier_job", other))
    plant.worker(SWEEP_SECONDS=600, CHUNK_SIZE=100)
    plant.wait_for(other, seconds=60)
    assert plant.value("SELECT count(*) FROM identifier_job WHERE status <> 'complete'") > 5


async def test_whose_turn_it_is_not_waits_in_the_second_line(plant, database: Database):
    job = plant.job(quantity=100)
    assert await take_turn(plant.account)
    await advance_in_turn(database, JOBS, job)
    assert plant.status(job) == "new"
    assert queue.client().llen(f"{queue.NAMESPACE}:{queue.LATER}") == 1
    await end_turn(plant.account)
    await advance_in_turn(database, JOBS, job)
    assert plant.status(job) == "complete"
    assert await take_turn(plant.account)  # it has given its turn back


async def test_a_turn_of_a_killed_worker_ends(plant):
    assert await take_turn("somebody")
    assert 0 < queue.client().ttl("mintage:turn:somebody") <= 60


async def test_an_export_is_of_its_users_account(plant, database: Database):
    key = plant.value(
        "INSERT INTO directus_exports (user_created, status, collection, format) "
        "VALUES (%s, 'new', 'product', 'csv') RETURNING id::text",
        plant.user,
    )
    assert await owner_of(database, Exports(None), key) == plant.account
