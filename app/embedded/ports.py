"""Free TCP ports on the loopback address, kept free for one server."""

import json
import platform
import random
import socket
from dataclasses import dataclass
from pathlib import Path

from app.embedded.errors import EmbeddedError
from app.embedded.private_files import write_private

HOST = "127.0.0.1"
PAIR = 10_000
"""Distance of the two ports of a pair: SeaweedFS looks for gRPC so far above a port."""
_RANGE = range(11_000, 22_000)
"""With their partners, below the ports that systems give to outgoing connections."""


@dataclass(frozen=True)
class Ports:
    """The lower number of each pair, and the sockets that keep others from taking them."""

    numbers: tuple[int, ...]
    sockets: tuple[socket.socket, ...]


def reserve(pairs: int, note: Path) -> Ports:
    """Free pairs of ports: those of last time (noted in `note`), each replaced if it is taken.

    Raises EmbeddedError when there are not that many.
    """
    noted = [int(number) for number in json.loads(note.read_text())] if note.exists() else []
    bound: list[tuple[socket.socket, socket.socket]] = []
    for place in range(pairs):
        again = _bound_pair(noted[place], again=True) if place < len(noted) else None
        bound.append(again or _bound_anywhere())
    numbers = tuple(int(lower.getsockname()[1]) for lower, _ in bound)
    write_private(note, json.dumps(numbers))
    return Ports(numbers, _kept([holder for pair in bound for holder in pair]))


def _bound_anywhere() -> tuple[socket.socket, socket.socket]:
    for number in random.sample(_RANGE, 200):
        if pair := _bound_pair(number, again=False):
            return pair
    raise EmbeddedError(f"No free ports on {HOST}. Set S3_URL to your own server.")


def _bound_pair(number: int, *, again: bool) -> tuple[socket.socket, socket.socket] | None:
    lower, upper = _bound(number, again=again), _bound(number + PAIR, again=again)
    if lower and upper:
        return lower, upper
    for holder in (lower, upper):
        if holder:
            holder.close()
    return None


def _bound(number: int, *, again: bool) -> socket.socket | None:
    """A socket that has the port but does not listen; None if the port is taken.

    Bound without SO_REUSEADDR, so two such sockets never share a port; given it afterwards, so
    that on Linux the server, which also sets it, can take the port while this keeps it. A port
    used before (`again`) may have old connections that linger, which only SO_REUSEADDR allows.
    """
    holder = socket.socket()
    try:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, again)
        holder.bind((HOST, number))
    except OSError:
        holder.close()
        return None
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return holder


def _kept(holders: list[socket.socket]) -> tuple[socket.socket, ...]:
    """The sockets, where a server can share a port with one; elsewhere they are closed."""
    if platform.system() == "Linux":
        return tuple(holders)
    for holder in holders:
        holder.close()
    return ()
