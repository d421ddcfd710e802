"""The SQL of Directus's functions over fields (directus.md 3.3)."""

from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Numeric,
    Text,
    and_,
    case,
    cast,
    extract,
    func,
    literal,
    literal_column,
)
from sqlalchemy.dialects.postgresql import JSONB

from app.errors import InvalidQuery

_MOST_WHOLE, _MOST_FRACTION, _LONGEST_SCALED = (
    literal_column(digits, Integer) for digits in ("131072", "16383", "6000")
)
"""Digits of a number before its point and after it; characters of one with an exponent."""

_POSTGRES = {"weekday": "dow"}


def applied(
    column: ColumnElement[Any], function: str, argument: str | None = None
) -> ColumnElement[Any]:
    """The function of a stored value. Sessions run in UTC, so timestamps are UTC too."""
    if function == "json":
        return func.jsonb_extract_path(_binary(column), *_steps(argument or ""))
    if function == "count":
        column = _binary(column)
        # What is no array counts nothing.
        return case(
            (func.jsonb_typeof(column) == "array", func.jsonb_array_length(column)), else_=0
        )
    part = extract(_POSTGRES.get(function, function), column)
    # Seconds have fractions, and a cast would round 59.5 up to 60.
    return cast(func.trunc(part) if function == "second" else part, Integer)


def json_text(column: ColumnElement[Any], path: str) -> ColumnElement[Any]:
    """What stands at a path of a JSON value, as text."""
    return cast(func.jsonb_extract_path_text(_binary(column), *_steps(path)), Text)


def _binary(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """JSON as PostgreSQL's `jsonb`: snapshots of Directus have columns of `json`."""
    return column if isinstance(column.type, JSONB) else cast(column, JSONB)


def number_in(text: ColumnElement[Any]) -> ColumnElement[Any]:
    """A text as a number where it is one; null elsewhere, as a comparison with it would fail.

    PostgreSQL's numbers have 131,072 digits before the point and 16,383 after it: a text of more is
    none. One with an exponent is, up to 9,999, where it is not as long as to come near those ends.
    """
    point: ColumnElement[str] = literal_column("'.'")
    whole, fraction = (
        func.length(func.split_part(text, point, literal_column(place))) for place in ("1", "2")
    )
    is_plain = text.op("~")(literal_column(r"'^-?[0-9]+(\.[0-9]+)?$'"))
    fits = and_(whole <= _MOST_WHOLE, fraction <= _MOST_FRACTION)
    is_scaled = text.op("~")(literal_column(r"'^-?[0-9]+(\.[0-9]+)?[eE][+-]?0*[0-9]{1,4}$'"))
    number = func.cast(text, Numeric())
    return case(
        (is_plain, case((fits, number), else_=None)),
        (and_(is_scaled, func.length(text) <= _LONGEST_SCALED), number),
        else_=None,
    )


def _steps(path: str) -> list[ColumnElement[str]]:
    """The keys of a path such as `a.b[0]`, bound: they are part of the query's shape.

    Raises InvalidQuery where there is none.
    """
    steps = [part for part in path.replace("[", ".").replace("]", "").split(".") if part]
    if not steps:
        raise InvalidQuery("JSON takes a path, such as a.b[0]")
    return [literal(step, Text()) for step in steps]
