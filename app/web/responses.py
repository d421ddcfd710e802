"""Directus's answers: JSON envelopes, empty 204s, error lists (directus.md 0, 7)."""

import hashlib
from base64 import b64encode
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.errors import (
    AppError,
    ErrorList,
    MethodNotAllowed,
    RangeNotSatisfiable,
    RequestsExceeded,
    RequestStalled,
    ServiceUnavailable,
)
from app.items.write.constraint_errors import as_refusal
from app.json_text import written

_HEADERS = {"Cache-Control": "no-cache", "Vary": "Origin, Cache-Control"}
_JSON_HEADERS = (
    *((name.lower().encode(), value.encode()) for name, value in _HEADERS.items()),
    (b"content-type", b"application/json; charset=utf-8"),
)
_METHODS = ("POST", "SEARCH", "GET", "HEAD", "PATCH", "PUT", "DELETE")
_LARGEST_TAGGED = 1024 * 1024
"""Bytes of a body that gets an ETag: hashing a larger one costs more than sending it saves."""


class JsonResponse(Response):
    """JSON that is there as a whole. GET answers 304 to a client that has the same already."""

    def init_headers(self, _headers: Any = None) -> None:
        """The same for every answer, so encoded once."""
        length = b"%d" % len(self.body)
        self.raw_headers = [*_JSON_HEADERS, (b"content-length", length)]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.status_code == 200 and scope["method"] in {"GET", "HEAD"}:  # noqa: PLR2004 - OK
            if len(self.body) <= _LARGEST_TAGGED:
                self._tag(scope)
            if scope["method"] == "HEAD":
                self.body = b""
        await super().__call__(scope, receive, send)

    def _tag(self, scope: Scope) -> None:
        # As Directus makes it: who kept its tags still knows the answers that have not changed.
        digest = b64encode(hashlib.sha1(self.body, usedforsecurity=False).digest())
        tag = f'"{len(self.body):x}-{digest[:27].decode()}"'
        for name, value in scope["headers"]:
            if name == b"if-none-match" and _names(value.decode("latin-1"), tag):
                self.status_code, self.body = 304, b""
                del self.headers["content-length"]
                del self.headers["content-type"]
        self.raw_headers.append((b"etag", b"W/" + tag.encode()))


def _names(known: str, tag: str) -> bool:
    """Whether an If-None-Match names the tag. Weak and strong ones compare alike (RFC 9110)."""
    return known.strip() == "*" or any(
        item.strip().removeprefix("W/") == tag for item in known.split(",")
    )


def json_response(body: bytes, status: int = 200) -> Response:
    """A finished JSON body."""
    return JsonResponse(body, status)


def data_response(data: bytes, meta: dict[str, int] | None = None) -> Response:
    """`{"data": ...}` around JSON that PostgreSQL made, with `meta` before it when asked."""
    head = b'{"meta":' + orjson.dumps(meta) + b',"data":' if meta else b'{"data":'
    return json_response(b"".join((head, data, b"}")))


def no_content() -> Response:
    """204: no body and no content type."""
    response = Response(status_code=204, headers=_HEADERS)
    del response.headers["content-length"]
    return response


def nothing() -> Response:
    """200 with an empty body and no content type: the SDK would parse one that is typed JSON."""
    return Response(status_code=200, headers=_HEADERS)


def options_response(methods: str) -> Response:
    """What may be done at a route: the header Allow, and the same as text (transcript 300)."""
    known = {name.strip() for name in methods.split(",")}
    listed = ",".join(name for name in _METHODS if name in known)
    return Response(
        listed, headers={**_HEADERS, "Allow": listed}, media_type="text/html; charset=utf-8"
    )


def error_body(errors: list[AppError]) -> list[dict[str, Any]]:
    """Errors as the wire shows them."""
    return [
        {"message": error.message, "extensions": {**error.extensions, "code": error.code}}
        for error in errors
    ]


def error_response(error: AppError | ErrorList) -> Response:
    """The answer to a refusal. Mixed statuses count as 500."""
    errors = error.errors if isinstance(error, ErrorList) else [error]
    statuses = {item.status for item in errors}
    status = statuses.pop() if len(statuses) == 1 else 500
    response = json_response(written({"errors": error_body(errors)}), status)
    if isinstance(error, MethodNotAllowed):
        response.headers["Allow"] = ", ".join(error.extensions["allowed"])
    if isinstance(error, RequestsExceeded | ServiceUnavailable):
        response.headers["Retry-After"] = str(error.wait)
    if isinstance(error, RequestStalled):
        response.headers["Connection"] = "close"
    if isinstance(error, RangeNotSatisfiable):
        response.headers["Content-Range"] = f"bytes */{error.extensions['size']}"
    return response


async def on_app_error(_request: Request, error: Exception) -> Response:
    if not isinstance(error, AppError | ErrorList):
        raise error
    return error_response(error)


async def on_database_error(_request: Request, error: Exception) -> Response:
    """What PostgreSQL refuses, that it is away, or what is too large even to ask.

    Raises what is our own mistake.
    """
    refused = as_refusal(error)
    if refused is None:
        raise error
    return error_response(refused)
