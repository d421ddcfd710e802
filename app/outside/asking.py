"""One request to a server that somebody outside has named, within bounds.

The address that was judged is the one that is connected to, so a name that resolves to something
else a moment later leads nowhere else. Redirects are answers like others: nobody follows them. No
proxy of the environment is asked.
"""

import asyncio
import socket
import ssl
from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Self

import httpcore

from app.outside.places import Place, Unreachable, address_of, require_public
from app.pools import NAMES


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered. `is_whole`: whether the body is all of it, or only its beginning."""

    status: int
    body: bytes
    is_whole: bool

    @property
    def is_success(self) -> bool:
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    @property
    def is_redirect(self) -> bool:
        return HTTPStatus.MULTIPLE_CHOICES <= self.status < HTTPStatus.BAD_REQUEST


async def ask(
    method: str,
    place: Place,
    headers: Mapping[str, str],
    body: bytes = b"",
    *,
    seconds: float,
    most: int,
) -> Answer:
    """The answer to one request: within so many seconds in all, with so many bytes of its body.

    Raises Refused where the place may not be gone to, and Unreachable.
    """
    try:
        async with asyncio.timeout(seconds):
            return await _answered(method, place, headers, body, most)
    except TimeoutError:
        raise Unreachable(f"No answer came within {seconds:g} seconds.") from None
    except ssl.SSLError as error:
        raise Unreachable(f"TLS failed: {error.reason or error}.") from error
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException) as error:
        raise Unreachable(f"The request failed: {str(error) or type(error).__name__}.") from error


async def _answered(
    method: str, place: Place, headers: Mapping[str, str], body: bytes, most: int
) -> Answer:
    url = httpcore.URL(scheme=place.scheme, host=place.host, port=place.port, target=place.target)
    sent = [("Host", place.authority), ("Connection", "close"), *headers.items()]
    trust = await NAMES.run(_trust) if place.scheme == "https" else None
    async with (
        _Judging(is_trusted=place.is_trusted) as backend,
        httpcore.AsyncConnectionPool(ssl_context=trust, network_backend=backend) as pool,
        pool.stream(method, url, headers=sent, content=body) as response,
    ):
        read = bytearray()
        async for part in response.aiter_stream():
            read += part
            if len(read) > most:
                return Answer(response.status, bytes(read[:most]), is_whole=False)
        return Answer(response.status, bytes(read), is_whole=True)


class _Judging(httpcore.AsyncNetworkBackend):
    """Connects to what a name resolves to, if all of that may be gone to.

    At its end it closes what it has opened: a request that is cancelled amid TLS would not.
    """

    def __init__(self, *, is_trusted: bool) -> None:
        self._is_trusted = is_trusted
        self._backend = httpcore.AnyIOBackend()
        self._opened = AsyncExitStack()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *raised: object) -> None:
        await self._opened.aclose()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        addresses = [address_of(info[4][0]) for info in await _resolved(host, port)]
        if not self._is_trusted:
            for address in addresses:
                require_public(address)
        failed: Exception = Unreachable(f"{host} has no address.")
        for address in dict.fromkeys(addresses):
            try:
                stream = await self._backend.connect_tcp(
                    str(address), port, timeout, local_address, socket_options
                )
            except httpcore.ConnectError as error:
                failed = error
            else:
                self._opened.push_async_callback(stream.aclose)
                return stream
        raise failed


async def _resolved(host: str, port: int) -> list[tuple[Any, ...]]:
    try:
        return list(await NAMES.run(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM))
    except (socket.gaierror, UnicodeError):
        raise Unreachable(f"There is no host {host}.") from None


@lru_cache(maxsize=1)
def _trust() -> ssl.SSLContext:
    """Whom TLS trusts. It takes a good part of a second to read: in a thread."""
    return httpcore.default_ssl_context()
