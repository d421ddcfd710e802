"""Refusals as Scantrust's clients know them: Django REST Framework's shapes (systems.md 4.7, 7.1).

One place for all routes. A refusal of fields is an object of lists of sentences by field; any
other is `{"detail": sentence}`.
"""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from app.errors import (
    AppError,
    ErrorList,
    FailedValidation,
    Forbidden,
    InvalidCredentials,
    InvalidForeignKey,
    InvalidToken,
    MethodNotAllowed,
    NotNullViolation,
    RecordNotUnique,
    RequestsExceeded,
    RequestStalled,
    RouteNotFound,
    ServiceUnavailable,
    TokenExpired,
    ValueOutOfRange,
    ValueTooLong,
)
from app.json_text import written
from app.vendors.surface.errors import NotAuthenticated

NOT_FOUND = "Not found."
NOT_ALLOWED = "You do not have permission to perform this action."
SCHEME = "UAT"
"""What WWW-Authenticate asks for."""

_OF_A_FIELD = (
    FailedValidation,
    RecordNotUnique,
    NotNullViolation,
    InvalidForeignKey,
    ValueOutOfRange,
    ValueTooLong,
)
_OWN_SENTENCES = {"required": "This field is required.", "nnull": "This field may not be null."}
"""What the framework says of a field, by the rule that is broken."""


def required(field: str) -> FailedValidation:
    """A parameter or field has to be given."""
    return FailedValidation(field, "required", "This field is required.")


def invalid(field: str, sentence: str = "Enter a valid value.") -> FailedValidation:
    """A parameter or field has a value that can't be."""
    return FailedValidation(field, "format", sentence)


def render_error(error: AppError | ErrorList, names: Mapping[str, str]) -> Response:
    """The answer to a refusal. `names`: what the route calls our fields, where it differs."""
    errors = error.errors if isinstance(error, ErrorList) else [error]
    about = [item for item in errors if isinstance(item, _OF_A_FIELD)]
    if about and len(about) == len(errors):
        return _response(_by_field(about, names), 400)
    # Of several, the first that is about no field: it is what has to be mended first.
    first = next(item for item in errors if not isinstance(item, _OF_A_FIELD))
    return _whole(first)


def render_crash() -> Response:
    """The answer when nobody foresaw what happened."""
    return _response({"detail": "A server error occurred."}, 500)


def _whole(error: AppError) -> Response:
    match error:
        case NotAuthenticated():
            response = _response({"detail": error.message}, 401)
        case InvalidCredentials() | InvalidToken() | TokenExpired():
            response = _response({"detail": "Invalid token."}, 401)
        case Forbidden():
            # With a reason it is a collection or a field; without one, a row.
            denied = "reason" in error.extensions
            response = _response({"detail": NOT_ALLOWED if denied else NOT_FOUND}, _of(denied))
        case RouteNotFound():
            response = _response({"detail": NOT_FOUND}, 404)
        case MethodNotAllowed():
            current = error.extensions["current"]
            response = _response({"detail": f'Method "{current}" not allowed.'}, 405)
            response.headers["Allow"] = ", ".join(error.extensions["allowed"])
        case ServiceUnavailable():
            response = _response({"detail": error.message}, error.status)
            response.headers["Retry-After"] = str(error.wait)
        case RequestsExceeded():
            response = _response({"detail": "Request was throttled."}, 429)
            response.headers["Retry-After"] = str(error.wait)
        case RequestStalled():
            response = _response({"detail": error.message}, error.status)
            response.headers["Connection"] = "close"
        case _:
            response = _response({"detail": error.message}, error.status)
    if response.status_code == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = SCHEME
    return response


def _of(denied: bool) -> int:
    return 403 if denied else 404


def _by_field(errors: Iterable[AppError], names: Mapping[str, str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for error in errors:
        path = error.extensions.get("path") or [error.extensions["field"] or "non_field_errors"]
        field = str(path[0])
        found.setdefault(names.get(field, field), []).append(_sentence(error))
    return found


def _sentence(error: AppError) -> str:
    """What the framework says of a field, where it has words of its own."""
    match error:
        case FailedValidation():
            return _OWN_SENTENCES.get(error.extensions["type"], error.detail)
        case RecordNotUnique():
            return "This field must be unique."
        case NotNullViolation():
            return _OWN_SENTENCES["nnull"]
        case InvalidForeignKey():
            value = error.extensions["value"]
            return f'Invalid pk "{value}" - object does not exist.'
    return error.message


def _response(body: dict[str, Any], status: int) -> Response:
    return Response(written(body), status, media_type="application/json")
