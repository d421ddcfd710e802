"""Whether the DNS says that a domain is somebody's: a TXT record under it (RFC 1035 3.3.14)."""

import logging

import dns.asyncresolver
import dns.exception

from app.settings import settings

logger = logging.getLogger(__name__)

RECORD = "_mintage"
"""Put before the domain's name: records of its own stay as they are."""
_PATIENCE = 3.0
"""Seconds."""


async def has_record(domain: str, code: str) -> bool:
    """Whether `_mintage.<domain>` has a TXT record with that text. A DNS that is silent says no."""
    try:
        answer = await _resolver().resolve(f"{RECORD}.{domain}", "TXT", lifetime=_PATIENCE)
    except (dns.exception.DNSException, OSError) as error:
        logger.info("%s.%s has no TXT record to be read: %s", RECORD, domain, error)
        return False
    texts = {b"".join(record.strings).decode("utf-8", "replace").strip() for record in answer}
    return bool(code) and code in texts


def _resolver() -> dns.asyncresolver.Resolver:
    server = settings().dns_server
    if server is None:
        return dns.asyncresolver.Resolver()
    resolver = dns.asyncresolver.Resolver(configure=False)
    host, _, port = server.partition(":")
    resolver.nameservers, resolver.port = [host], int(port or 53)
    return resolver
