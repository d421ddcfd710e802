"""What a request carries: headers and a JSON body, looked at where every request passes."""

import re
from typing import Any

from starlette.requests import Request
from starlette.types import Scope

from app.errors import InvalidPayload
from app.json_text import NotJson, TooDeep, read_json

_SECRETS = re.compile(r"(/documents/(?:download|file))\W.+", re.IGNORECASE | re.DOTALL)
"""Routes whose paths hold what lets somebody in: `{token}`. All of them have to be here."""
_TOKEN_LIKE = re.compile(r"(?<![\w.-])[\w.-]{40,}|(?<![A-Za-z])[A-Za-z]{32,}", re.ASCII)
"""What looks like a link's token, a static or a signed one, wherever a client's mistake puts it. A
UUID is shorter, and so are the names of collections. Each run is tried once, where it begins.
"""

_BY_NAME = "mintage.headers"
"""Where a request's scope keeps its headers by name: a dozen of them are looked up."""
HAS_COME = "mintage.has_come"
"""Where a request's scope has a function that tells whether more of its body is there already."""
IS_FOLLOWED = "mintage.is_followed"
"""And one that tells whether its client has sent more, without waiting for the answer."""


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
    """The URL of a path of this server: at PUBLIC_URL, else at the host that was asked.

    By the scheme that a trusted proxy was asked by: it asks us by http.
    """
    settings = request.state.settings
    if settings.public_url:
        return str(settings.public_url).rstrip("/") + path
    base = request.base_url
    said = header(request.scope, b"x-forwarded-proto").rpartition(",")[2].strip().lower()
    if settings.trust_proxy and said in {"http", "https"}:
        base = base.replace(scheme=said)
    return str(base).rstrip("/") + path


def query_of(request: Request) -> str:
    """The query as it was sent, without its question mark; bytes that are no text become marks."""
    query: bytes = request.scope["query_string"]
    return query.decode(errors="replace")


def header(scope: Scope, wanted: bytes) -> str:
    """The first header of that name (in small letters); empty text where there is none."""
    named = scope.get(_BY_NAME)
    if named is None:
        named = scope[_BY_NAME] = dict(reversed(scope["headers"]))
    value = named.get(wanted)
    return "" if value is None else value.decode("latin-1")


async def whole_body(request: Request) -> bytes:
    """The bytes of a body, read when it is its turn (`app.web.bodies`). Raises TooManyAtOnce."""
    raw: bytes = await request.scope["state"]["body"].read()
    return raw


async def body_of(request: Request) -> Any:
    """The JSON body; an empty object when there is none or it is of another kind.

    Raises InvalidPayload for what is no JSON, too much of it, or nested too deeply; TooManyAtOnce.
    """
    return json_of(request, await whole_body(request)) if _is_json(request) else {}


def json_of(request: Request, raw: bytes) -> Any:
    """The same of a body that has been read."""
    if not _is_json(request) or not raw.strip():
        return {}
    try:
        return read_json(raw, of_nobody=request.state.items.caller.is_anonymous)
    except NotJson as error:
        raise InvalidPayload(str(error)) from None


def json_or_text(text: str) -> Any:
    """The value of a text of a form or file, if it is JSON; else the text itself.

    Raises InvalidPayload for JSON that is nested too deeply.
    """
    try:
        return read_json(text)
    except TooDeep as error:
        raise InvalidPayload(str(error)) from None
    except NotJson:
        return text


def _is_json(request: Request) -> bool:
    return header(request.scope, b"content-type").startswith("application/json")
