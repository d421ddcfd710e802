"""Sessions: what reads, what writes, when it commits, and who hears of it."""

import asyncio

import anyio
import psycopg
import pytest
from sqlalchemy import column, select, values
from sqlalchemy.types import Integer

from app.database.session import Database


@pytest.fixture
async def database(database_url):
    pool = Database(database_url, max_size=3)
    await pool.open()
    async with pool.write() as session:
        await session.execute("CREATE TABLE IF NOT EXISTS thing (id int PRIMARY KEY, note text)")
        await session.execute("TRUNCATE thing")
    yield pool
    async with pool.write() as session:
        await session.execute("DROP TABLE thing")
    await pool.close()


async def count(database):
    async with database.read() as session:
        return await session.fetch_value("SELECT count(*) FROM thing")


async def test_a_write_session_commits_when_its_block_ends(database):
    async with database.write() as session:
        assert await session.execute("INSERT INTO thing VALUES (1), (2)") == 2
        assert await count(database) == 0
    assert await count(database) == 2


async def test_an_error_rolls_the_block_back(database):
    async def twice():
        async with database.write() as session:
            await session.execute("INSERT INTO thing VALUES (1)")
            await session.execute("INSERT INTO thing VALUES (1)")

    with pytest.raises(psycopg.errors.UniqueViolation):
        await twice()
    assert await count(database) == 0


async def test_a_savepoint_fails_alone(database):
    async with database.write() as session:
        await session.execute("INSERT INTO thing VALUES (1)")
        with pytest.raises(psycopg.errors.UniqueViolation):
            async with session.savepoint():
                await session.execute("INSERT INTO thing VALUES (1)")
    assert await count(database) == 1


async def test_what_follows_the_commit_is_announced_after_it(database):
    seen = []

    async def announce():
        seen.append(await count(database))

    async with database.write() as session:
        session.after_commit(announce)
        await session.execute("INSERT INTO thing VALUES (1)")
        assert seen == []
    assert seen == [1]


async def test_nothing_is_announced_after_a_rollback(database):
    seen = []

    async def announce():
        seen.append(1)

    async def fail():
        async with database.write() as session:
            session.after_commit(announce)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert seen == []


async def test_rows_values_and_missing_rows(database):
    async with database.write() as session:
        await session.execute("INSERT INTO thing VALUES (1, 'a'), (2, NULL)")
        assert await session.fetch_all("SELECT * FROM thing ORDER BY id") == [
            {"id": 1, "note": "a"},
            {"id": 2, "note": None},
        ]
        one = await session.fetch_one("SELECT * FROM thing WHERE id = %(id)s", {"id": 1})
        assert one == {"id": 1, "note": "a"}
        assert await session.fetch_one("SELECT * FROM thing WHERE id = 9") is None
        assert await session.fetch_value("SELECT note FROM thing WHERE id = 9") is None


async def test_statements_of_sqlalchemy_run_too(database):
    rows = values(column("n", Integer), name="v").data([(1,), (2,)])
    async with database.read() as session:
        found = await session.fetch_all(select(rows.c.n).where(rows.c.n > 1))
    assert found == [{"n": 2}]


async def test_very_long_statements_are_not_prepared(database):
    """PostgreSQL would keep them, in every connection, and callers decide how many there are."""
    prepared = "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'SELECT 1 --%'"
    async with database.read() as session:
        for length, least in ((60_000, 0), (100, 1)):
            for _ in range(3):
                await session.fetch_value(f"SELECT 1 -- {'x' * length}")
            assert await session.fetch_value(prepared) == least


async def test_times_are_utc_json_is_bytes_and_uuids_are_text(database):
    async with database.read() as session:
        row = await session.fetch_one(
            "SELECT current_setting('timezone') AS zone, '[1]'::json AS j, '{}'::jsonb AS b, "
            "'F1B2C3D4-E5F6-7890-1234-567890ABCDEF'::uuid AS u"
        )
    assert row == {
        "zone": "UTC",
        "j": b"[1]",
        "b": b"{}",
        "u": "f1b2c3d4-e5f6-7890-1234-567890abcdef",
    }


async def test_rows_go_in_and_out_by_copy(database):
    async with database.write() as session:
        blocks = (b"1\ta\n", b"2\tit's; DROP\n")
        assert await session.copy_in("COPY thing FROM STDIN", blocks) == 2
        statement = "COPY (SELECT * FROM thing WHERE note LIKE %(note)s ORDER BY id) TO STDOUT"
        counts: list[int] = []
        rows = session.copy_out(statement, {"note": "it's%"}, counts.append)
        out = b"".join([bytes(b) async for b in rows])
    assert out == b"2\tit's; DROP\n"
    assert counts == [1]


async def cancelled_once(drain, begun):
    task = asyncio.create_task(drain())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def cancelled_till_it_obeys(drain, begun):
    async with anyio.create_task_group() as group:  # as Starlette does when a client goes away
        group.start_soon(drain)
        await begun.wait()
        group.cancel_scope.cancel()


@pytest.mark.parametrize("cancelled", [cancelled_once, cancelled_till_it_obeys])
async def test_who_is_cancelled_in_a_copy_gives_its_connection_back(database, cancelled, caplog):
    rows = "SELECT pg_sleep(0.001), repeat('x', 8000) FROM generate_series(1, 100000)"
    begun = asyncio.Event()

    async def drain():
        async with database.read() as session:
            async for _ in session.copy_out(f"COPY ({rows}) TO STDOUT"):
                begun.set()

    for _ in range(3):
        begun.clear()
        await cancelled(drain, begun)
        assert await count(database) == 0
    async with database.read() as session:
        left = (
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'COPY%' AND state = 'active' "
            "AND datname = current_database()"  # other tests may be copying in theirs
        )
        assert await session.fetch_value(left) == 0
    assert caplog.records == []  # the pool threw no connection away


async def test_long_reads_leave_connections_for_everybody_else(database):
    async with database.read_long() as slow:
        blocks = slow.copy_out("COPY (SELECT n FROM generate_series(1, 1000000) AS n) TO STDOUT")
        assert await anext(blocks)
        async with asyncio.TaskGroup() as group:
            counts = [group.create_task(count(database)) for _ in range(3)]
        assert [task.result() for task in counts] == [0, 0, 0]
        await blocks.aclose()


async def test_a_long_read_is_not_timed(database_url):
    pool = Database(database_url, statement_timeout=0.05)
    await pool.open()
    async with pool.read_long() as session:
        assert await session.fetch_value("SELECT 1 FROM pg_sleep(0.2)") == 1
    async with pool.read() as session:
        with pytest.raises(psycopg.errors.QueryCanceled):
            await session.fetch_value("SELECT 1 FROM pg_sleep(0.2)")
    await pool.close()


async def test_a_database_that_does_not_answer_is_an_error_soon():
    pool = Database("postgresql://nobody@127.0.0.1:1/none?connect_timeout=1")
    with pytest.raises(psycopg.OperationalError):
        await pool._pool.open(wait=True, timeout=0.5)
    await pool.close()
