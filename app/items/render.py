"""How a stored value is shown in JSON (directus.md 3.5): the SQL expression of each field."""

import sys
from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Double,
    FromClause,
    Select,
    Text,
    case,
    cast,
    func,
    literal_column,
    select,
)

from app.errors import InvalidQuery, shown
from app.items.query import Surface
from schema import Field

_IDENTIFIER_BYTES = 63
"""PostgreSQL cuts longer names, and two cut names could collide."""

TIMESTAMP: ColumnElement[str] = literal_column("""'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'""")
DATE_TIME: ColumnElement[str] = literal_column("""'YYYY-MM-DD"T"HH24:MI:SS'""")
TIME: ColumnElement[str] = literal_column("'HH24:MI:SS'")
CONCEALED: ColumnElement[str] = literal_column("'**********'")


def rendered(field: Field, column: ColumnElement[Any], surface: Surface) -> ColumnElement[Any]:
    """The expression whose JSON form is what the wire shows. Sessions run in UTC."""
    if field.concealed:
        return case((column.is_(None), None), else_=CONCEALED)
    match field.type:
        case "timestamp":
            return func.to_char(column, TIMESTAMP)
        case "dateTime":
            return func.to_char(column, DATE_TIME)
        case "time":
            return func.to_char(column, TIME)
        case "bigInteger":
            return cast(column, Text)
        case "decimal":
            return cast(column, Text) if surface == "rest" else cast(column, Double)
        case "integer" if surface == "graphql" and field.primary_key:
            return cast(column, Text)
        case "csv":
            return case(
                (column == "", func.array_to_json(func.string_to_array("", ","))),
                else_=func.array_to_json(func.string_to_array(column, ",")),
            )
    return column


def labelled(value: ColumnElement[Any], key: str) -> ColumnElement[Any]:
    """A value under the caller's key. Raises InvalidQuery when PostgreSQL would cut the key."""
    if len(key.encode()) > _IDENTIFIER_BYTES:
        raise InvalidQuery(f'The name "{shown(key)}" is longer than {_IDENTIFIER_BYTES} bytes')
    return value.label(key)


_ROW, _MADE = "row.", "made."
"""Aliases of rows about to be shaped, and of shaped ones. No key has a full stop, so no column is
taken for them."""
_SHAPED: ColumnElement[Any] = func.row_to_json(literal_column(f'"{_ROW}"'))

_NONE: ColumnElement[int] = literal_column("0")


def as_objects(rows: Select[Any]) -> Select[Any]:
    """Each row as a JSON object, in the column `json`."""
    return select(_SHAPED.label("json")).select_from(rows.subquery(_ROW))


def as_object_within(rows: Select[Any], most: int) -> Select[Any]:
    """As `as_objects`, of rows that have `most` bytes at most: PostgreSQL refuses larger ones."""
    made = _made(rows)
    return select(made.c.json).where(_weight(made.c.json, most) >= _NONE)


def as_list(rows: Select[Any], most: int) -> Select[Any]:
    """All rows as one JSON array, `[]` when there are none.

    PostgreSQL refuses rows of more than `most` bytes in all, with the first that is too much.
    """
    made = _made(rows)
    return _array(made.c.json, most)


def as_values(rows: Select[Any], most: int) -> Select[Any]:
    """The one column of all rows as a JSON array, in the column `json`. `most`: as in a list."""
    column = next(iter(rows.selected_columns)).name
    return _array(rows.subquery(_ROW).c[column], most)


def _made(rows: Select[Any]) -> FromClause:
    """Rows as JSON objects that are made once, however often they are named (OFFSET 0)."""
    return as_objects(rows).offset(_NONE).subquery(_MADE)


def _array(value: ColumnElement[Any], most: int) -> Select[Any]:
    array = func.coalesce(func.json_agg(value), literal_column("'[]'::json"))
    weight = func.coalesce(func.sum(_weight(value, most)), _NONE)
    return select(array.label("json")).having(weight >= _NONE)


def _weight(value: ColumnElement[Any], most: int) -> ColumnElement[Any]:
    one: ColumnElement[float] = literal_column(weight_of_a_byte(most))
    return func.octet_length(cast(value, Text)) * one


def weight_of_a_byte(most: int) -> str:
    """Such a part of the largest number, in SQL, that `most` of them are all of it.

    So a sum of the weights of rows has no room for more: PostgreSQL ends the statement at the row
    that is too much, before it has made the rest of them (see `app.items.violations`). Nothing else
    that ends an aggregate early costs as little for each row.
    """
    return f"'{sys.float_info.max / most!r}'::float8"


def as_object(
    members: Sequence[tuple[str, ColumnElement[Any]]], of: FromClause
) -> ColumnElement[Any]:
    """Values of a row of `of` as one JSON object. (json_build_object ends at 50 pairs.)"""
    if not members:
        return literal_column("'{}'::json")
    row = select(*(labelled(value, key) for key, value in members)).correlate(of)
    return as_objects(row).correlate(of).scalar_subquery()


def quoted(text: str) -> ColumnElement[str]:
    """A text constant of the shape: names and keys, never a caller's value."""
    return literal_column("'" + text.replace("'", "''") + "'")
