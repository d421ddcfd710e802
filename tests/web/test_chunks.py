"""Clients of HTTP/1.0 are sent no chunks (RFC 9112 7.1)."""

import asyncio
from types import SimpleNamespace

import pytest

from app.web.chunks import Unframed
from tests.web.test_connections import TOKEN, connected
from tests.web.test_shares import FILL, served


@pytest.fixture
def filled(app, installation, rows):
    rows.execute(FILL)
    return app


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


class _Sent:
    """A transport that keeps what is written."""

    def __init__(self):
        self.packets = []

    def write(self, data):
        self.packets.append(data)


def test_chunks_are_taken_out_of_their_frames():
    sent = _Sent()
    answered = SimpleNamespace(response_started=False, chunked_encoding=None, keep_alive=True)
    out = Unframed(answered, sent)
    out.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    answered.response_started = answered.chunked_encoding = True
    head = b"HTTP/1.1 200 OK\r\na: b\r\ntransfer-encoding: chunked\r\n\r\n"
    for data in (head, b"", b"b\r\n0\r\n\r\na\r\nbcd\r\n", b"2\r\nxy\r\n0\r\n\r\n"):
        out.write(data)
    assert sent.packets[:2] == [
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 200 OK\r\na: b\r\nconnection: close\r\n\r\n",
    ]
    assert b"".join(sent.packets[2:]) == b"0\r\n\r\na\r\nbcdxy"
    assert not answered.keep_alive
