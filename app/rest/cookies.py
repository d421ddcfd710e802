"""Cookies: the one a caller was given by us, out of all that a browser sends along."""

from starlette.types import Scope

from app.rest.requests import header


def cookie(scope: Scope, name: str) -> str | None:
    """The value of the first cookie of that name (RFC 6265 5.4); None where there is none.

    What may stand in a value stands for itself (4.1.1): ours have nothing to unquote, and the
    standard library takes the square of a value's length for that.
    """
    said = header(scope, b"cookie")
    if name not in said:
        return None
    for pair in said.split(";"):
        found, _, value = pair.partition("=")
        if found.strip() == name:
            return value.strip().strip('"')
    return None
