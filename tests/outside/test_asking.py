"""Where Mintage goes for others, and where it does not, however that is spelled."""

import asyncio
import socket
import time
from contextlib import asynccontextmanager

import httpcore
import pytest

from app.outside import Refused, Unreachable, ask, asking, place_of

INSIDE = """
https://127.0.0.1/ https://127.1/ https://2130706433/ https://0x7f000001/ https://0x7f.1/
https://017700000001/ https://0/ https://0.0.0.0/ https://10.0.0.1/ https://172.16.0.1/
https://192.168.1.1/ https://100.64.0.1/ https://100.100.100.200/ https://169.254.169.254/latest
https://192.0.0.192/ https://224.0.0.1/ https://240.0.0.1/ https://255.255.255.255/
https://[::1]/ https://[::]/ https://[::ffff:127.0.0.1]/ https://[::ffff:7f00:1]:8443/
https://[::127.0.0.1]/ https://[64:ff9b::a9fe:a9fe]/ https://[64:ff9b:1::7f00:1]/
https://[2002:7f00:1::]/ https://[2001:0:7f00:1::]/ https://[::ffff:0:127.0.0.1]/ https://[fe80::1]/
https://[fe80::1%25lo]/ https://[fd00:ec2::254]/ https://[fec0::1]/ https://[ff0e::1]/
https://[2001:db8::1]/
""".split()
WRONG = """
http://example.com/ ftp://example.com/ https:// https:///x //example.com example.com
https://user@example.com/ https://user:secret@example.com/ https://example.com/#part
https://example.com:99999/ https://exa%6Dple.com/ https://exämple.com/ https://[::1 https://a_b@c/
""".split()


def test_addresses_of_no_public_network_are_refused_in_any_spelling():
    for url in [*INSIDE, *WRONG, "https://example.com/\n", "https://example.com/ x", ""]:
        with pytest.raises(Refused):
            place_of(url, ())
    for url in ("https://8.8.8.8/", "https://[2606:4700::1111]/", "https://[::ffff:8.8.8.8]/"):
        place_of(url, ())


def test_a_setting_names_hosts_with_or_without_their_port():
    trusted = {"127.0.0.1:81", "n8n.internal", "::1"}
    for url in ("http://127.0.0.1:81/", "http://N8N.internal/x", "https://n8n.internal.:8443/"):
        assert place_of(url, trusted).is_trusted
    assert place_of("http://[::1]:8080/a?b=c", trusted).authority == "[::1]:8080"
    for url in ("http://127.0.0.1/", "http://127.0.0.1:82/", "http://2130706433:81/"):
        with pytest.raises(Refused):
            place_of(url, trusted)


@asynccontextmanager
async def answering(head: bytes, body: bytes = b"", pause: float = 0.0):
    """A server that says that; the requests it got, and the URL it is at."""
    got: list[bytes] = []

    async def serve(reader, writer):
        try:
            got.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(head)
            await asyncio.sleep(pause)
            writer.write(body)
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield got, port
        server.close()


def here(port, path="/"):
    return place_of(f"http://127.0.0.1:{port}{path}", {"127.0.0.1"})


async def test_a_name_that_resolves_to_an_address_inside_is_refused(monkeypatch):
    """Also where only one of its addresses is; and nobody is connected to."""
    async with answering(b"HTTP/1.1 204 \r\n\r\n") as (got, port):
        with pytest.raises(Refused, match="public internet"):
            await ask("GET", place_of(f"https://localhost:{port}/", ()), {}, seconds=5, most=0)
        asked = []

        def rebinding(host, port, **_options):
            """What an evil name server says: something public first, the target with it."""
            asked.append(host)
            return [
                (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
                for address in ("8.8.8.8", "127.0.0.1")
            ]

        place = place_of(f"https://evil.example:{port}/", ())
        monkeypatch.setattr(socket, "getaddrinfo", rebinding)
        with pytest.raises(Refused):
            await ask("GET", place, {}, seconds=5, most=0)
        assert asked == ["evil.example"]  # once: what was judged is what would be connected to
        assert got == []


async def test_redirects_are_answers_and_nobody_follows_them():
    async with answering(b"HTTP/1.1 204 \r\n\r\n") as (got, port):
        moved = f"HTTP/1.1 302 \r\nLocation: http://127.0.0.1:{port}/\r\nContent-Length: 0\r\n\r\n"
        async with answering(moved.encode()) as (_, first):
            answer = await ask("POST", here(first), {}, b"x", seconds=5, most=0)
        assert (answer.status, answer.is_redirect, got) == (302, True, [])


async def test_size_and_time_are_bounded():
    large = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"
    async with answering(large, b"x" * 1_000_000) as (got, port):
        answer = await ask("GET", here(port, "/a?b"), {"X-Own": "1"}, seconds=5, most=1000)
        assert (answer.status, len(answer.body), answer.is_whole) == (200, 1000, False)
        assert got[0].startswith(b"GET /a?b HTTP/1.1\r\n")
        assert f"\r\nHost: 127.0.0.1:{port}\r\n".encode() in got[0]
        assert b"\r\nX-Own: 1\r\n" in got[0]
    async with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", b"cde", 0.1) as (
        _,
        port,
    ):
        answer = await ask("GET", here(port), {}, seconds=5, most=5)
        assert (answer.body, answer.is_whole) == (b"abcde", True)
        began = time.monotonic()
        with pytest.raises(Unreachable, match=r"within 0\.05 seconds"):
            await ask("GET", here(port), {}, seconds=0.05, most=5)
        assert time.monotonic() - began < 1


async def test_what_is_not_there_or_speaks_no_http_is_unreachable():
    async with answering(b"SSH-2.0-x\r\n") as (_, port):
        with pytest.raises(Unreachable):
            await ask("GET", here(port), {}, seconds=5, most=5)
        tls = place_of(f"https://127.0.0.1:{port}/", {"127.0.0.1"})
        with pytest.raises(Unreachable):
            await ask("GET", tls, {}, seconds=0.3, most=5)
    with pytest.raises(Unreachable):
        await ask("GET", here(port), {}, seconds=5, most=5)
    with pytest.raises(Unreachable, match=r"no host nobody\.invalid"):
        await ask("GET", place_of("https://nobody.invalid/", ()), {}, seconds=5, most=5)


async def test_a_failure_without_words_is_told_by_its_kind(monkeypatch):
    async def reset(*_):
        raise httpcore.ReadError

    monkeypatch.setattr(asking, "_answered", reset)
    with pytest.raises(Unreachable, match=r"The request failed: ReadError\."):
        await ask("GET", here(1), {}, seconds=5, most=5)
