"""Connections over which nothing comes, or too slowly: nobody keeps one, nor what it holds.

Over real sockets: what comes when is known to the transport only.
"""

import asyncio
import gc
import json
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import pytest
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.main import create_app
from app.web import connections
from app.web.bodies import Body
from app.web.connections import Connection
from tests.web.test_shares import FILL, busy, locked, served, until

TOKEN = b"Authorization: Bearer token-of-a\r\n"
JSON = b"Host: x\r\nContent-Type: application/json\r\n" + TOKEN
FORM = b"Host: x\r\nContent-Type: multipart/form-data; boundary=x\r\n" + TOKEN
FILE = b'--x\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\n'
PING = b"GET /server/ping HTTP/1.1\r\nHost: x\r\n\r\n"
STALL = 1.0


@pytest.fixture(scope="module")
def hurried(prepared):
    """The application, with clients that have to hurry."""
    hurry = {
        "request_stall_seconds": STALL,
        "export_stall_seconds": STALL,
        "max_connections": 20,
        "login_stall_time": 0.0,
    }
    return create_app(prepared.model_copy(update=hurry))


@pytest.fixture
def filled(hurried, installation, rows):
    rows.execute(FILL)
    return hurried


@asynccontextmanager
async def connected(port):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def told(port, first, trickle=b""):
    """All that is answered until the server closes; `trickle` is sent again and again."""
    held = bytearray()

    async def hear():
        with suppress(ConnectionResetError):  # closed while we were still sending
            while block := await reader.read(65536):
                held.extend(block)

    async with connected(port) as (reader, writer):
        writer.write(first)
        hearing = asyncio.create_task(hear())
        while not hearing.done():
            writer.write(trickle)
            await asyncio.wait([hearing], timeout=0.05)
        return bytes(held)


def error_of(answer):
    """The status and the only error of an answer."""
    head, _, body = answer.rpartition(b"\r\n\r\n")
    status = head.rpartition(b"HTTP/1.1 ")[2]
    assert b"connection: close" in status.lower()
    return int(status[:3]), json.loads(body)


NEVER_WHOLE = {
    "headers": (b"GET /items/product HTTP/1.1\r\nHost: x\r\nX-", b"a"),
    "headers that stop": (b"GET /items/product HTTP/1.1\r\nHost", b""),
    "a body": (
        b"POST /items/product HTTP/1.1\r\n" + JSON + b"Content-Length: 99999\r\n\r\n[",
        b" ",
    ),
    "a body that stops": (
        b"PATCH /items/product HTTP/1.1\r\n" + JSON + b"Content-Length: 99\r\n\r\n[",
        b"",
    ),
    "chunks": (
        b"SEARCH /items/product HTTP/1.1\r\n" + JSON + b"Transfer-Encoding: chunked\r\n\r\n",
        b"1\r\n \r\n",
    ),
    "trailers": (
        b"POST /items/product HTTP/1.1\r\n"
        + JSON
        + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n",
        b"x: y\r\n",
    ),
    "what is asked to go on": (
        b"POST /items/product HTTP/1.1\r\n"
        + JSON
        + b"Expect: 100-continue\r\nContent-Length: 99\r\n\r\n",
        b"",
    ),
    "GraphQL": (b"POST /graphql HTTP/1.1\r\n" + JSON + b"Content-Length: 99\r\n\r\n", b" "),
    "a login": (b"POST /auth/login HTTP/1.1\r\n" + JSON + b"Content-Length: 99\r\n\r\n", b" "),
    "a file": (
        b"POST /files HTTP/1.1\r\n"
        + FORM
        + b"Content-Length: 9999999\r\n\r\n"
        + FILE
        + b"a" * 70000,
        b"a",
    ),
    "an import": (
        b"POST /utils/import/product HTTP/1.1\r\n" + FORM + b"Content-Length: 99999\r\n\r\n--x\r\n",
        b"C",
    ),
}


@pytest.mark.parametrize(("first", "trickle"), NEVER_WHOLE.values(), ids=NEVER_WHOLE)
async def test_a_request_that_never_becomes_whole_is_told_408(filled, first, trickle):
    async with served(filled) as (port, *_):
        status, body = error_of(await told(port, first, trickle))
        assert status == 408
        [error] = body["errors"]
        assert error["extensions"]["code"] == "REQUEST_TIMEOUT"
        assert "Send it again" in error["message"]


async def test_other_surfaces_say_it_in_their_own_words(filled):
    head = b"POST /api/v2/scm/upload/ HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    first = head + b"Authorization: UAT token-of-a\r\nContent-Length: 99\r\n\r\n"
    async with served(filled) as (port, *_):
        status, body = error_of(await told(port, first, b" "))
        assert status == 408
        assert "Send it again" in body["detail"]


NO_REQUEST = {
    "nothing": (b"", b""),
    "line ends": (b"", b"\r\n"),
    "after an answer": (PING, b"\r\n"),
    "the rest of what was answered without it": (
        b"POST /nothing HTTP/1.1\r\nHost: x\r\nContent-Length: 99999\r\n\r\n",
        b"a",
    ),
}


@pytest.mark.parametrize(("first", "trickle"), NO_REQUEST.values(), ids=NO_REQUEST)
async def test_a_connection_without_a_request_is_closed(filled, first, trickle):
    async with served(filled) as (port, *_):
        answer = await told(port, first, trickle)
        assert answer.count(b"HTTP/1.1 ") == (1 if first else 0)


async def test_who_is_slow_and_goes_on_is_waited_for(filled):
    """For longer than a stall, in all."""
    pieces, piece = 6, b"a" * 64 * 1024
    length = len(FILE) + pieces * len(piece) + len(b"\r\n--x--\r\n")
    async with served(filled) as (port, *_), connected(port) as (reader, writer):
        writer.write(b"POST /files HTTP/1.1\r\n" + FORM + b"Content-Length: %d\r\n\r\n" % length)
        writer.write(FILE)
        for _ in range(pieces):
            await asyncio.sleep(STALL / 4)
            writer.write(piece)
        writer.write(b"\r\n--x--\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")


async def test_a_body_that_stalls_gives_back_its_place_among_the_large_ones(filled):
    stalling = b"POST /items/product HTTP/1.1\r\n" + JSON + b"Content-Length: 99999\r\n\r\n["
    async with served(filled) as (port, a, _):
        answers = await asyncio.gather(*(told(port, stalling) for _ in range(2)))
        assert [error_of(answer)[0] for answer in answers] == [408, 408]
        padded = {"query": {"filter": {"id": {"_eq": "x" * 70_000}}}}
        answer = await a.request("SEARCH", "/items/product", json=padded)
        assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    ("first", "trickle"),
    [
        (b"GET /server/ping HTTP/1.1\r\nX-A: ", b"a" * 20_000),
        (b"GET /server/ping?", b"a" * 20_000),
        (b"GET /server/ping HTTP/1.1\r\n", b"X-A: a\r\n" * 3_000),
    ],
    ids=["a header", "an address", "headers"],
)
async def test_headers_have_a_size(filled, first, trickle):
    async with served(filled) as (port, *_):
        status, body = error_of(await told(port, first, trickle))
        assert (status, body["errors"][0]["extensions"]["code"]) == (431, "HEADERS_TOO_LARGE")


async def test_what_is_no_http_is_told_so(filled):
    async with served(filled) as (port, *_):
        for first in (
            b"\x16\x03\x01\x00\r\n\r\n",
            b"CONNECT a:1 HTTP/1.1\r\n\r\n",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        ):
            status, body = error_of(await told(port, first))
            assert (status, body["errors"][0]["extensions"]["code"]) == (400, "INVALID_PAYLOAD")


UPGRADE = b"Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
UPGRADE += b"Sec-WebSocket-Version: 13\r\nUpgrade: "


@pytest.mark.parametrize("protocol", [b"websocket", b"h2c", b"TLS/1.0", b"x" * 999])
@pytest.mark.parametrize(
    ("line", "body", "status"),
    [
        (b"GET /server/ping", b"", 200),
        (b"GET /websocket", b"", 404),
        (b"GET /server/ping", b"Content-Length: 2\r\n\r\n{}", 200),
        (b"POST /nothing", b"Content-Length: 2\r\n\r\n{}", 404),
        (b"SEARCH /items/product", b"Content-Length: 2\r\n\r\n{}", 200),
        (b"SEARCH /items/product", b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 200),
    ],
)
async def test_who_asks_for_another_protocol_is_answered_in_this_one(
    filled, protocol, line, body, status
):
    """And told that nothing comes after it on this connection."""
    first = line + b" HTTP/1.1\r\n" + JSON + UPGRADE + protocol + b"\r\n" + (body or b"\r\n")
    async with served(filled) as (port, *_):
        answer = await told(port, first)
        assert answer.startswith(b"HTTP/1.1 %d " % status)
        assert b"\r\nconnection: close\r\n" in answer


def _connection():
    found = (one for one in gc.get_objects() if isinstance(one, Connection) and one.transport)
    [one] = [one for one in found if not one.transport.is_closing()]
    return one


@pytest.mark.parametrize("size", [1 << 20, 700, 28], ids=["at once", "cut", "one by one"])
async def test_of_requests_sent_without_waiting_a_few_are_looked_at(filled, size):
    """And all of them are answered, in their order."""
    count = 1500 if size > 1000 else 300
    line = b"GET /server/ping HTTP/1.1\r\nX-Request-Id: %d\r\n\r\n"
    sent = b"".join(line % n for n in range(count))
    queued, held, ids = [], [], []

    async def watch():
        while True:
            await asyncio.sleep(0)
            queued.append(len(one.pipeline))
            held.append(len(one._said))

    async def say():
        for start in range(0, len(sent), size):
            writer.write(sent[start : start + size])
            await writer.drain()

    async with served(filled) as (port, *_), connected(port) as (reader, writer):
        await until(lambda: connections._open)
        one = _connection()
        watching, saying = asyncio.create_task(watch()), asyncio.create_task(say())
        while len(ids) < count:
            line = await reader.readline()
            assert line
            if line.startswith(b"x-request-id: "):
                ids.append(int(line.partition(b" ")[2]))
        await saying
        watching.cancel()
    assert ids == list(range(count))
    assert max(queued) <= 17
    assert max(held) <= 64 * 1024 + 256 * 1024  # what one call reads comes on top


async def test_a_body_in_small_chunks_is_given_on_in_few_parts(filled, monkeypatch):
    """Each part that is given on copies what waits: thousands of them stopped the process."""
    parts = []
    given_on = HttpToolsProtocol.on_body

    def counted(self, body):
        parts.append(body)
        given_on(self, body)

    monkeypatch.setattr(HttpToolsProtocol, "on_body", counted)
    text = b'{"query":{"limit":1}}' + b" " * 5000
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in text) + b"0\r\n\r\n"
    head = b"SEARCH /items/product HTTP/1.1\r\n" + JSON + b"Connection: close\r\n"
    async with served(filled) as (port, *_):
        answer = await told(port, head + b"Transfer-Encoding: chunked\r\n\r\n" + chunks)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"".join(parts) == text
    assert len(parts) < 20


@pytest.mark.parametrize(
    "rest", [b"\r\n", b"", b"Content-Length: 9\r\n\r\n"], ids=["whole", "cut", "a body to come"]
)
async def test_headers_are_a_few_hundred_at_most(filled, rest):
    """A thousand connections of ten thousand each took a gigabyte."""
    line = b"POST /graphql HTTP/1.1\r\n" + JSON
    async with served(filled) as (port, *_):
        many = b"".join(b"%x:\r\n" % number for number in range(300))
        status, body = error_of(await told(port, line + many + rest))
        assert (status, body["errors"][0]["extensions"]["code"]) == (431, "HEADERS_TOO_LARGE")
        assert "200 headers" in body["errors"][0]["message"]
        few = b"".join(b"%x:\r\n" % number for number in range(190))
        answer = await told(port, line + few + b"Connection: close\r\nContent-Length: 2\r\n\r\n{}")
        assert answer.startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("path", [b"/items/", b"/api/v2/", b"/01/", b"/files/"])
async def test_paths_are_a_few_thousand_bytes_at_most(filled, path):
    """Its escapes are read before anybody knows who asks. A query may be longer."""
    async with served(filled) as (port, *_):
        for method in (b"GET ", b"POST "):
            long = method + path + b"%22a" * 2100 + b" HTTP/1.1\r\n" + JSON + b"\r\n"
            status, body = error_of(await told(port, long))
            assert (status, body["errors"][0]["extensions"]["code"]) == (431, "HEADERS_TOO_LARGE")
        close = JSON + b"Connection: close\r\n\r\n"
        query = b"GET /server/ping?" + b"a=b&" * 9000 + b" HTTP/1.1\r\n" + close
        assert (await told(port, query)).endswith(b"pong")


async def test_a_body_is_gone_with_its_request(filled):
    """Nothing waits for the next look for garbage: a few seconds of large bodies took gigabytes."""
    content = b'[{"nope": "' + b"x" * 200_000 + b'"}]'
    kind = {"content-type": "application/json"}

    def bodies():
        return {id(one) for one in gc.get_objects() if isinstance(one, Body)}

    async with served(filled) as (_, a, _b):
        gc.collect()
        gc.disable()
        before = bodies()  # other tests' may be part of what pytest shows of them
        try:
            for path, body in (
                ("/items/product", content),
                ("/graphql", b'{"query": "{ product { id } }", "x": "' + b"x" * 200_000 + b'"}'),
                ("/graphql", content),
                ("/nothing", content),
            ):
                await a.post(path, content=body, headers=kind)
            await until(lambda: bodies() <= before)
        finally:
            gc.enable()


async def test_an_account_has_a_few_uploads_at_a_time(filled):
    head = b"POST /files HTTP/1.1\r\n" + FORM + b"Content-Length: 100000\r\n\r\n" + FILE
    """Those of who stops sending hold their places for as long as they may."""
    async with served(filled) as (port, a, b), AsyncExitStack() as stack:
        for _ in range(8):
            _, writer = await stack.enter_async_context(connected(port))
            writer.write(head)
        await until(lambda: len(connections._open) and sum(connections._open.values()) >= 8)
        await asyncio.sleep(0.1)
        files = {"file": ("a.txt", b"x", "text/plain")}
        assert (await a.get("/items/product?limit=1")).status_code == 200
        mine = asyncio.create_task(a.post("/files", files=files))
        assert (await b.post("/files", files=files)).status_code != 429
        assert not mine.done()
        assert (await mine).status_code != 429  # those before it have stopped


async def test_what_one_client_sends_is_looked_at_a_piece_at_a_time(filled, monkeypatch):
    """Half a million chunks came in one go, and nobody else was served meanwhile."""
    sizes, together, rounds = [], [], {"now": 0}
    look = HttpToolsProtocol.data_received

    def end():
        rounds["now"] += 1

    def counted(self, data):
        sizes.append(len(data))
        together.append(rounds["now"])
        asyncio.get_running_loop().call_soon(end)
        look(self, data)

    monkeypatch.setattr(HttpToolsProtocol, "data_received", counted)
    head = b"SEARCH /items/product HTTP/1.1\r\n" + JSON + b"Connection: close\r\n"
    chunks = b'15\r\n{"query":{"limit":1}}\r\n' + b"1\r\n \r\n" * 150_000 + b"0\r\n\r\n"
    async with served(filled) as (port, *_):
        answer = await told(port, head + b"Transfer-Encoding: chunked\r\n\r\n" + chunks)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert max(sizes) <= 16 * 1024
    assert len(set(together)) == len(together) > 50


@pytest.mark.parametrize("size", [0, 1, 16_383, 16_384, 65_537, 300_000, 900_000])
@pytest.mark.parametrize("path", [b"/items/product", b"/nothing"], ids=["read", "not read"])
async def test_bodies_of_any_size_come_whole_and_leave_the_connection_usable(filled, size, path):
    """Also those that nobody reads: what comes after them is a request again."""
    body = b'{"query":{"limit":1}}' + b" " * size
    head = b"SEARCH " + path + b" HTTP/1.1\r\n" + JSON
    whole = head + b"Content-Length: %d\r\n\r\n" % len(body) + body
    cut = head + b"Transfer-Encoding: chunked\r\n\r\n"
    for start in range(0, len(body), 50_000):
        part = body[start : start + 50_000]
        cut += b"%x\r\n%b\r\n" % (len(part), part)
    last = PING.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    async with served(filled) as (port, *_):
        answer = await told(port, whole + cut + b"0\r\n\r\n" + last)
    status = b"HTTP/1.1 200 " if path == b"/items/product" else b"HTTP/1.1 404 "
    assert answer.count(status) == (3 if status.endswith(b"200 ") else 2)
    assert answer.endswith(b"pong")


async def test_who_leaves_takes_the_requests_along_that_wait(filled, rows):
    first = b"GET /items/product HTTP/1.1\r\n" + JSON + b"\r\n"
    async with served(filled) as (port, *_):
        with locked(rows):
            async with connected(port) as (_, writer):
                writer.write(first + PING * 5000)
                await until(lambda: busy(rows, "%product%"))
                one = _connection()
                await until(lambda: one.pipeline)
                under_way = one._under_way
                assert under_way is not one.cycle
            await until(lambda: not connections._open)
            assert not one.pipeline
            assert not one._said
            assert under_way.disconnected  # or its answer would be written to nobody


CHUNKED = b"POST /items/product HTTP/1.1\r\n" + JSON + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize("before", [0, 1, 3])
@pytest.mark.parametrize("wrong", [
    b"POST /items/product HTTP/1.1\r\n" + JSON + b"Transfer-Encoding: gzip\r\n\r\n",
    b"POST /items/product HTTP/1.1\r\n" + JSON + b"Transfer-Encoding: gzip, chunked\r\n\r\n",
    b"POST /items/product HTTP/1.1\r\n" + JSON + b"Transfer-Encoding: x\r\n\r\n0\r\n\r\n",
    b"GET /server/ping HTTP/1.1\r\nTransfer-Encoding: identity\r\n\r\n",
    b"POST /nothing HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n",
    CHUNKED + b"x\r\n",
    CHUNKED + b"1\r\n[xx",
    b"GET  x\r\n\r\n",
    b"\0",
])  # fmt: skip
async def test_what_can_not_be_read_is_told_so_after_what_could(filled, wrong, before):
    """No answer is lost, and none is missing."""
    asked = b"GET /items/product HTTP/1.1\r\n" + JSON + b"\r\n"
    async with served(filled) as (port, *_):
        answer = await told(port, asked * before + wrong)
        assert answer.count(b"HTTP/1.1 200 ") == before
        status, body = error_of(answer)
        assert (status, body["errors"][0]["extensions"]["code"]) == (400, "INVALID_PAYLOAD")
        assert body["errors"][0]["message"]


async def test_an_address_has_so_many_connections(filled):
    async with served(filled) as (port, *_):
        held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(20)]
        status, body = error_of(await told(port, b""))
        assert (status, body["errors"][0]["extensions"]["limit"]) == (429, 20)
        for _, writer in held:
            writer.transport.abort()
        await until(lambda: not connections._open)
        async with connected(port) as (reader, writer):
            writer.write(PING)
            assert (await reader.readline()).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("last", [b"", b"Connection: close\r\n"])
async def test_whose_answers_nobody_reads_loses_the_connection(filled, rows, last):
    """The rest of an answer that fits no socket is nowhere for longer than a stall."""
    rows.execute(
        "INSERT INTO product (id, account, product_name, description) "
        "SELECT '/01/' || n, account, n, repeat(md5(n::text), 1000) "
        "FROM generate_series(1, 600) AS n, directus_users WHERE email = 'a@example.com'"
    )
    async with served(filled) as (port, *_), connected(port) as (reader, writer):
        reader._transport.pause_reading()
        head = b"GET /items/product?limit=-1 HTTP/1.1\r\n" + JSON + last + b"\r\n"
        writer.write(head)
        await until(lambda: connections._open)
        await until(lambda: not connections._open)
