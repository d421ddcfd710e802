"""Directus's answers: JSON envelopes, empty 204s, error lists (directus.md 0, 7)."""

from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from app.errors import AppError, ErrorList, MethodNotAllowed

_HEADERS = {"Cache-Control": "no-cache", "Vary": "Origin, Cache-Control"}


def json_response(body: bytes, status: int = 200) -> Response:
    """A finished JSON body."""
    return Response(body, status, headers=_HEADERS, media_type="application/json; charset=utf-8")


def data_response(data: bytes, meta: dict[str, int] | None = None) -> Response:
    """`{"data": ...}` around JSON that PostgreSQL made, with `meta` before it when asked."""
    head = b'{"meta":' + orjson.dumps(meta) + b',"data":' if meta else b'{"data":'
    return json_response(b"".join((head, data, b"}")))


def no_content() -> Response:
    """204: no body and no content type."""
    response = Response(status_code=204, headers=_HEADERS)
    del response.headers["content-length"]
    return response


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
    response = json_response(orjson.dumps({"errors": error_body(errors)}), status)
    if isinstance(error, MethodNotAllowed):
        response.headers["Allow"] = ", ".join(error.extensions["allowed"])
    return response


async def on_app_error(_request: Request, error: Exception) -> Response:
    if not isinstance(error, AppError | ErrorList):
        raise error
    return error_response(error)
