"""How a stored value is shown in JSON (directus.md 3.5): the SQL expression of each field."""

import sys
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    Text,
    case,
    cast,
    func,
    literal_column,
    select,
)

from app.items.query.tree import Surface
from schema import Field

_IDENTIFIER_BYTES = 63
"""PostgreSQL cuts longer names, and two cut names could collide."""

TIMESTAMP: ColumnElement[str] = literal_column("""'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'""")
DATE_TIME: ColumnElement[str] = literal_column("""'YYYY-MM-DD"T"HH24:MI:SS.US'""")
TIME: ColumnElement[str] = literal_column("'HH24:MI:SS.US'")
CONCEALED: ColumnElement[str] = literal_column("'**********'")


def rendered(field: Field, column: ColumnElement[Any], surface: Surface) -> ColumnElement[Any]:
    """The expression whose JSON form is what the wire shows. Sessions run in UTC."""
    if field.concealed:
        return case((column.is_(None), None), else_=CONCEALED)
    match field.type:
        case "timestamp":
            return func.to_char(column, TIMESTAMP)
        case "dateTime":
            return _with_fraction(func.to_char(column, DATE_TIME))
        case "time":
            return _with_fraction(func.to_char(column, TIME))
        case "bigInteger":
            return cast(column, Text)
        case "decimal":
            return cast(column, Text) if surface == "rest" else column
        case "integer" if surface == "graphql" and field.primary_key:
            return cast(column, Text)
        case "csv":
            return case(
                (column == "", func.array_to_json(func.string_to_array("", ","))),
                else_=func.array_to_json(func.string_to_array(column, ",")),
            )
    return column


def _with_fraction(text: ColumnElement[str]) -> ColumnElement[str]:
    """A time with as much of a fraction of a second as it has."""
    return func.rtrim(func.rtrim(text, literal_column("'0'")), literal_column("'.'"))


def column_of(key: str) -> str:
    """The column that holds a value of the caller's key: PostgreSQL's names have 63 bytes."""
    return key if len(key.encode()) <= _IDENTIFIER_BYTES else f"{_LONG}{_hash(key)}"


def labelled(value: ColumnElement[Any], key: str) -> ColumnElement[Any]:
    """A value in the column of the caller's key."""
    return value.label(column_of(key))


_ROW, _MADE, _LONG = "row.", "made.", "long."
"""Aliases of rows about to be shaped, and of shaped ones, and of columns whose key is too long for
one. No key has a full stop, so no column is taken for them."""

_NONE: ColumnElement[int] = literal_column("0")


def _hash(key: str) -> str:
    return sha256(key.encode()).hexdigest()[:32]


def object_of(keys: Sequence[str], row: str = _ROW) -> str:
    """The SQL of a row's values as a JSON object under the caller's keys."""
    if all(column_of(key) == key for key in keys):
        return f'row_to_json("{row}")'
    # In their order, and any number of them: json_build_object ends at 50.
    pairs = (f'({_text(key)}, to_json("{row}".{_identifier(key)}))' for key in keys)
    return f"(SELECT json_object_agg(k, j) FROM (VALUES {', '.join(pairs)}) AS pairs (k, j))"


def _identifier(key: str) -> str:
    return '"' + column_of(key).replace('"', '""') + '"'


def as_objects(rows: Select[Any], keys: Sequence[str]) -> Select[Any]:
    """Each row as a JSON object, in the column `json`. `keys`: of its columns, in their order."""
    shaped: ColumnElement[Any] = literal_column(object_of(keys))
    return select(shaped.label("json")).select_from(rows.subquery(_ROW))


def as_object_within(rows: Select[Any], keys: Sequence[str], most: int) -> Select[Any]:
    """As `as_objects`, of rows that have `most` bytes at most: PostgreSQL refuses larger ones."""
    made = _made(rows, keys)
    return select(made.c.json).where(_weight(made.c.json, most) >= _NONE)


def as_list(rows: Select[Any], keys: Sequence[str], most: int) -> Select[Any]:
    """All rows as one JSON array, `[]` when there are none.

    PostgreSQL refuses rows of more than `most` bytes in all, with the first that is too much.
    """
    made = _made(rows, keys)
    return _array(made.c.json, most)


def as_values(rows: Select[Any], most: int) -> Select[Any]:
    """The one column of all rows as a JSON array, in the column `json`. `most`: as in a list."""
    column = next(iter(rows.selected_columns)).name
    return _array(rows.subquery(_ROW).c[column], most)


def _made(rows: Select[Any], keys: Sequence[str]) -> FromClause:
    """Rows as JSON objects that are made once, however often they are named (OFFSET 0)."""
    return as_objects(rows, keys).offset(_NONE).subquery(_MADE)


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
    that is too much, before it has made the rest of them (`app.items.write.constraint_errors`).
    Nothing else that ends an aggregate early costs as little for each row.
    """
    return f"'{sys.float_info.max / most!r}'::float8"


def as_object(
    members: Sequence[tuple[str, ColumnElement[Any]]], of: FromClause
) -> ColumnElement[Any]:
    """Values of a row of `of` as one JSON object. (json_build_object ends at 50 pairs.)"""
    if not members:
        return literal_column("'{}'::json")
    row = select(*(labelled(value, key) for key, value in members)).correlate(of)
    keys = [key for key, _ in members]
    return as_objects(row, keys).correlate(of).scalar_subquery()


def quoted(text: str) -> ColumnElement[str]:
    """A text constant of the shape: names and keys, never a caller's value."""
    return literal_column(_text(text))


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
