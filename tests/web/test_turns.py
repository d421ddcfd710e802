"""Turns: who asks for much at once waits, and the others hardly at all."""

import asyncio
import json
import time
from collections import Counter
from contextlib import asynccontextmanager
from itertools import pairwise

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import TooManyWaiting
from app.pools import DOCUMENTS, QUERIES, Asker
from app.web import turns
from app.web.turns import Stranger, Turns
from tests.web.test_shares import FILL, served


@pytest.fixture
def one_a_round(monkeypatch):
    """No request is quick enough for another one to begin in the same round."""
    monkeypatch.setattr(turns, "_SLICE", -1.0)
    monkeypatch.setattr(turns, "_SLOW", -1.0)
    monkeypatch.setattr(turns, "_PAUSE", 2)


@pytest.fixture
def filled(app, installation, rows):
    rows.execute(FILL)
    return app


def work(seconds):
    """What holds the loop up."""
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


@asynccontextmanager
async def held(pool):
    """Keeps the only thread of a pool busy."""
    release, loop = asyncio.Event(), asyncio.get_running_loop()
    holding = asyncio.create_task(
        pool.run(
            Asker("x"),
            lambda: asyncio.run_coroutine_threadsafe(release.wait(), loop).result(),
        )
    )
    try:
        yield
    finally:
        release.set()
        await holding


async def begun(line, who, seen):
    if not line.has_come():
        await line.wait(who)
    seen.append(who)


async def test_what_is_quick_begins_at_once():
    line = Turns(5.0)
    line._first = line._last = time.thread_time()
    assert [line.has_come() for _ in range(20)] == [True] * 20


async def test_after_what_is_slow_some_rounds_are_for_what_is_under_way():
    line, seen = Turns(5.0), []
    line._first = line._last = time.thread_time()
    assert line.has_come()
    work(2 * turns._SLOW)
    waiting = asyncio.create_task(begun(line, "a", seen))
    for _ in range(turns._PAUSE):
        await asyncio.sleep(0)
        assert not seen
    await waiting
    for _ in range(3):
        await asyncio.sleep(0)
    assert line.has_come()


async def test_what_waits_and_is_quick_begins_more_and_more_together(monkeypatch):
    monkeypatch.setattr(turns, "_SLOW", 60.0)
    line, seen, rounds = Turns(5.0), [], []
    line._rounds, line._loop = 1, asyncio.get_running_loop()
    waiting = [asyncio.create_task(begun(line, "a", seen)) for _ in range(40)]
    await asyncio.sleep(0)
    line._go_round(1)
    for _ in range(20):
        rounds.append(len(seen))
        await asyncio.sleep(0)
    await asyncio.wait(waiting)
    steps = [after - before for before, after in pairwise([*rounds, len(seen)])]
    assert [step for step in steps if step] == [1, 2, 4, 8, 8, 8, 8, 1]


@pytest.mark.usefixtures("one_a_round")
async def test_what_is_under_way_goes_on_between_two_that_begin():
    line, seen = Turns(5.0), []

    async def under_way():
        while seen.count("a") < 20:
            seen.append("-")
            await asyncio.sleep(0)

    await asyncio.gather(*(begun(line, "a", seen) for _ in range(20)), under_way())
    assert "aa" not in "".join(seen)
    assert seen.count("-") >= 2 * 19


@pytest.mark.usefixtures("one_a_round")
async def test_who_comes_late_is_not_behind_all_of_a_flood():
    line, seen = Turns(5.0), []
    flood = [asyncio.create_task(begun(line, "a", seen)) for _ in range(200)]
    for _ in range(10):
        await asyncio.sleep(0)
    assert len(seen) <= 10
    await begun(line, "b", seen)
    assert seen.index("b") <= 13
    await asyncio.gather(*flood)
    assert len(seen) == 201
    assert not line._are_waiting()


@pytest.mark.usefixtures("one_a_round")
async def test_who_is_known_is_not_behind_all_whom_nobody_knows():
    line, seen = Turns(5.0), []
    flood = [asyncio.create_task(begun(line, Stranger(str(n)), seen)) for n in range(200)]
    for _ in range(10):
        await asyncio.sleep(0)
    await begun(line, "b", seen)
    assert seen.index("b") <= 13
    await asyncio.gather(*(begun(line, "c", seen) for _ in range(20)))
    assert sum(isinstance(who, Stranger) for who in seen[seen.index("c") :]) >= 15  # they go on
    await asyncio.gather(*flood)
    assert len(seen) == 221


@given(st.lists(st.sampled_from("abcd"), max_size=60))
@settings(max_examples=50, deadline=None)
def test_those_who_wait_take_turns(asked):
    """Each is begun once; between two of one caller there is one of everybody else who waits."""

    async def all_of_them():
        line, seen = Turns(5.0), []

        async def waited(who):
            await line.wait(who)
            seen.append(who)

        waiting = [asyncio.create_task(waited(who)) for who in asked]
        await asyncio.sleep(0)
        line._go_round(1)
        await asyncio.gather(*waiting)
        return seen

    seen = asyncio.run(all_of_them())
    assert Counter(seen) == Counter(asked)
    left = Counter(asked)
    for place, who in enumerate(seen):
        left[who] -= 1
        others = {other for other in left if left[other] and other != who}
        if left[who]:
            assert others <= set(seen[place + 1 : seen.index(who, place + 1)])


async def test_who_waits_too_long_or_in_too_long_a_line_is_sent_away(monkeypatch):
    line, seen = Turns(0.0), []
    line._rounds, line._loop = 1, asyncio.get_running_loop()
    waiting = [asyncio.create_task(begun(line, "a", seen)) for _ in range(3)]
    await asyncio.sleep(0)
    work(0.001)
    line._go_round(1)
    for task in waiting:
        with pytest.raises(TooManyWaiting) as refused:
            await task
    assert (refused.value.status, refused.value.wait) == (429, 1)
    assert "Too many requests of yours are waited for. Retry after 1s." in refused.value.message
    assert not line._are_waiting()
    monkeypatch.setattr(turns, "_LONGEST_LINE", 2)
    line = Turns(5.0)
    line._rounds, line._loop = 1, asyncio.get_running_loop()
    asyncio.get_running_loop().call_later(0.01, line._go_round, 1)
    answers = await asyncio.gather(
        *(begun(line, who, seen) for who in "aaaab"), return_exceptions=True
    )
    assert [type(answer) for answer in answers] == [
        type(None),
        type(None),
        TooManyWaiting,
        TooManyWaiting,
        type(None),
    ]


def test_a_loop_that_ends_leaves_no_line_behind():
    line, seen = Turns(5.0), []

    async def leave_some_waiting():
        line._go_round(turns._PAUSE)
        waiting = [asyncio.create_task(begun(line, "a", seen)) for _ in range(3)]
        await asyncio.sleep(0)
        return waiting

    asyncio.run(leave_some_waiting())
    asyncio.run(asyncio.wait_for(begun(line, "b", seen), 5.0))
    assert seen == ["b"]


async def test_who_is_gone_takes_no_turn():
    line, seen = Turns(5.0), []
    line._rounds, line._loop = 1, asyncio.get_running_loop()
    waiting = [asyncio.create_task(begun(line, who, seen)) for who in "aab"]
    await asyncio.sleep(0)
    waiting[0].cancel()
    line._go_round(1)
    await asyncio.wait(waiting)
    assert sorted(seen) == ["a", "b"]
    assert not line._are_waiting()


REFUSED = {
    "a read": ("GET", "/items/product", None),
    "a search": ("SEARCH", "/items/product", {"query": {}}),
    "a write": ("POST", "/items/product", {"gtin": "1"}),
    "GraphQL": ("POST", "/graphql", {"query": "{ product { id } }"}),
    "a route of the system": ("GET", "/users/me", None),
}


UNREAD = {
    "a read": ("GET", "/items/product"),
    "one item": ("GET", "/items/product/x"),
    "a scan": ("GET", "/01/09312345551927/21/1"),
    "GraphQL by GET": ("GET", "/graphql?query={product{id}}"),
    "what is removed": ("DELETE", "/items/product/x"),
    "the schema": ("GET", "/server/specs/oas"),
    "no route": ("GET", "/nothing"),
    "a form": ("POST", "/files"),
    "an import": ("POST", "/utils/import/product"),
}


@pytest.mark.parametrize("is_chunked", [False, True], ids=["a byte", "a chunk"])
@pytest.mark.parametrize(("method", "path"), UNREAD.values(), ids=UNREAD)
async def test_a_body_that_nobody_reads_is_no_way_past_the_line(
    filled, monkeypatch, method, path, is_chunked
):
    async def chunks():
        yield b"x"

    monkeypatch.setattr(turns, "_LONGEST_LINE", 0)
    async with served(filled) as (_, a, _b):
        monkeypatch.setattr(Turns, "has_come", lambda _: False)
        content = chunks() if is_chunked else b"x"
        assert (await a.request(method, path, content=content)).status_code == 429


async def test_a_form_is_looked_at_in_turn_piece_by_piece(filled, monkeypatch):
    """Its parts may be a few bytes each, thousands of them in a block."""
    looked = []

    def counted(self):
        looked.append(self)
        return True

    async with served(filled) as (_, a, _b):
        monkeypatch.setattr(Turns, "has_come", counted)
        files = {"file": ("a.txt", b"x" * 200_000, "text/plain")}
        assert (await a.post("/files", files=files)).status_code in {200, 403}
    assert len(looked) > 200_000 / 8192


async def test_on_every_surface_a_request_begins_in_turn(filled, monkeypatch):
    monkeypatch.setattr(turns, "_LONGEST_LINE", 0)
    async with served(filled) as (_, a, _b):
        monkeypatch.setattr(Turns, "has_come", lambda _: False)
        for method, path, body in REFUSED.values():
            answer = await a.request(method, path, json=body)
            assert answer.status_code == 429, (path, answer.text)
            assert answer.headers["retry-after"] == "1"
            [error] = answer.json()["errors"]
            assert error["extensions"]["code"] == "REQUESTS_EXCEEDED"
        theirs = await a.get("/api/v2/me/")
        assert (theirs.status_code, list(theirs.json())) == (429, ["detail"])
        scan = await a.get("/01/09312345551927/21/1", headers={"Accept": "application/json"})
        assert scan.status_code == 429
        assert (await a.get("/server/ping")).text == "pong"


async def test_a_flood_of_one_account_begins_between_the_requests_of_others(filled, one_a_round):
    async with served(filled) as (_, a, b):
        done = []

        async def ask(client, name):
            answer = await client.request("SEARCH", "/items/product", json={"query": {"limit": 1}})
            assert answer.status_code in {200, 403}
            done.append(name)

        a.timeout = b.timeout = httpx.Timeout(60)
        await asyncio.gather(*(ask(a, "a") for _ in range(60)), ask(b, "b"))
        assert done.index("b") < 30
        assert len(done) == 61


NEW = "query Q%d { " + " ".join(f"a{n}: product(limit: 1) {{ id }}" for n in range(9)) + " }"


async def test_new_graphql_texts_are_read_beside_all_else(filled):
    """However short: what they ask for is little, reading them is not."""
    async with served(filled) as (_, a, _b):

        def ask(text):
            return a.post("/graphql", json={"query": text})

        known = await ask(NEW % 1)
        assert known.status_code == 200
        async with held(DOCUMENTS):
            waiting = asyncio.create_task(ask(NEW % 2))
            assert (await ask(NEW % 1)).json() == known.json()
            assert (await ask("{ product { id } }")).status_code == 200
            assert not waiting.done()
        assert (await waiting).json() == known.json()


LONG = {"id": {"_in": [f"/01/{n:09}" for n in range(300)]}}
LISTS = {
    "a list": ("SEARCH", "/items/unique_code", {"query": {"filter": LONG}}),
    "counts": ("SEARCH", "/items/unique_code", {"query": {"filter": LONG, "meta": "*"}}),
    "groups": (
        "SEARCH",
        "/items/unique_code",
        {"query": {"filter": LONG, "aggregate": {"count": "*"}}},
    ),
    "a change by query": (
        "PATCH",
        "/items/unique_code",
        {"query": {"filter": LONG}, "data": {"product_status": "x"}},
    ),
    "GraphQL": (
        "POST",
        "/graphql",
        {
            "query": "query($f: unique_code_filter) { unique_code(filter: $f) { id } }",
            "variables": {"f": LONG},
        },
    ),
    "GraphQL groups": (
        "POST",
        "/graphql",
        {
            "query": "query($f: unique_code_filter) "
            "{ unique_code_aggregated(filter: $f) { countAll } }",
            "variables": {"f": LONG},
        },
    ),
}


@pytest.mark.parametrize(("method", "path", "body"), LISTS.values(), ids=LISTS)
async def test_queries_with_long_lists_are_read_beside_all_else(filled, method, path, body):
    """A text that may be a key is looked at for what it is: 20,000 of them take half a second."""
    async with served(filled) as (_, a, _b):
        await a.request(method, path, json=body)  # GraphQL texts are known then
        few = json.loads(json.dumps(body).replace(json.dumps(LONG), '{"id": {"_in": ["x"]}}'))
        async with held(QUERIES):
            waiting = asyncio.create_task(a.request(method, path, json=body))
            assert (await a.request(method, path, json=few)).status_code in {200, 204}
            assert not waiting.done()
        assert (await waiting).status_code in {200, 204}
