"""Addresses as those see them who count: what one of the internet's subscribers has is one."""

import ipaddress
from functools import lru_cache

_PREFIX = 64
"""Bits of an IPv6 address that name a subscriber's network; the others are its own to choose."""
_NEAR = {4: 24, 6: 48}


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


def neighbourhood_of(network: str) -> str:
    """The addresses about an address, of a site or a provider's pool: /24, in IPv6 /48.

    >>> neighbourhood_of("192.0.2.7"), neighbourhood_of("2001:db8:1:2::")
    ('192.0.2.0/24', '2001:db8:1::/48')
    """
    try:
        address = ipaddress.ip_address(network)
    except ValueError:
        return network
    return str(ipaddress.ip_network((address, _NEAR[address.version]), strict=False))
