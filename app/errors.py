"""The one family of errors: raised by rules, rendered once per surface.

Codes and messages are Directus's own (contract: directus.md, sections 6.4, 6.5 and 7.2).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self

_LONGEST_SHOWN, _LONGEST_VALUE = 4_000, 1_000
"""Characters of a sentence, and of a value in it: one request may be refused for a thousand."""
_MOST_SHOWN = 1_000
"""Names in a sentence: the longest sentence has no room for more of them."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What some rows that are there have in a field: more than the caller has said itself."""

    collection: str
    field: str
    keys: tuple[Any, ...]


def shown(value: Any) -> str:
    """A value of a caller as a refusal repeats it: of a long one the beginning."""
    text = str(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}..."


class AppError(Exception):
    """A refusal the caller can act on: `code`, HTTP `status`, a sentence, facts for programs.

    It names nothing that is stored. Where that helps, `fuller` is the same refusal that does, for
    who may read it (app.items.write.refusal_details).
    """

    code = "INTERNAL_SERVER_ERROR"
    status = 500
    fuller: "AppError | None" = None
    stored: tuple[Stored, ...] = ()

    def __init__(self, message: str, **extensions: Any) -> None:
        if len(message) > _LONGEST_SHOWN:
            message = f"{message[:_LONGEST_SHOWN]}..."
        super().__init__(message)
        self.message = message
        self.extensions = {name: _cut(value) for name, value in extensions.items()}

    def or_fuller(self, fuller: "AppError", *stored: Stored) -> Self:
        """This refusal, or `fuller` to who may read what is `stored`.

        Of nothing that says what that is, only the admin of the installation is told.
        """
        self.fuller, self.stored = fuller, stored
        return self


def _cut(value: Any) -> Any:
    return shown(value) if isinstance(value, str) else value


class ErrorList(Exception):
    """Several refusals of one request, reported together."""

    def __init__(self, errors: "list[AppError]") -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.errors = errors


class _WithReason(AppError):
    """An error whose message is a fixed opening and a reason, repeated in the extensions."""

    status = 400
    opening = ""

    def __init__(self, reason: str) -> None:
        super().__init__(f"{self.opening} {reason}.", reason=reason)


class InvalidPayload(_WithReason):
    code = "INVALID_PAYLOAD"
    opening = "Invalid payload."


class InvalidQuery(_WithReason):
    code = "INVALID_QUERY"
    opening = "Invalid query."


class AnswerTooLarge(InvalidQuery):
    """More than ANSWER_MAX_BYTES would have to be in memory, for as long as it is sent."""

    def __init__(self) -> None:
        super().__init__(
            "The answer would be too large (ANSWER_MAX_BYTES): set a smaller limit, ask for fewer "
            "fields, or take it as a file, by ?export= (in GraphQL also by fewer root fields)"
        )


class FailedValidation(AppError):
    """One field of one payload breaks one rule. `kind` is the rule's Directus type."""

    code = "FAILED_VALIDATION"
    status = 400
    says: frozenset[str] = frozenset()
    """Further fields of the same row that the sentence tells something of."""

    def __init__(
        self, field: str, kind: str, detail: str, *, path: tuple[str, ...] = (), **facts: Any
    ) -> None:
        where = f' at "{".".join(path)}"' if path else ""
        self.detail = detail
        super().__init__(
            f'Validation failed for field "{field}"{where}. {detail}',
            field=field,
            path=list(path),
            type=kind,
            **facts,
        )

    def at(self, path: tuple[str, ...]) -> "FailedValidation":
        """The same of an item that stands at a path of a nested payload."""
        facts = {
            name: value
            for name, value in self.extensions.items()
            if name not in {"field", "path", "type"}
        }
        inner = (*path, *self.extensions["path"])
        field, kind = self.extensions["field"], self.extensions["type"]
        moved = FailedValidation(field, kind, self.detail, path=inner, **facts)
        if isinstance(self.fuller, FailedValidation):
            moved.or_fuller(self.fuller.at(path), *self.stored)
        return moved

    def naming(self, detail: str, *stored: Stored, **facts: Any) -> Self:
        """The same; with a sentence that names what is stored, to who may read that."""
        field, kind = self.extensions["field"], self.extensions["type"]
        return self.or_fuller(FailedValidation(field, kind, detail, **facts), *stored)

    def saying(self, fields: Iterable[str]) -> Self:
        """The same, of what the row has in these fields, too."""
        self.says = self.says.union(fields)
        return self


class Unusable(FailedValidation):
    """A value that the caller can't have: another account's, or reserved. Which, is not told."""

    def __init__(self, field: str) -> None:
        detail = "Value can't be used here: it is reserved or not yours. Choose another one."
        super().__init__(field, "nin", detail)


class RecordNotUnique(AppError):
    code = "RECORD_NOT_UNIQUE"
    status = 400

    def __init__(self, collection: str, field: str | None, value: Any = None) -> None:
        which = "" if value is None else f' "{shown(value)}"'
        super().__init__(
            f'Value{which} for field "{field}" in collection "{collection}" has to be unique.',
            collection=collection,
            field=field,
            value=value,
        )


class NotNullViolation(AppError):
    code = "NOT_NULL_VIOLATION"
    status = 400

    def __init__(self, collection: str, field: str) -> None:
        super().__init__(
            f'Value for field "{field}" in collection "{collection}" can\'t be null.',
            collection=collection,
            field=field,
        )


class InvalidForeignKey(AppError):
    code = "INVALID_FOREIGN_KEY"
    status = 400

    def __init__(self, collection: str, field: str | None, value: Any = None) -> None:
        which = "" if value is None else f' "{shown(value)}"'
        of = "" if field is None else f' for field "{field}"'
        super().__init__(
            f'Invalid foreign key{which}{of} in collection "{collection}".',
            collection=collection,
            field=field,
            value=value,
        )


class ValueOutOfRange(AppError):
    code = "VALUE_OUT_OF_RANGE"
    status = 400

    def __init__(self, collection: str, field: str, value: Any) -> None:
        super().__init__(
            f'Numeric value "{shown(value)}" for field "{field}" in collection "{collection}" '
            "is out of range.",
            collection=collection,
            field=field,
            value=value,
        )


class ValueTooLong(AppError):
    code = "VALUE_TOO_LONG"
    status = 400

    def __init__(self, collection: str, field: str, value: Any) -> None:
        super().__init__(
            f'Value "{shown(value)}" for field "{field}" in collection "{collection}" is too long.',
            collection=collection,
            field=field,
            value=value,
        )


class InvalidCredentials(AppError):
    code = "INVALID_CREDENTIALS"
    status = 401

    def __init__(self) -> None:
        super().__init__("Invalid user credentials.")


class TokenExpired(AppError):
    code = "TOKEN_EXPIRED"
    status = 401

    def __init__(self) -> None:
        super().__init__("Token expired.")


class InvalidToken(AppError):
    code = "INVALID_TOKEN"
    status = 403

    def __init__(self) -> None:
        super().__init__("Invalid token.")


class InvalidOtp(AppError):
    code = "INVALID_OTP"
    status = 401

    def __init__(self) -> None:
        super().__init__("Invalid user OTP.")


class UserSuspended(AppError):
    code = "USER_SUSPENDED"
    status = 401

    def __init__(self) -> None:
        super().__init__("User suspended.")


class UnprocessableContent(AppError):
    """What is asked contradicts what is there, e.g. an installation without an admin."""

    code = "UNPROCESSABLE_CONTENT"
    status = 422

    def __init__(self, reason: str) -> None:
        super().__init__(f"Can't process content. {reason}.", reason=reason)


class Forbidden(AppError):
    """Not allowed, or not there: Directus never tells which."""

    code = "FORBIDDEN"
    status = 403

    def __init__(self, reason: str | None = None) -> None:
        facts = {} if reason is None else {"reason": reason}
        super().__init__(reason or "You don't have permission to access this.", **facts)

    @classmethod
    def collection(cls, name: str, path: tuple[str, ...] = ()) -> "Forbidden":
        return cls(
            f'You don\'t have permission to access collection "{shown(name)}" or it '
            f"does not exist. Queried in {_place(path)}."
        )

    @classmethod
    def field(cls, name: str, collection: str, path: tuple[str, ...] = ()) -> "Forbidden":
        return cls(
            f'You don\'t have permission to access field "{shown(name)}" in collection '
            f'"{collection}" or it does not exist. Queried in {_place(path)}.'
        )

    @classmethod
    def fields(cls, names: list[str], collection: str, path: tuple[str, ...] = ()) -> "Forbidden":
        if len(names) == 1:
            return cls.field(names[0], collection, path)
        listed = ", ".join(f'"{shown(name)}"' for name in names[:_MOST_SHOWN])
        return cls(
            f'You don\'t have permission to access fields {listed} in collection "{collection}" '
            f"or they do not exist. Queried in {_place(path)}."
        )


def _place(path: tuple[str, ...]) -> str:
    return f'"{shown(".".join(path))}"' if path else "root"


class RouteNotFound(AppError):
    code = "ROUTE_NOT_FOUND"
    status = 404

    def __init__(self, path: str) -> None:
        super().__init__(f"Route {path} doesn't exist.", path=path)


class MethodNotAllowed(AppError):
    code = "METHOD_NOT_ALLOWED"
    status = 405

    def __init__(self, current: str, allowed: tuple[str, ...]) -> None:
        names = ", ".join(f'"{name}"' for name in allowed)
        super().__init__(
            f'Invalid method "{current}" used. Should be one of {names}.',
            current=current,
            allowed=list(allowed),
        )


class IllegalAssetTransformation(AppError):
    code = "ILLEGAL_ASSET_TRANSFORMATION"
    status = 400

    def __init__(self, reason: str) -> None:
        super().__init__(f"Illegal asset transformation. {reason}.")


class ContentTooLarge(AppError):
    code = "CONTENT_TOO_LARGE"
    status = 413

    def __init__(self, most: int) -> None:
        super().__init__(f"Uploaded content is too large. At most {most} bytes are taken.")


class UnsupportedMediaType(AppError):
    code = "UNSUPPORTED_MEDIA_TYPE"
    status = 415

    def __init__(self, media_type: str, where: str) -> None:
        super().__init__(
            f'Unsupported media type "{media_type}" in {where}.', mediaType=media_type, where=where
        )


class RangeNotSatisfiable(AppError):
    code = "RANGE_NOT_SATISFIABLE"
    status = 416

    def __init__(self, asked: str, size: int) -> None:
        super().__init__(
            f"Range \"{asked}\" is invalid or the file's size doesn't match the requested range.",
            range=asked,
            size=size,
        )


class DocumentNotReady(AppError):
    code = "DOCUMENT_NOT_READY"
    status = 400

    def __init__(self) -> None:
        super().__init__("Document is not ready.")


class DocumentFailed(AppError):
    code = "DOCUMENT_FAILED"
    status = 400

    def __init__(self, reason: str) -> None:
        super().__init__(f"Document failed: {reason}", reason=reason)


class DocumentExpired(AppError):
    code = "DOCUMENT_EXPIRED"
    status = 410

    def __init__(self) -> None:
        super().__init__("Document has expired: ask for a new one.")


class RequestsExceeded(AppError):
    """Too many requests; `wait` says after how many seconds to come again."""

    code = "REQUESTS_EXCEEDED"
    status = 429

    def __init__(self, limit: int, reset: datetime, wait: int) -> None:
        self.wait = wait
        super().__init__(
            f"Too many requests, retry after {wait}s.",
            limit=limit,
            reset=reset.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        )


class TooManyAtOnce(RequestsExceeded):
    """One caller asks for more at a time than its share; it has waited in vain."""

    def __init__(self, what: str, most: int, waited: float) -> None:
        wait = 1
        super().__init__(most, datetime.now(UTC) + timedelta(seconds=wait), wait)
        self.message = (
            f"Too many {what} at once: {most} may run at a time for one account, and none of them "
            f"has ended within {waited:g} seconds. Retry after {wait}s, with fewer at once."
        )


class TooManyWaiting(TooManyAtOnce):
    """All together ask for more than can be done in the time that somebody is let wait."""

    def __init__(self, what: str, most: int, waited: float) -> None:
        super().__init__(what, most, waited)
        self.message = f"Too many {what} are waited for. Retry after {self.wait}s."


class TooManyConnections(RequestsExceeded):
    """One address keeps more connections open than it may."""

    def __init__(self, most: int) -> None:
        super().__init__(most, datetime.now(UTC) + timedelta(seconds=1), 1)
        self.message = (
            f"Too many connections: {most} of one address may be open at a time. "
            "Close those that are not needed, or send requests one after another on fewer."
        )


class RequestStalled(AppError):
    """A client promises a request and does not send it."""

    code = "REQUEST_TIMEOUT"
    status = 408

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"The request did not come in time: within {seconds:g} seconds its headers have to be "
            "there, and of its body 64 kB more or the rest. Send it again."
        )


class HeadersTooLarge(AppError):
    code = "HEADERS_TOO_LARGE"
    status = 431

    def __init__(self, most: int, lines: int) -> None:
        super().__init__(
            f"The request's address and headers are larger than {most} bytes, or more than {lines} "
            "headers. Put what is long into a body: SEARCH takes a query as JSON."
        )


class TooMuchUnread(RequestsExceeded):
    """The clients of one caller have asked for more than they read."""

    def __init__(self, unread: int) -> None:
        wait = 1
        super().__init__(unread, datetime.now(UTC) + timedelta(seconds=wait), wait)
        self.message = (
            f"Answers of {unread} bytes are on their way to the clients of this account, which "
            f"have not read them yet. Retry after {wait}s, read answers as they come, and ask for "
            "less at a time."
        )


class OutOfTime(AppError):
    """The database was told to stop: the request asks for too much at once."""

    code = "OUT_OF_TIME"
    status = 408

    def __init__(self) -> None:
        super().__init__(
            "The request takes too long: ask for fewer rows or relations, or filter by what has an "
            "index."
        )


class ServiceUnavailable(AppError):
    """Something we need is away; `wait` says after how many seconds to come again."""

    wait = 5
    code = "SERVICE_UNAVAILABLE"
    status = 503

    def __init__(self, service: str, reason: str) -> None:
        super().__init__(f'Service "{service}" is unavailable. {reason}.', service=service)
