"""PostgreSQL's refusals as the errors a caller knows (directus.md 7.2, database notes)."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import errors as pg

from app.errors import (
    AnswerTooLarge,
    AppError,
    InvalidForeignKey,
    InvalidPayload,
    InvalidQuery,
    NotNullViolation,
    OutOfTime,
    RecordNotUnique,
    ServiceUnavailable,
    UnprocessableContent,
)
from schema import Collection

logger = logging.getLogger(__name__)

_OVERFLOW = "float_overflow_error"
"""Where PostgreSQL says that a sum has no room for more: the bytes of an answer are summed up so
(`app.items.compile.render`). The message would be in any language."""
_KEY = re.compile(r"Key \(([^)]+)\)=\((.*)\)")


def as_app_error(error: psycopg.Error, collection: Collection) -> AppError | None:
    """The caller's error for a database error raised by a write; None if it is no refusal."""
    diag, name = error.diag, collection.name
    match error:
        case pg.UniqueViolation():
            return _not_unique(diag, collection)
        case pg.ForeignKeyViolation() | pg.RestrictViolation():
            return _foreign_key(diag, name)
        case pg.NotNullViolation():
            return NotNullViolation(name, diag.column_name or "")
        case pg.CheckViolation():
            return InvalidPayload(f'The rule "{diag.constraint_name}" of "{name}" is broken')
        case psycopg.DataError():
            return InvalidPayload(f"The database can't store a value: {first_line(error)}")
    return None


@contextmanager
def together(collection: Collection, what: str) -> Iterator[None]:
    """Of a change of many rows at once: what of them can't be beside others, as a refusal of all.

    Raises UnprocessableContent. `what`: why the change is none.
    """
    try:
        yield
    except pg.UniqueViolation as error:
        known = _not_unique(error.diag, collection)
        unnamed = RecordNotUnique(collection.name, known.extensions["field"])
        refused, fuller = (
            UnprocessableContent(f"{what}: {one.message.removesuffix('.')}. Change one of the two")
            for one in (unnamed, known)
        )
        raise refused.or_fuller(fuller) from error


def as_refusal(error: Exception) -> AppError | None:
    """The caller's error for what any statement may meet; None where the mistake is ours.

    A value PostgreSQL can't take (a NUL, a moment it can't count); what takes longer than
    STATEMENT_TIMEOUT, or is too large a statement; a database that is away, or has no connection
    left.
    """
    match error:
        case pg.QueryCanceled():
            return OutOfTime()
        case pg.NumericValueOutOfRange() if error.diag.source_function == _OVERFLOW:
            return AnswerTooLarge()
        case psycopg.DataError():
            return InvalidQuery(f"A value can't be compared: {first_line(error)}")
        case RecursionError():
            logger.warning("a request is too large", exc_info=error)
            return InvalidQuery(_TOO_LARGE)
        case pg.IdleInTransactionSessionTimeout():
            return OutOfTime()
        case pg.LockNotAvailable() | pg.DeadlockDetected():
            return ServiceUnavailable("database", "Other requests change the same rows; try again")
        case psycopg.OperationalError() if _is_too_large(error):
            return InvalidQuery(_TOO_LARGE)
        case psycopg.OperationalError():  # and the pool's errors
            logger.error("the database does not answer", exc_info=error)
            return ServiceUnavailable("database", "It does not answer; try again soon")
    return None


_TOO_LARGE = "It asks for too much at once: fewer fields, relations or conditions"


def _is_too_large(error: psycopg.Error) -> bool:
    """Whether a statement has more of something than PostgreSQL takes (SQLSTATE class 54)."""
    if error.sqlstate is None:
        return "number of parameters" in str(error)  # libpq says so, before PostgreSQL could
    return error.sqlstate.startswith("54")


def first_line(error: psycopg.Error) -> str:
    """What went wrong, without the statement and its position."""
    return error.diag.message_primary or str(error).splitlines()[0]


def _not_unique(diag: psycopg.errors.Diagnostic, collection: Collection) -> RecordNotUnique:
    """The last field of the key that is taken, and its value; never that of a secret.

    What is stored of a secret is its hash, which is no caller's to read either (directus.md 5.1).
    """
    field, value = _key(diag.message_detail)
    secrets = {known.name for known in collection.fields if known.concealed}
    return RecordNotUnique(collection.name, field, None if field in secrets else value)


def _foreign_key(diag: psycopg.errors.Diagnostic, collection: str) -> InvalidForeignKey:
    """The field that refers, whichever side the write was on: our constraints are named by it."""
    table = diag.table_name or collection
    field, value = _key(diag.message_detail)
    name = diag.constraint_name or ""
    if name.startswith(f"{table}_") and name.endswith("_foreign"):
        field = name.removeprefix(f"{table}_").removesuffix("_foreign")
    return InvalidForeignKey(table, field, value)


def _key(detail: str | None) -> tuple[str | None, str | None]:
    """The last field and value PostgreSQL names in a violation's detail, whose row it is apart."""
    match = _KEY.match(detail or "")
    if match is None:
        return None, None
    fields, values = match[1].split(", "), match[2].split(", ")
    if len(fields) > 1 and fields[-1] == "account":
        return fields[-2], values[-2]
    return fields[-1], values[-1]
