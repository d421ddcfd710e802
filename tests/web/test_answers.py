"""Answers over a connection: of every kind they come whole, and leave it usable."""

import asyncio
import re

import pytest

from tests.web.test_connections import TOKEN, connected
from tests.web.test_shares import FILL, served


@pytest.fixture
def filled(app, installation, rows):
    rows.execute(FILL)
    return app


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
