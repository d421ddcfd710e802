"""The gate: how many of each caller are inside, who waits, and for how long."""

import asyncio
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.database import gate as gates
from app.database.gate import ANSWERS, Answers, Gate, Turn
from app.database.session import Bounds, Database
from app.errors import AnswerTooLarge, TooManyAtOnce, TooMuchUnread


async def stay(gate, who, inside, seen, long=0.0):
    async with Turn(gate, who):
        inside[who] = inside.get(who, 0) + 1
        seen.append((who, inside[who]))
        await asyncio.sleep(long)
        inside[who] -= 1


async def test_no_more_than_the_bound_are_inside_and_all_have_their_turn():
    gate, inside, seen = Gate("things", 2, 5.0), {}, []
    await asyncio.gather(*(stay(gate, "a", inside, seen, 0.001) for _ in range(20)))
    assert len(seen) == 20
    assert max(count for _, count in seen) == 2
    assert gate._inside == gate._lines == {}


async def test_nobody_waits_for_another_caller():
    gate = Gate("things", 1, 5.0)
    async with Turn(gate, "a"):
        waiting = asyncio.create_task(stay(gate, "a", {}, []))
        async with asyncio.timeout(0.5), Turn(gate, "b"):
            pass
        assert not waiting.done()
    await waiting


async def test_who_has_waited_in_vain_is_told_what_to_do():
    gate = Gate("exports", 1, 0.05)
    async with Turn(gate, "a"):
        with pytest.raises(TooManyAtOnce) as refused:
            await stay(gate, "a", {}, [])
    assert (refused.value.status, refused.value.code) == (429, "REQUESTS_EXCEEDED")
    assert refused.value.wait == 1
    assert "Too many exports at once: 1 may run at a time for one account" in str(
        refused.value.message
    )
    assert gate._inside == gate._lines == {}


async def test_who_does_not_read_its_answers_is_not_let_in_until_it_does():
    gate = Gate("things", 2, 0.05, largest=100_000)
    requests = [Answers() for _ in range(5)]
    for request in requests:
        request.add(gate, "a", 90_000)
    with pytest.raises(TooMuchUnread) as refused:
        await stay(gate, "a", {}, [])
    assert (refused.value.status, refused.value.wait) == (429, 1)
    assert "Answers of 450000 bytes" in refused.value.message
    await stay(gate, "b", {}, [])
    waiting = asyncio.create_task(stay(gate, "a", {}, []))
    await asyncio.sleep(0)
    requests.pop().sent()
    await waiting
    for request in requests:
        request.sent()
        request.sent()
    assert gate._inside == gate._lines == gate._unread == {}


async def test_the_answers_of_one_request_are_one_answer_in_the_end():
    turn, request = Turn(Gate("things", 2, 0.05, largest=100_000), "a"), Answers()
    ANSWERS.set(request)
    turn.answered(60_000)  # too small to be counted
    turn.answered(70_000)
    with pytest.raises(AnswerTooLarge):
        turn.answered(70_000)
    request.sent()
    turn.answered(70_000)


async def test_a_line_has_an_end(monkeypatch):
    monkeypatch.setattr(gates, "_LONGEST_LINE", 2)
    gate = Gate("things", 1, 5.0)
    async with Turn(gate, "a"):
        waiting = [asyncio.create_task(stay(gate, "a", {}, [])) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(TooManyAtOnce):
            await stay(gate, "a", {}, [])
    await asyncio.gather(*waiting)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 3), st.booleans()), max_size=30))
def test_whoever_leaves_and_however_the_gate_is_empty_in_the_end(comers):
    """Who is cancelled, in line or inside, or gives up, leaves no place taken."""

    async def run():
        gate, inside, seen = Gate("things", 2, 0.002), {}, []
        tasks = []
        for who, long, is_cancelled in comers:
            task = asyncio.create_task(stay(gate, who, inside, seen, long / 1000))
            tasks.append(task)
            await asyncio.sleep(0)
            if is_cancelled:
                task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError, TooManyAtOnce):
                await task
        assert gate._inside == gate._lines == {}

    asyncio.run(run())


async def test_a_caller_uses_its_share_of_the_pools_and_no_more(database_url):
    database = Database(database_url, bounds=Bounds(statements=2, exports=1, patience=0.1))
    await database.open()
    one, other = database.of("one"), database.of("other")
    try:
        async with one.read(), one.write(), one.read_long():
            for more in (one.read, one.write, one.read_long):
                with pytest.raises(TooManyAtOnce):
                    async with more():
                        pass
            with pytest.raises(TooManyAtOnce):
                await one.fetch_value("SELECT 1")
            async with other.read(), other.read_long():
                assert await other.fetch_value("SELECT 1") == 1
            assert await database.fetch_value("SELECT 1") == 1  # Mintage itself
        assert await one.fetch_value("SELECT 1") == 1
    finally:
        await database.close()
