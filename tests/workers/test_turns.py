"""Accounts take turns: none waits until the work of another is done."""

import asyncio
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app import queue
from app.database.session import Database
from app.queue import news, nudge
from workers import turns
from workers.exports import Exports
from workers.identifier_job import IdentifierJobs
from workers.kinds import WholeJob, register_kind
from workers.lines import Next, next_in_line, stand
from workers.turns import Turns

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
    assert plant.value(left) > A_FLOOD / 2
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


@pytest.fixture
def lines(plant):
    """No line has anybody in it, before and after."""
    queue.client().flushdb()
    yield
    queue.client().flushdb()


OWNERS = st.sampled_from("ABCDE")


@pytest.mark.usefixtures("lines")
@given(arrivals=st.lists(OWNERS, max_size=60), held=st.sets(OWNERS))
@settings(max_examples=60, deadline=None)
def test_whoever_waits_is_served_before_anybody_is_served_twice(arrivals, held):
    queue.client().flushdb()
    stand([Next(owner, "k" if n % 2 else "w", str(n)) for n, owner in enumerate(arrivals)])
    lines = [(owner, "k" if n % 2 else "w") for n, owner in enumerate(arrivals)]
    left, served = Counter(lines), []
    while (found := next_in_line(held, ["w"]))[0] is not None:
        job = found[0]
        line = (job.owner, job.kind)
        assert lines[int(job.key)] == line
        assert not (job.kind == "w" and job.owner in held)
        served.append((line, int(job.key)))
        left[line] -= 1
    for line in set(lines):  # each in its own order
        keys = [key for other, key in served if other == line]
        assert keys == sorted(keys)
    waiting = Counter(lines)
    for place, (line, _) in enumerate(served):
        before = [other for other, _ in served[:place]]
        last = max((n for n, other in enumerate(before) if other == line), default=None)
        if last is not None:  # between two turns of one, all others had theirs who could
            could = {o for o in waiting if waiting[o] > before.count(o)}
            could = {o for o in could if not (o[0] in held and o[1] == "w")}
            assert could - {line} <= set(before[last:])
    assert found[1] == (sum(left.values()) > 0)
    assert {line for line, count in left.items() if count} <= {(o, "w") for o in held}


class Parcels(WholeJob):
    """A kind of whole jobs of its own."""

    table = "document"
    id_column = "key"


class Held:
    """Work that goes on until it is let go, in place of the real."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.may_end = asyncio.Event()

    async def advance(self, _database, _kind, key: str) -> bool:
        self.begun.append(key)
        await self.may_end.wait()
        return True


@pytest.fixture
def held(monkeypatch, lines):
    register_kind(IdentifierJobs())
    register_kind(Parcels())
    made = Held()
    monkeypatch.setattr(turns, "advance", made.advance)
    return made


async def until(holds) -> None:
    async with asyncio.timeout(5):
        while not holds():  # noqa: ASYNC110 - of several things, some in Redis
            await asyncio.sleep(0.01)


async def test_a_thread_is_left_to_others_by_whole_jobs(held, database: Database):
    stand([Next("A", "document", str(n)) for n in range(5)])
    mine = Turns(threads=2)
    working = [asyncio.create_task(mine.work(database)) for _ in range(2)]
    await until(working[1].done)
    assert held.begun == ["0"]  # the second thread is free, although more of A's wait
    stand([Next("B", "document", "b"), Next("A", "identifier_job", "j")])
    await asyncio.wait([asyncio.create_task(mine.work(database))], timeout=0.3)
    assert held.begun == ["0", "b"]
    messages = queue.client().llen(f"{queue.NAMESPACE}:{queue.QUEUE}")
    held.may_end.set()
    await until(lambda: all(task.done() for task in working))
    # What found nothing it might do is to look again.
    await until(lambda: queue.client().llen(f"{queue.NAMESPACE}:{queue.QUEUE}") == messages + 1)
    for _ in range(5):
        await mine.work(database)
    assert held.begun[:2] == ["0", "b"]
    assert sorted(held.begun[2:]) == ["1", "2", "3", "4", "j"]
    assert held.begun.index("j") < 4  # its kind is a line of its own


async def test_a_single_thread_does_whole_jobs(held, database: Database):
    stand([Next("A", "document", "0")])
    held.may_end.set()
    await Turns(threads=1).work(database)
    assert held.begun == ["0"]


async def test_chunks_of_one_account_have_all_threads(held, database: Database):
    stand([Next("A", "identifier_job", str(n)) for n in range(3)])
    mine = Turns(threads=3)
    working = [asyncio.create_task(mine.work(database)) for _ in range(3)]
    await until(lambda: sorted(held.begun) == ["0", "1", "2"])
    held.may_end.set()
    await asyncio.gather(*working)


@pytest.mark.usefixtures("lines")
async def test_what_needs_nothing_more_costs_no_message(plant, database: Database):
    """An entry too many must not take the message of a job behind it."""
    register_kind(IdentifierJobs())
    done, job = plant.job(quantity=1, status="complete"), plant.job(quantity=100)
    await nudge("identifier_job", done, done, "6d6cb08a-0000-4000-8000-039e350eef1e", job)
    await Turns(threads=2).work(database)
    assert plant.status(job) == "complete"


@pytest.mark.usefixtures("lines")
async def test_a_job_is_in_the_line_of_its_account(plant, database: Database):
    register_kind(IdentifierJobs())
    register_kind(Exports(None))
    key = plant.value(
        "INSERT INTO directus_exports (user_created, status, collection, format) "
        "VALUES (%s, 'new', 'product', 'csv') RETURNING id::text",
        plant.user,
    )
    job, nobodys = plant.job(quantity=1), plant.job(quantity=1, account=None)
    await nudge("directus_exports", key)
    await nudge("identifier_job", nobodys, job)
    await turns._line_up(database)
    assert news(9) == []
    found = [next_in_line([], [])[0] for _ in range(4)]
    assert found == [
        Next(plant.account, "directus_exports", key),
        Next("installation", "identifier_job", nobodys),
        Next(plant.account, "identifier_job", job),
        None,
    ]
