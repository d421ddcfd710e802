"""Clients: the address a request comes from, and what else it says of itself."""

from starlette.datastructures import Headers
from starlette.types import Scope

from app.access.caller import Client
from app.settings import Settings
from app.web.requests import header

_LONGEST_AGENT = 1000


def client_address(scope: Scope, settings: Settings) -> str | None:
    """The IP address of a client. A proxy's word is taken only where TRUST_PROXY says so."""
    peer = scope.get("client")
    ip = peer[0] if peer else None
    if settings.trust_proxy:
        given = ",".join(Headers(scope=scope).getlist("x-forwarded-for"))
        # The last address is the proxy's word; clients may send the header, too, before it.
        ip = given.rpartition(",")[2].strip() or ip
    return ip


def client_of(scope: Scope, settings: Settings) -> Client:
    """The client of a request: address, user agent and origin."""
    ip = client_address(scope, settings)
    agent, origin = header(scope, b"user-agent"), header(scope, b"origin")
    return Client(ip, agent[:_LONGEST_AGENT] or None, origin or None)
