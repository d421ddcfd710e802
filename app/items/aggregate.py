"""Aggregates and groups: the columns of an aggregate query (directus.md 2.6, 4.7)."""

from typing import Any

from sqlalchemy import ColumnElement, Double, Select, Text, cast, func, literal_column, select

from app.items.functions import date_part
from app.items.query import Aggregate, AggregateQuery, Group
from app.items.render import quoted, rendered
from app.items.scope import Scope

OPERATIONS = (
    "count",
    "countDistinct",
    "countAll",
    "sum",
    "sumDistinct",
    "avg",
    "avgDistinct",
    "min",
    "max",
)


def rows(query: AggregateQuery, scope: Scope) -> Select[Any]:
    """One row per group: the group values, then each aggregate under its key."""
    columns: list[ColumnElement[Any]] = [
        quoted(item.text).label(item.key) for item in query.constants
    ]
    groups = [(group, _group_value(group, scope)) for group in query.groups]
    if query.group_key is not None:
        columns.append(_group_object(groups).label(query.group_key))
    elif query.surface == "rest":
        columns += [_shown(group, value, scope).label(group.key) for group, value in groups]
    columns += [_aggregate(item, query, scope).label(item.key) for item in query.aggregates]
    statement = select(*columns).group_by(*(value for _, value in groups))
    return statement.order_by(*_order(query, scope, {group.key: value for group, value in groups}))


def _group_value(group: Group, scope: Scope) -> ColumnElement[Any]:
    column = scope.column((group.field,))
    return column if group.function is None else date_part(column, group.function)


def _group_object(groups: list[tuple[Group, ColumnElement[Any]]]) -> ColumnElement[Any]:
    if not groups:
        return literal_column("NULL::json")
    pairs: list[Any] = []
    for group, value in groups:
        pairs += [quoted(group.key), value]
    return func.json_build_object(*pairs)


def _shown(group: Group, value: ColumnElement[Any], scope: Scope) -> ColumnElement[Any]:
    """REST on PostgreSQL shows date parts as text: the driver returns numerics as text."""
    if group.function is not None:
        return cast(value, Text)
    return rendered(scope.field((group.field,)), value, "rest")


def _aggregate(item: Aggregate, query: AggregateQuery, scope: Scope) -> ColumnElement[Any]:
    if not item.fields:
        return _number(func.count(), item.operation, query)
    pairs: list[Any] = []
    for key, field in item.fields:
        if field.startswith("="):
            pairs += [quoted(key), quoted(field[1:])]
            continue
        value = operation(item.operation, scope.column((field,)))
        pairs += [quoted(key), _number(value, item.operation, query)]
    return func.json_build_object(*pairs)


def operation(name: str, column: ColumnElement[Any]) -> ColumnElement[Any]:
    """The SQL aggregate of one operation over one column."""
    distinct = name.endswith("Distinct")
    function = getattr(func, name.removesuffix("Distinct"))
    return function(column.distinct() if distinct else column)  # type: ignore[no-any-return]


def _number(value: ColumnElement[Any], name: str, query: AggregateQuery) -> ColumnElement[Any]:
    """GraphQL has numbers; REST has PostgreSQL's typing: counts, sums and averages as text."""
    if query.surface == "graphql":
        return value if name.startswith("count") else cast(value, Double)
    return value if name in {"min", "max"} else cast(value, Text)


def _order(
    query: AggregateQuery, scope: Scope, groups: dict[str, ColumnElement[Any]]
) -> list[ColumnElement[Any]]:
    """Sort by a group (`status`) or by an aggregate (`count.id`, `count`)."""
    terms: list[ColumnElement[Any]] = []
    for sort in query.sort:
        head = sort.path[0]
        if head in OPERATIONS:
            inner = scope.column(sort.path[1:]) if len(sort.path) > 1 else None
            value = func.count() if inner is None else operation(head, inner)
        else:
            key = head if sort.function is None else f"{head}_{sort.function}"
            value = groups[key]
        terms.append(value.desc() if sort.descending else value.asc())
    return terms
