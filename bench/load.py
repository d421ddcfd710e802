"""A load generator: as many keep-alive connections as asked, one request after another on each."""

import asyncio
import time
from urllib.parse import urlsplit

import uvloop


class _Connection(asyncio.Protocol):
    """Sends the same request again as soon as the answer is whole."""

    def __init__(self, request: bytes, counts: list[int], failed: list[bytes]) -> None:
        self.request = request
        self.counts = counts
        self.failed = failed
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, found, body = self.buffer.partition(b"\r\n\r\n")
        if not found:
            return
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        if len(body) < length:
            return
        if not head.startswith(b"HTTP/1.1 200") or b'"errors"' in body[:200]:
            self.failed.append(self.buffer[:300])
        self.counts[0] += 1
        self.buffer = b""
        self.transport.write(self.request)


def requests_per_second(
    url: str, body: bytes | None, headers: dict[str, str], *, connections: int, seconds: float
) -> float:
    """The rate a server answers one request at, after half a second of warm-up.

    Raises RuntimeError when an answer is not a plain 200.
    """
    request = _request(url, body, headers)
    parts = urlsplit(url)

    async def run() -> float:
        loop = asyncio.get_running_loop()
        counts, failed = [0], []
        made = [
            await loop.create_connection(
                lambda: _Connection(request, counts, failed), parts.hostname, parts.port
            )
            for _ in range(connections)
        ]
        await asyncio.sleep(0.5)
        before, start = counts[0], time.perf_counter()
        await asyncio.sleep(seconds)
        rate = (counts[0] - before) / (time.perf_counter() - start)
        for transport, _ in made:
            transport.close()
        if failed:
            raise RuntimeError(f"The server answered {failed[0]!r}")
        return rate

    return uvloop.run(run())


def _request(url: str, body: bytes | None, headers: dict[str, str]) -> bytes:
    parts = urlsplit(url)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    lines = [f"{'GET' if body is None else 'POST'} {path} HTTP/1.1", f"Host: {parts.netloc}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + (body or b"")
