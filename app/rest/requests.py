"""What a request carries: headers and a JSON body, looked at where every request passes."""

import re
from typing import Any

from starlette.requests import Request
from starlette.types import Scope

from app.errors import InvalidPayload
from app.json_text import NotJson, read_json
from app.rest.large_bodies import LARGE

_SECRETS = re.compile(r"(/documents/(?:download|file))\W.+", re.IGNORECASE | re.DOTALL)
"""Routes whose paths hold what lets somebody in: `{token}`. All of them have to be here."""
_TOKEN_LIKE = re.compile(r"(?<![\w.-])[\w.-]{40,}|(?<![A-Za-z])[A-Za-z]{32,}", re.ASCII)
"""What looks like a link's token, a static or a signed one, wherever a client's mistake puts it. A
UUID is shorter, and so are the names of collections. Each run is tried once, where it begins.
"""


def path_for_logs(scope: Scope) -> str:
    """The path as logs show it: never the query, which may hold a token, and no secret of a path.

    >>> path_for_logs({"path": "/api/v2/documents/download/AbC/"})
    '/api/v2/documents/download/***'
    """
    path: str = scope["path"]
    if "/documents/" in path.lower():
        path = _SECRETS.sub(r"\1/***", path)
    return _TOKEN_LIKE.sub("***", path)


def absolute(request: Request, path: str = "") -> str:
    """The URL of a path of this server: at PUBLIC_URL, else at the host that was asked."""
    base = request.state.settings.public_url or str(request.base_url)
    return str(base).rstrip("/") + path


def query_of(request: Request) -> str:
    """The query as it was sent, without its question mark; bytes that are no text become marks."""
    query: bytes = request.scope["query_string"]
    return query.decode(errors="replace")


def header(scope: Scope, wanted: bytes) -> str:
    """The first header of that name (in small letters); empty text where there is none."""
    for name, value in scope["headers"]:
        if name == wanted:
            return str(value, "latin-1")
    return ""


async def whole_body(request: Request) -> bytes:
    """The bytes of a body, read when it is its turn among the large ones. Raises TooManyAtOnce.

    One that does not say how large it is counts as large.
    """
    said = header(request.scope, b"content-length")
    size = float(said) if said.isascii() and said.isdecimal() else 0.0  # of any number of digits
    if header(request.scope, b"transfer-encoding"):
        size = LARGE + 1
    await request.state.large_body.wait(size)
    return await request.body()


async def body_of(request: Request) -> Any:
    """The JSON body; an empty object when there is none or it is of another kind.

    Raises InvalidPayload for what is no JSON, too much of it, or nested too deeply; TooManyAtOnce.
    """
    if not header(request.scope, b"content-type").startswith("application/json"):
        return {}
    raw = await whole_body(request)
    if not raw.strip():
        return {}
    try:
        return read_json(raw, of_nobody=request.state.items.caller.is_anonymous)
    except NotJson as error:
        raise InvalidPayload(str(error)) from None
