"""What one account asks for leaves the others alone; answers that nobody reads end.

Over real sockets: who reads, who does not and who is gone is known to the transport only.
"""

import asyncio
import socket
import time
from contextlib import asynccontextmanager, contextmanager

import httpx
import orjson
import psycopg
import pytest
import uvicorn

from app.access.secrets import password_hash, token_hash
from app.main import create_app
from app.pools import Asker
from app.web.connections import Connection
from tests.installation import ACCOUNT, ADMIN, PRODUCT

OTHER = "11111111-2222-4333-8444-555555555555"

FILL = f"""
INSERT INTO account (id, account_name) VALUES ('{OTHER}', 'Other');
INSERT INTO directus_policies (id, name, admin_access) VALUES ('{OTHER}', 'All', true);
INSERT INTO directus_roles (id, name) VALUES ('{OTHER}', 'All');
INSERT INTO directus_access (role, policy) VALUES ('{OTHER}', '{OTHER}');
INSERT INTO directus_users (email, token, role, account) VALUES
  ('a@example.com', '{token_hash("token-of-a")}', '{OTHER}', '{ACCOUNT}'),
  ('b@example.com', '{token_hash("token-of-b")}', '{OTHER}', '{OTHER}');
"""
PRODUCTS = f"""
INSERT INTO product (id, account, product_name, description)
  SELECT '/01/' || n, '{ACCOUNT}', n, repeat(md5(n::text), 100) FROM generate_series(1, 20000) n
"""
TOKEN_OF_A = "Authorization: Bearer token-of-a"
LARGEST = 6 * 1024 * 1024
A, B = ({"Authorization": f"Bearer token-of-{name}"} for name in "ab")


@pytest.fixture(scope="module")
def impatient(prepared):
    """The application, with less patience: its GraphQL schema is built once."""
    impatience = {
        "account_patience": 0.3,
        "export_stall_seconds": 4.0,
        "login_stall_time": 0.0,
        "answer_max_bytes": LARGEST,
    }
    return create_app(prepared.model_copy(update=impatience))


async def until(holds):
    for _ in range(400):
        if holds():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("It does not come true within eight seconds")


_opened = []
"""Connections that a server's end closes; held, for one that nobody holds closes by itself."""


@asynccontextmanager
async def served(app):
    """A server in this process, and a client of it for each account."""
    config = uvicorn.Config(
        app, port=0, log_level="critical", access_log=False, http=Connection, ws="none"
    )
    server = uvicorn.Server(config)
    running = asyncio.create_task(server._serve())
    await until(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        url = f"http://127.0.0.1:{port}"
        async with (
            httpx.AsyncClient(base_url=url, headers=A, timeout=30) as a,
            httpx.AsyncClient(base_url=url, headers=B, timeout=30) as b,
        ):
            yield port, a, b
    finally:
        for writer in _opened:
            writer.transport.abort()
        _opened.clear()
        state = server.server_state
        await until(lambda: not state.connections and not state.tasks)
        server.should_exit = True
        server.force_exit = True
        await running


@pytest.fixture
def filled(impatient, installation, rows):
    rows.execute(FILL)
    return impatient


@pytest.fixture
def bulky(filled, rows):
    """With sixty megabytes to export: more than sockets take that nobody reads from."""
    rows.execute(PRODUCTS)
    return filled


def busy(rows, what):
    """The statements of this database's web processes that are under way."""
    return rows.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
        "AND state = 'active' AND pid <> pg_backend_pid() AND query LIKE %s",
        [what],
    ).fetchone()[0]


@contextmanager
def locked(rows):
    """For the time of the block all that is asked of products is very slow."""
    with psycopg.connect(rows.info.dsn, password=rows.info.password) as connection:
        connection.execute("LOCK TABLE product IN ACCESS EXCLUSIVE MODE")
        yield


async def become_busy(rows, what, count):
    await until(lambda: busy(rows, what) == count)


async def begun(port, path, limit=1024, *, method="GET", body=None):
    """A connection that has asked for something, and reads nothing of it."""
    connection = socket.socket()
    # Before it connects: else the system itself would take megabytes.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * limit)
    connection.connect(("127.0.0.1", port))
    reader, writer = await asyncio.open_connection(sock=connection, limit=limit)
    lines = [f"{method} {path} HTTP/1.1", "Host: test", TOKEN_OF_A]
    sent = b"" if body is None else orjson.dumps(body)
    if sent:
        lines += ["Content-Type: application/json", f"Content-Length: {len(sent)}"]
    writer.write("\r\n".join([*lines, "", ""]).encode() + sent)
    _opened.append(writer)
    return reader, writer


EXPORT = "/items/product?export=csv&limit=-1"


async def test_exports_that_nobody_reads_leave_those_of_others_alone_and_end(bulky, rows, caplog):
    async with served(bulky) as (port, a, b):
        for _ in range(5):
            await begun(port, EXPORT)
        await become_busy(rows, "COPY%", 2)
        start = time.monotonic()
        assert len((await b.get("/items/account?export=csv")).content) > 20
        assert (await b.get("/items/product")).status_code == 200
        assert (await a.get("/items/product?limit=1")).status_code == 200
        assert time.monotonic() - start < 2  # a stall
        refused = await a.get(EXPORT)
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
        [error] = refused.json()["errors"]
        assert error["extensions"]["code"] == "REQUESTS_EXCEEDED"
        assert "Too many exports at once: 2" in error["message"]
        await become_busy(rows, "COPY%", 0)
        assert (await a.get("/items/product?export=csv&limit=3")).status_code == 200
    told = [line for line in caplog.messages if "has not read for 4 seconds" in line]
    assert len(told) == 2


async def test_an_export_whose_client_is_gone_ends(bulky, rows, caplog):
    async with served(bulky) as (port, a, _):
        for _ in range(3):
            gone = [await begun(port, EXPORT) for _ in range(2)]
            for reader, _ in gone:
                assert await reader.read(10) == b"HTTP/1.1 2"
            for _, writer in gone:
                writer.transport.abort()
            await become_busy(rows, "COPY%", 0)
        # Also before there is anything to send.
        with locked(rows):
            _, writer = await begun(port, f"{EXPORT}&fields=id")
            await become_busy(rows, "COPY%", 1)
            writer.transport.abort()
            await become_busy(rows, "COPY%", 0)
        whole = await a.get(EXPORT)
        assert whole.content.count(b"\n") >= 20_000
    assert any("is gone" in line for line in caplog.messages)
    assert "discarding" not in caplog.text


async def test_who_reads_slowly_gets_all(bulky):
    async with served(bulky) as (port, _, _):
        reader, _ = await begun(port, f"{EXPORT}&fields=id,description", 2**18)
        start, tail, count = time.monotonic(), b"", 0
        while not tail.endswith(b"\r\n0\r\n\r\n"):
            block = await reader.read(2**19)
            count += block.count(b"\n")
            tail = (tail + block)[-7:]
            await asyncio.sleep(0.04)
        assert count >= 20_000
        assert time.monotonic() - start > 4.5  # more than a stall, in all


WIDE = ["id", "description"]
ANSWERS = {
    "REST": lambda n: ("GET", f"/items/product?fields=id,description&limit={n}", None),
    "SEARCH": lambda n: (
        "SEARCH",
        "/items/product",
        {"query": {"fields": WIDE, "limit": n}},
    ),
    "GraphQL": lambda n: (
        "POST",
        "/graphql",
        {"query": f"{{ product(limit: {n}) {{ id description }} }}"},
    ),
    "roots of GraphQL": lambda n: (
        "POST",
        "/graphql",
        {
            "query": " ".join(
                ["{"]
                + [f"a{i}: product(limit: {n // 10}) {{ id description }}" for i in range(10)]
                + ["}"]
            )
        },
    ),
    "what a write echoes": lambda n: (
        "PATCH",
        "/items/product?fields=id,description",
        {"keys": [f"/01/{i}" for i in range(1, n + 1)], "data": {"color": "x"}},
    ),
    "a write by query": lambda n: (
        "PATCH",
        "/items/product?fields=id,description",
        {"query": {"limit": n, "filter": {"id": {"_neq": PRODUCT}}}, "data": {"color": "x"}},
    ),
    "groups": lambda n: (
        "GET",
        f"/items/product?aggregate[count]=*&groupBy[]=description&limit={n}",
        None,
    ),
    "Scantrust": lambda n: ("GET", f"/api/v2/products/?limit={n}", None),
}


@pytest.mark.parametrize("asked", ANSWERS.values(), ids=ANSWERS)
async def test_an_answer_has_a_largest_size_whatever_it_is_made_of(bulky, rows, asked):
    """PostgreSQL ends it: of sixty megabytes none comes here."""
    async with served(bulky) as (_, a, b):
        method, path, body = asked(1800)
        fits = await a.request(method, path, json=body)
        assert fits.status_code == 200, fits.text[:300]
        assert 5_000_000 < len(fits.content) < 1.2 * LARGEST  # Scantrust's own words are longer
        method, path, body = asked(2000)
        refused = await a.request(method, path, json=body)
        assert len(refused.content) < LARGEST
        assert "too large (ANSWER_MAX_BYTES): set a smaller limit" in refused.text
        assert refused.status_code == (200 if path == "/graphql" else 400)
        if method == "PATCH":  # what can't be shown is not written
            [written] = rows.execute("SELECT count(*) FROM product WHERE color = 'x'").fetchone()
            assert written == 1800
        assert (await b.get("/items/account")).status_code == 200


@pytest.mark.parametrize("name", ["REST", "SEARCH", "GraphQL", "groups"])
async def test_answers_that_nobody_reads_are_bounded_and_end(bulky, name, caplog):
    async with served(bulky) as (port, a, b):
        method, path, body = ANSWERS[name](1800)
        for _ in range(6):
            reader, _ = await begun(port, path, method=method, body=body)
            assert await reader.read(8) == b"HTTP/1.1"
        refused = await a.get("/items/product?limit=1")
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
        assert "have not read them yet" in refused.text
        assert (await b.get("/items/product?limit=1")).status_code == 200
        await until(lambda: "has not read for 4 seconds" in caplog.text)
        await asyncio.sleep(3)
        assert (await a.get("/items/product?limit=1")).status_code == 200
    told = [line for line in caplog.messages if "has not read for 4 seconds" in line]
    assert len(told) == 5  # the sixth was never made


async def test_small_answers_that_nobody_reads_end_too(bulky, caplog):
    """One after another on one connection, until its buffers are full."""
    async with served(bulky) as (port, _, _b):
        _, writer = await begun(port, "/items/product?limit=1")
        for _ in range(1000):
            path = "/items/product?limit=15&fields=description"
            writer.write(f"GET {path} HTTP/1.1\r\nHost: test\r\n{TOKEN_OF_A}\r\n\r\n".encode())
        await until(lambda: "has not read for 4 seconds" in caplog.text)


READS = {
    "REST": lambda a: a.get("/items/product?limit=1"),
    "a count": lambda a: a.get("/items/product?limit=0&meta=filter_count"),
    "GraphQL": lambda a: a.post("/graphql", json={"query": "{ product(limit: 1) { id } }"}),
    "a write": lambda a: a.patch("/items/product/%2F01%2F09312345551927", json={"sku": "x"}),
    "Scantrust": lambda a: a.get("/api/v2/products/"),
}


@pytest.mark.parametrize("read", READS.values(), ids=READS)
async def test_ten_heavy_reads_leave_the_others_alone(filled, rows, read):
    """Three of them hold a connection each; the others wait for a moment and are refused."""
    async with served(filled) as (_, a, b):
        with locked(rows):
            heavy = [asyncio.create_task(read(a)) for _ in range(10)]
            await asyncio.sleep(0.05)
            start = time.monotonic()
            for _ in range(10):
                assert (await b.get("/items/account?fields=id")).json() == {"data": [{"id": OTHER}]}
            assert time.monotonic() - start < 5  # they would wait for as long as the block is
            await asyncio.wait(heavy, timeout=1)
            refused = [task.result() for task in heavy if task.done()]
        assert len(refused) == 7
        for answer in refused:
            assert "Too many" in answer.text or "throttled" in answer.text
            assert answer.status_code == 429
        served_in_the_end = [await task for task in heavy]
        good = [one for one in served_in_the_end if one not in refused]
        assert [one.status_code for one in good] == [200] * 3


async def test_the_public_is_one_caller_and_logins_do_not_wait_for_it(filled, rows):
    async with served(filled) as (port, a, _):
        url = f"http://127.0.0.1:{port}"
        async with httpx.AsyncClient(base_url=url) as anybody:
            public = await a.get("/policies", headers=ADMIN, params={"fields": "id,name"})
            [key] = [row["id"] for row in public.json()["data"] if "public" in row["name"].lower()]
            grant = {"policy": key, "collection": "product", "action": "read", "fields": ["*"]}
            assert (await a.post("/permissions", json=grant, headers=ADMIN)).status_code == 200
            with locked(rows):
                heavy = [
                    asyncio.create_task(anybody.get("/items/product?limit=1")) for _ in range(8)
                ]
                await asyncio.sleep(0.1)
                body = {"email": "a@example.com", "password": "wrong-password"}
                answer = await anybody.post("/auth/login", json=body)
                assert answer.status_code == 401
                await asyncio.wait(heavy, timeout=1)
                assert sum(task.done() for task in heavy) == 5
            await asyncio.gather(*heavy)


HOLDS = {
    "scans": (
        "SELECT pg_advisory_xact_lock(hashtextextended('scan ' || id, 0)) FROM unique_code",
        lambda a: a.get(f"{PRODUCT}/21/held", headers={"Authorization": ""}),
    ),
    "logins": (
        "SELECT FROM directus_users WHERE email = 'a@example.com' FOR UPDATE",
        lambda a: a.post("/auth/login", json={"email": "a@example.com", "password": "pass-word-1"}),
    ),
    "one-time passwords": (
        "SELECT FROM directus_users WHERE email = 'a@example.com' FOR UPDATE",
        lambda a: a.post("/users/me/tfa/enable", json={"otp": "123456", "secret": "A" * 32}),
    ),
}


@pytest.mark.parametrize(("held", "asks"), HOLDS.values(), ids=HOLDS)
async def test_what_waits_for_an_accounts_own_transaction_holds_up_no_others(
    filled, rows, held, asks
):
    """Such as an import that goes on for minutes: the others still find connections."""
    rows.execute(
        "INSERT INTO campaign (id, account, name, max_scan_count) VALUES (11, %s, 'C', 1)",
        [ACCOUNT],
    )
    rows.execute("UPDATE product SET campaign = 11 WHERE id = %s", [PRODUCT])
    rows.execute(
        "INSERT INTO unique_code (id, account, code, type, product) "
        "VALUES (%s, %s, 'held', 'sgtin', %s)",
        [f"{PRODUCT}/21/held", ACCOUNT, PRODUCT],
    )
    password = await password_hash("pass-word-1", Asker("test"))
    rows.execute("UPDATE directus_users SET password = %s", [password])
    async with served(filled) as (_, a, b):
        with psycopg.connect(rows.info.dsn, password=rows.info.password) as holder:
            holder.execute(held)
            waiting = [asyncio.create_task(asks(a)) for _ in range(24)]
            await asyncio.sleep(0.5)
            for _ in range(10):
                start = time.monotonic()
                assert (await b.get("/items/account?fields=id")).status_code == 200
                assert time.monotonic() - start < 2
        for answer in await asyncio.gather(*waiting):
            assert answer.status_code in {200, 302, 400, 401, 429, 503}, answer.text


async def test_a_transaction_that_does_nothing_for_long_is_ended(filled):
    async with filled.router.lifespan_context(filled) as state, state["database"].read() as session:
        limit = await session.fetch_value("SHOW idle_in_transaction_session_timeout")
        assert limit == "30s"
        assert await session.fetch_value("SHOW lock_timeout") == "5s"


LONG = {"filter": {"id": {"_in": [f"/01/{n:014d}" for n in range(5000)]}}, "limit": 1}
LARGE = {
    "REST": lambda who: who.request("SEARCH", "/items/product", json={"query": LONG}),
    "GraphQL": lambda who: who.post(
        "/graphql",
        json={
            "query": "query ($f: product_filter) { product(filter: $f, limit: 1) { id } }",
            "variables": {"f": LONG["filter"]},
        },
    ),
    "a write": lambda who: who.post("/items/product", json=[{"gtin": "x" * 70_000}]),
    "Scantrust": lambda who: who.post("/api/v2/products/", json={"gtin": "x" * 70_000}),
}


@pytest.mark.parametrize("ask", LARGE.values(), ids=LARGE)
async def test_large_bodies_of_one_account_wait_for_each_other_and_for_nobody_else(
    filled, rows, ask
):
    """Reading them is work before any statement: two are looked at at a time."""
    async with served(filled) as (_, a, b):
        with locked(rows):
            first = [asyncio.create_task(LARGE["REST"](a)) for _ in range(2)]
            await become_busy(rows, "%product%", 2)
            refused = await ask(a)
            assert refused.status_code == 429, refused.text
            small = {"query": {"filter": {"id": {"_eq": OTHER}}, "fields": ["id"]}}
            assert (await a.request("SEARCH", "/items/account", json=small)).status_code == 200
            padded = {"query": {**small["query"], "alias": {"x" * 70_000: "id"}}}
            answer = await b.request("SEARCH", "/items/account", json=padded)
            assert answer.status_code != 429
        assert [(await task).status_code for task in first] == [200, 200]
        assert (await ask(a)).status_code in {200, 400}


async def test_whose_large_body_is_gone_gives_its_place_back(filled, rows):
    async with served(filled) as (_, a, _b):
        with locked(rows):
            asked = [asyncio.create_task(LARGE["REST"](a)) for _ in range(2)]
            await become_busy(rows, "%product%", 2)
            for task in asked:
                task.cancel()
            await asyncio.wait(asked)
        await become_busy(rows, "%product%", 0)
        for _ in range(5):
            assert (await LARGE["REST"](a)).status_code == 200
