"""The SQL of each filter operator (directus.md 3.1)."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import (
    ColumnElement,
    String,
    Text,
    and_,
    cast,
    func,
    literal_column,
    not_,
    or_,
    types,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import TypeEngine

from app.items.query.operators import like_pattern


def as_operand(
    operator: str, value: ColumnElement[Any], kind: TypeEngine[Any]
) -> ColumnElement[Any]:
    """A value of another row as the operand of a column of that type: a text for a text."""
    item = kind.item_type if isinstance(kind, ARRAY) else kind
    if not isinstance(item, String):
        return value
    pattern = like_pattern(operator, "{}")
    text: ColumnElement[Any] = cast(value, Text)
    if pattern is None:
        return text
    escaped = func.regexp_replace(text, *map(literal_column, (r"'([\\%_])'", r"'\\\1'", "'g'")))
    return func.replace(literal_column(f"'{pattern}'"), literal_column("'{}'"), escaped)


Bind = Callable[[TypeEngine[Any]], ColumnElement[Any]]
"""Gives the bound value, typed."""


def predicate(operator: str, column: ColumnElement[Any], bind: Bind) -> ColumnElement[bool]:
    """The SQL condition of one operator. NULL rows match only what asks for NULL."""
    simple = _SIMPLE.get(operator)
    if simple is not None:
        return simple(column, bind(column.type))
    match operator:
        case "_null":
            return column.is_(None)
        case "_nnull":
            return column.is_not(None)
        case "_empty":
            return or_(column.is_(None), cast(column, Text) == "")
        case "_nempty":
            return and_(column.is_not(None), cast(column, Text) != "")
        case "_in":
            return column == func.any(bind(ARRAY(column.type)))
        case "_nin":
            return column != func.all(bind(ARRAY(column.type)))
    return _text_predicate(operator, column, bind)


def _text_predicate(operator: str, column: ColumnElement[Any], bind: Bind) -> ColumnElement[bool]:
    name = operator.lstrip("_")
    negated = name.startswith("n")
    name = name.removeprefix("n")
    text = cast(column, Text) if not isinstance(column.type, Text) else column
    pattern = bind(Text())
    matches = text.ilike(pattern) if name.startswith("i") else text.like(pattern)
    return not_(matches) if negated else matches


_SIMPLE: dict[str, Callable[[ColumnElement[Any], ColumnElement[Any]], ColumnElement[bool]]] = {
    "_eq": lambda column, value: column == value,
    "_neq": lambda column, value: column != value,
    "_lt": lambda column, value: column < value,
    "_lte": lambda column, value: column <= value,
    "_gt": lambda column, value: column > value,
    "_gte": lambda column, value: column >= value,
}


def roomy(kind: TypeEngine[Any]) -> TypeEngine[Any]:
    """The type a value is bound as: wide enough that any legal value of the filter fits."""
    if isinstance(kind, ARRAY):
        return ARRAY(roomy(kind.item_type))
    if isinstance(kind, types.Integer):
        return types.BigInteger()
    if isinstance(kind, types.String):
        return types.Text()
    if isinstance(kind, types.Numeric):
        return types.Numeric()
    return kind
