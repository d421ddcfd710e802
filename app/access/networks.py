"""Addresses as those see them who count: what one of the internet's subscribers has is one."""

import ipaddress
from functools import lru_cache

_PREFIX = 64
"""Bits of an IPv6 address that name a subscriber's network; the others are its own to choose."""


@lru_cache(maxsize=10_000)
def network_of(ip: str | None) -> str:
    """An IPv4 address as it is, an IPv6 address without the half that its owner chooses (RFC 4291).

    >>> network_of("192.0.2.7"), network_of("::ffff:192.0.2.7"), network_of("2001:db8::1:2:3:4")
    ('192.0.2.7', '192.0.2.7', '2001:db8::')
    """
    try:
        address = ipaddress.ip_address(ip or "")
    except ValueError:
        return ip or ""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, _PREFIX), strict=False).network_address)
    return str(address)
