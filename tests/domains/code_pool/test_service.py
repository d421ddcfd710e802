"""Pools: what a pool has to say, and what one look at it does (systems.md 1.5 and 6.4)."""

import pytest

from app.database.session import Database
from app.domains.code_pool.service import MOST_JOBS, refill
from app.served import served
from tests.installation import (
    ACCOUNT,
    NOBODY,
    PRODUCT,
    app,
    client,
    installation,
    prepared,
    reset,
    rows,
)
from tests.rest.test_assets import tenant

__all__ = ["app", "client", "installation", "prepared", "reset", "rows"]

JOBS = (
    "SELECT id::text, status, quantity, product, account::text, length, character_set, "
    "user_created, reference_id FROM identifier_job ORDER BY date_created"
)


@pytest.fixture
async def look(installation, rows):
    """What a worker does: looks at the pools that are due; with `all`, at all there are."""
    database = Database(installation.database_url)
    await database.open()

    async def look(*, every=True):
        if every:
            rows.execute("UPDATE code_pool SET looked_at = NULL")
        return await refill(database, served(installation).compiler, 60.0)

    yield look
    await database.close()


@pytest.fixture
def pool(client):
    """Makes a pool; the pool as it was created."""

    async def pool(**fields):
        given = {"product": PRODUCT, "min_available": 100, "job_quantity": 60, **fields}
        response = await client.post("/items/code_pool", json=given)
        assert response.status_code == 200, response.text
        return response.json()["data"]

    return pool


async def refused(client, **fields):
    """The fields and codes of what is wrong with a pool."""
    given = {"product": PRODUCT, "min_available": 100, "job_quantity": 60, **fields}
    response = await client.post("/items/code_pool", json=given)
    assert response.status_code == 400, response.text
    return [
        (error["extensions"].get("field"), error["extensions"]["code"])
        for error in response.json()["errors"]
    ]


async def read(client, key):
    return (await client.get(f"/items/code_pool/{key}")).json()["data"]


def mint(rows, quantity, status="unassigned"):
    rows.execute(
        "INSERT INTO unique_code (id, account, code, type, product, status) "
        "SELECT %s || '/21/' || %s || n, %s, %s || n, 'sgtin', %s, %s "
        "FROM generate_series(1, %s) AS n",
        [PRODUCT, status, ACCOUNT, status, PRODUCT, status, quantity],
    )


async def test_a_pool_that_is_low_makes_jobs_by_itself(client, rows, pool, look):
    """systems.md 1.5: jobs of job_quantity, of the pool's account, made by nobody in particular."""
    made = await pool(length=12, character_set="numeric")
    assert (made["account"], made["is_active"], made["available"]) == (ACCOUNT, True, None)
    assert await look() == 1
    jobs = rows.execute(JOBS).fetchall()
    expected = ("new", 60, PRODUCT, ACCOUNT, 12, "numeric", None, f"pool {made['id']}")
    assert [job[1:] for job in jobs] == [expected] * 2
    seen = await read(client, made["id"])
    assert (seen["available"], seen["error_message"]) == (0, None)
    assert seen["identifier_job"] in {job[0] for job in jobs}
    assert seen["looked_at"] is not None


async def test_what_is_coming_counts(rows, pool, look):
    """No second job is made while the first is minting, whoever ordered it."""
    await pool()
    for _ in range(3):
        await look()
    assert len(rows.execute(JOBS).fetchall()) == 2
    rows.execute("UPDATE identifier_job SET status = 'in_progress', quantity_created = 30")
    await look()
    assert len(rows.execute(JOBS).fetchall()) == 3  # 2 x 30 are still to come, 40 are missing


async def test_a_full_pool_is_left_alone_and_counting_stops(client, rows, pool, look):
    mint(rows, 120)
    mint(rows, 50, "reserved")
    made = await pool()
    await look()
    assert rows.execute(JOBS).fetchall() == []
    assert (await read(client, made["id"]))["available"] == 100
    rows.execute("UPDATE unique_code SET status = 'assigned' WHERE code LIKE 'unassigned1%'")
    await look()
    assert (await read(client, made["id"]))["available"] == 120 - 1 - 10 - 21
    assert len(rows.execute(JOBS).fetchall()) == 1


async def test_a_pool_is_looked_at_when_it_is_due(rows, pool, look):
    """Each POOL_SECONDS, and ten times as seldom where a person has to act first."""
    await pool()
    assert [await look(every=False), await look(every=False)] == [1, 0]
    rows.execute("UPDATE code_pool SET looked_at = now() - interval '61 seconds'")
    assert await look(every=False) == 1
    rows.execute(
        "UPDATE code_pool SET looked_at = now() - interval '61 seconds', error_message = 'x'"
    )
    assert await look(every=False) == 0
    rows.execute("UPDATE code_pool SET looked_at = now() - interval '601 seconds'")
    assert await look(every=False) == 1
    rows.execute("UPDATE code_pool SET is_active = false")
    assert await look() == 0


async def test_one_worker_looks_at_a_time(rows, pool, look):
    await pool()
    with rows.transaction():
        rows.execute("SELECT pg_advisory_xact_lock(%s)", [0x706F6F6C])
        assert await look(every=False) == 0
    assert await look(every=False) == 1


async def test_an_impossible_pool_says_what_to_do(client, rows, pool, look):
    """A keyspace that is full since; no tight loop of jobs that can't be."""
    made = await pool(character_set="numeric", length=6, min_available=100, job_quantity=100)
    rows.execute(
        "INSERT INTO code_space (id, key_prefix, alphabet, length, wrapped_key, next_position) "
        "VALUES (gen_random_uuid(), %s, '0123456789', 6, 'x', 500000)",
        [f"{PRODUCT}/21/"],
    )
    await look()
    seen = await read(client, made["id"])
    assert rows.execute(JOBS).fetchall() == []
    assert "keyspace too small" in seen["error_message"]
    assert "length 7 would do" in seen["error_message"]
    assert await look(every=False) == 0
    response = await client.patch(f"/items/code_pool/{made['id']}", json={"length": 7})
    assert response.json()["data"]["error_message"] is None
    assert await look(every=False) == 1
    assert len(rows.execute(JOBS).fetchall()) == 1
    assert (await read(client, made["id"]))["error_message"] is None


async def test_a_job_that_failed_is_not_made_again(client, rows, pool, look):
    """What failed would fail again: a person is told what to do."""
    made = await pool()
    await look()
    rows.execute("UPDATE identifier_job SET status = 'error', error_message = 'The oven is cold.'")
    await look()
    await look()
    assert len(rows.execute(JOBS).fetchall()) == 2
    seen = await read(client, made["id"])
    assert "The oven is cold." in seen["error_message"]
    assert 'Set its status to "new"' in seen["error_message"]
    rows.execute("UPDATE identifier_job SET status = 'new'")
    await look()
    assert (await read(client, made["id"]))["error_message"] is None


async def test_few_jobs_at_a_time(rows, pool, look):
    await pool(min_available=1000, job_quantity=1)
    await look()
    assert len(rows.execute(JOBS).fetchall()) == MOST_JOBS


async def test_short_codes_of_the_accounts_own_domain(client, rows, pool, look):
    """The default short domain of the account, as its jobs take it."""
    rows.execute("DELETE FROM domain WHERE type = 'short'")
    rows.execute(
        "INSERT INTO domain (state, domain_name, type, account, is_default) "
        "VALUES ('verified', 'b.example', 'short', %s, true)",
        [ACCOUNT],
    )
    made = await pool(product=None, type="short_code", account=ACCOUNT)
    await look()
    await look()
    assert len(rows.execute(JOBS).fetchall()) == 2
    rows.execute("UPDATE identifier_job SET status = 'complete'")
    rows.execute(
        "INSERT INTO unique_code (id, account, code, type) "
        "SELECT 'b.example/c' || n, %s, 'c' || n, 'short_code' FROM generate_series(1, 99) AS n",
        [ACCOUNT],
    )
    await look()
    assert (await read(client, made["id"]))["available"] == 99
    assert len(rows.execute(JOBS).fetchall()) == 3


async def test_what_no_job_could_fill_is_refused(client, app, rows):
    """The same rules as of identifier jobs (systems.md 1.2, 1.4), said of the pool."""
    failed = "FAILED_VALIDATION"
    assert await refused(client, product="/01/00712132000003") == [("product", failed)]
    assert await refused(client, product=None) == [("product", failed)]
    assert await refused(client, type="grai") == [("product", failed)]
    assert await refused(client, character_set="runes") == [("character_set", failed)]
    assert await refused(client, domain=NOBODY) == [("domain", "INVALID_FOREIGN_KEY")]
    small = {"length": 6, "character_set": "numeric", "job_quantity": 600_000}
    assert await refused(client, **small) == [("length", failed)]
    tags = {"length": 13, "character_set": "rfid_numeric"}
    assert await refused(client, **tags) == [("length", failed)]
    assert await refused(client, min_available=0) == [("min_available", failed)]
    async with await tenant(app, rows) as stranger:
        assert await refused(stranger) == [("product", failed)]


async def test_one_pool_for_the_same_codes(client, pool):
    """systems.md 6.4: uq(account, product, type, domain), what is not said included."""
    made = await pool()
    assert await refused(client) == [("product", "FAILED_VALIDATION")]
    response = await client.patch(f"/items/code_pool/{made['id']}", json={"min_available": 7})
    assert response.status_code == 200
    twice = [
        {"product": PRODUCT, "type": "sgtin", "min_available": n, "job_quantity": 1} for n in (1, 2)
    ]
    await client.delete(f"/items/code_pool/{made['id']}")
    response = await client.post("/items/code_pool", json=twice)
    assert response.status_code == 400
    assert "There is a pool for" in response.json()["errors"][0]["message"]
