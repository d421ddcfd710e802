"""PostgreSQL's refusals as the errors a caller knows (directus.md 7.2, database notes)."""

import re
from typing import Any

import psycopg
from psycopg import errors as pg

from app.errors import (
    AppError,
    InvalidForeignKey,
    InvalidPayload,
    NotNullViolation,
    RecordNotUnique,
    ValueOutOfRange,
    ValueTooLong,
)

_KEY = re.compile(r"Key \(([^)]+)\)=\((.*)\)")


def as_app_error(
    error: psycopg.Error, collection: str, rows: list[dict[str, Any]]
) -> AppError | None:
    """The caller's error for a database error raised by writing `rows`; None if it is no refusal.

    `rows` tell which value was meant when PostgreSQL does not.
    """
    diag = error.diag
    match error:
        case pg.UniqueViolation() | pg.ForeignKeyViolation():
            field, value = _key(diag.message_detail)
            if isinstance(error, pg.UniqueViolation):
                return RecordNotUnique(collection, field, value)
            return InvalidForeignKey(diag.table_name or collection, field, value)
        case pg.NotNullViolation():
            return NotNullViolation(collection, diag.column_name or "")
        case pg.NumericValueOutOfRange():
            return ValueOutOfRange(collection, *_only(rows))
        case pg.StringDataRightTruncation():
            return ValueTooLong(collection, *_only(rows))
        case pg.CheckViolation():
            return InvalidPayload(f'The rule "{diag.constraint_name}" of "{collection}" is broken')
        case pg.UntranslatableCharacter():
            return InvalidPayload("A text contains a character the database can't store")
    return None


def _key(detail: str | None) -> tuple[str | None, str | None]:
    """The (first) field and value PostgreSQL names in a violation's detail."""
    match = _KEY.search(detail or "")
    if match is None:
        return None, None
    return match[1].split(", ")[-1], match[2].split(", ")[-1]


def _only(rows: list[dict[str, Any]]) -> tuple[str, Any]:
    """The field and value, when the payload had just one."""
    if len(rows) == 1 and len(rows[0]) == 1:
        return next(iter(rows[0].items()))
    return "?", "?"
