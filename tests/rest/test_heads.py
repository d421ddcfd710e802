"""Heads: in one packet with the body, where one follows."""

import asyncio
import re
from types import SimpleNamespace

import pytest

from app.rest.heads import HeadWithBody
from tests.rest.test_connections import TOKEN, connected
from tests.rest.test_shares import FILL, served


@pytest.fixture
def filled(app, installation, rows):
    rows.execute(FILL)
    return app


class _Sent:
    """A transport that keeps what is written, a packet each."""

    def __init__(self):
        self.packets = []
        self.is_gone = False

    def write(self, data):
        self.packets.append(data)

    def close(self):
        self.packets.append(None)

    def is_closing(self):
        return self.is_gone


def cycle(length, method="GET"):
    return SimpleNamespace(
        response_started=False,
        chunked_encoding=None if length is None else False,
        expected_content_length=length or 0,
        scope={"method": method, "http_version": "1.1"},
    )


@pytest.mark.parametrize(
    ("length", "method", "written", "packets"),
    [
        (4, "GET", [b"head", b"body"], [b"headbody"]),
        (4, "GET", [b"head", b"bo", b"dy"], [b"headbo", b"dy"]),
        (0, "DELETE", [b"head", b""], [b"head", b""]),
        (4, "HEAD", [b"head"], [b"head"]),
        (None, "GET", [b"head", b"4\r\nbody\r\n", b"0\r\n\r\n"], None),
    ],
)
def test_a_head_goes_with_its_body_where_one_follows(length, method, written, packets):
    sent, answered = _Sent(), cycle(length, method)
    out = HeadWithBody(answered, sent)
    out.write(b"100 Continue")
    answered.response_started = True
    for data in written:
        out.write(data)
    assert sent.packets == [b"100 Continue", *(packets or written)]


def test_an_answer_that_is_cut_off_has_its_head():
    sent, answered = _Sent(), cycle(4)
    out = HeadWithBody(answered, sent)
    answered.response_started = True
    out.write(b"head")
    out.close()
    assert sent.packets == [b"head", None]


def test_to_a_client_that_is_gone_nothing_is_written():
    """Uvicorn tells the newest of its requests only; a closed transport would raise."""
    sent, answered = _Sent(), cycle(4)
    out = HeadWithBody(answered, sent)
    answered.response_started = True
    out.write(b"head")
    sent.is_gone = True
    out.write(b"body")
    out.close()
    assert sent.packets == [None]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/server/ping", b"200"),
        ("HEAD", "/server/ping", b"200"),
        ("GET", "/items/product?limit=1", b"200"),
        ("GET", "/nothing", b"404"),
        ("DELETE", "/items/product/x", b"204"),
        ("OPTIONS", "/items/product", b"200"),
    ],
)
async def test_answers_of_all_kinds_come_whole_and_leave_the_connection(
    filled, method, path, status
):
    async with served(filled) as (port, _, _b), connected(port) as (reader, writer):
        for _ in range(3):
            writer.write(
                f"{method} {path} HTTP/1.1\r\n".encode() + b"Host: x\r\n" + TOKEN + b"\r\n"
            )
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
            assert head.split()[1] == status, head
            found = re.search(rb"content-length: (\d+)", head.lower())
            if method != "HEAD" and found:
                await asyncio.wait_for(reader.readexactly(int(found[1])), 10)


@pytest.mark.parametrize("keep", [b"", b"Connection: keep-alive\r\n"])
async def test_clients_of_the_first_version_are_sent_no_chunks(filled, keep):
    path = b"/items/product?export=csv&fields=gtin&sort=gtin"
    async with served(filled) as (port, a, _b):
        whole = (await a.get(path.decode())).content
        async with connected(port) as (reader, writer):
            writer.write(b"GET " + path + b" HTTP/1.0\r\nHost: x\r\n" + keep + TOKEN + b"\r\n")
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
            assert b"transfer-encoding" not in head.lower()
            assert b"\r\nconnection: close\r\n" in head.lower()
            assert await asyncio.wait_for(reader.read(), 10) == whole != b""


def test_chunks_are_taken_out_of_their_frames():
    sent, answered = _Sent(), cycle(None)
    answered.scope["http_version"] = "1.0"
    out = HeadWithBody(answered, sent)
    answered.response_started = answered.chunked_encoding = True
    head = b"HTTP/1.1 200 OK\r\na: b\r\ntransfer-encoding: chunked\r\n\r\n"
    for data in (head, b"", b"b\r\n0\r\n\r\na\r\nbcd\r\n", b"2\r\nxy\r\n0\r\n\r\n"):
        out.write(data)
    assert sent.packets[0] == b"HTTP/1.1 200 OK\r\na: b\r\nconnection: close\r\n\r\n"
    assert b"".join(sent.packets[1:]) == b"0\r\n\r\na\r\nbcdxy"
    assert not answered.keep_alive
