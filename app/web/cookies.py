"""Cookies: the one a caller was given by us, out of all that a browser sends along."""

from typing import Any

from starlette.types import Scope

from app.settings import Settings
from app.web.requests import header

SESSION_COOKIE = "directus_session_token"


def cookie_scope(settings: Settings) -> dict[str, Any]:
    """What all our cookies have in common: scripts and other sites can't use them."""
    return {
        "httponly": True,
        "samesite": "lax",
        "secure": settings.cookie_secure,
        "domain": settings.cookie_domain,
    }


def cookie(scope: Scope, name: str) -> str | None:
    """The value of the first cookie of that name (RFC 6265 5.4); None where there is none.

    What may stand in a value stands for itself (4.1.1): ours have nothing to unquote, and the
    standard library takes the square of a value's length for that.
    """
    said, begun = header(scope, b"cookie"), f"{name}="
    at = said.find(begun)
    while at >= 0:
        if _begins_pair(said, at):
            return said[at + len(begun) :].partition(";")[0].strip().strip('"')
        at = said.find(begun, at + len(begun))
    return None


def _begins_pair(said: str, at: int) -> bool:
    """Whether there are but blanks between a place and the pair before. Each is looked at once."""
    while at > 0 and said[at - 1].isspace():
        at -= 1
    return at == 0 or said[at - 1] == ";"
