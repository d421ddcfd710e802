"""Where a URL leads, and whether Mintage may go there.

An address is judged as what it means, however it is spelled: `2130706433`, `0x7f.1`,
`[::ffff:7f00:1]` and a name that resolves to one of them are all the loopback address.
"""

import ipaddress
import re
import socket
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

_URL = re.compile(r"[!-~]{1,2000}")
_PORTS = {"https": 443, "http": 80}
_HOST = re.compile(r"[A-Za-z0-9._:-]+")

_V4 = [ipaddress.IPv4Network(one) for one in ("192.0.0.0/24", "192.88.99.0/24")]
"""Kept for protocols: older versions of `ipaddress` do not know all of it (a cloud's metadata)."""
_GLOBAL_V6 = ipaddress.IPv6Network("2000::/3")
"""All that has been given out of IPv6 for the public internet (RFC 4291 2.4)."""
_KEPT_V6 = [
    ipaddress.IPv6Network(one) for one in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
]
"""Within it: protocols (Teredo), documentation, 6to4."""
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
"""RFC 6052: the last 32 bits are an IPv4 address, which a gateway goes on to."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Refused(Exception):
    """Mintage does not go there. The sentence says why."""


class Unreachable(Exception):
    """Nobody is there, or it does not answer as an HTTP server does. The sentence says why."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a URL leads. `is_trusted`: a setting names the host, so any address of it will do."""

    scheme: str
    host: str
    port: int
    target: str
    is_trusted: bool

    @property
    def authority(self) -> str:
        """The host as the header `Host` has it (RFC 9110 7.2)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def place_of(url: str, trusted: Collection[str]) -> Place:
    """Where a URL leads. `trusted`: hosts, each as `name` or `name:port`, that a setting names.

    Raises Refused for what is no plain https URL (http: of a trusted host), and for addresses in
    numbers that are not of the public internet. A name is judged when it is resolved.
    """
    if not _URL.fullmatch(url):
        raise Refused(
            "It has to be a URL of at most 2,000 visible ASCII characters "
            "(names in Punycode, the rest percent-encoded)."
        )
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        raise Refused("It is not a URL.") from None
    if not host or not _HOST.fullmatch(host) or parts.scheme not in _PORTS:
        raise Refused("It has to begin with https:// and name a host.")
    if "@" in parts.netloc or parts.fragment:
        raise Refused("It may have no user, password or fragment.")
    is_trusted = not {host.rstrip("."), f"{host.rstrip('.')}:{port}"}.isdisjoint(trusted)
    if parts.scheme == "http" and not is_trusted:
        raise Refused(
            "It has to begin with https://. Only a host that OUTSIDE_HOSTS names may be http."
        )
    if not is_trusted:
        for address in _written(host):
            require_public(address)
    return Place(parts.scheme, host, port, _target(parts), is_trusted)


def require_public(address: Address) -> None:
    """Raises Refused for an address that is not of the public internet.

    Private, loopback, link-local (cloud metadata), multicast, reserved: by the registries of IANA
    (RFC 6890). The refusal does not repeat the address: what a name is in here is nobody's matter.
    """
    if not _is_public(address):
        raise Refused(
            "Its host has an address that is not of the public internet. Only a host that "
            "OUTSIDE_HOSTS names may have one."
        )


def _is_public(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv4Address):
        kept = any(address in network for network in _V4)
        return address.is_global and not (kept or address.is_multicast or address.is_reserved)
    if address.ipv4_mapped is not None:
        return _is_public(address.ipv4_mapped)
    if address in _NAT64:
        return _is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return address in _GLOBAL_V6 and not any(address in network for network in _KEPT_V6)


def _written(host: str) -> list[Address]:
    """The address that a host is, in whatever spelling the system reads; none where it is a name.

    Nobody is asked: a name is no number.
    """
    try:
        found = socket.getaddrinfo(host, None, flags=socket.AI_NUMERICHOST)
    except (socket.gaierror, UnicodeError):
        return []
    return [address_of(info[4][0]) for info in found]


def address_of(text: str | int) -> Address:
    """The address of a socket's name, without the zone that link-local ones have."""
    return ipaddress.ip_address(str(text).partition("%")[0])


def _target(parts: SplitResult) -> str:
    """What is asked for: path and query (RFC 9112 3.2.1)."""
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
