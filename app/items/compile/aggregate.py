"""Aggregates and groups: the statement of an aggregate query (directus.md 2.6, 4.7).

The inner select computes every value under a name of ours, the outer one shapes the answer: so keys
of the caller never meet columns, and an object may have any number of members.
"""

from typing import Any

from sqlalchemy import ColumnElement, Select, Text, cast, func, literal_column, select
from sqlalchemy.sql.selectable import FromClause

from app.items.compile.functions import applied
from app.items.compile.render import as_object, labelled, quoted, rendered
from app.items.compile.scope import Scope
from app.items.query.tree import Aggregate, AggregateQuery, Group

_EVERYTHING: ColumnElement[Any] = literal_column("()")
"""The one group of a query without groups, there even when no row matches."""


def values(query: AggregateQuery, scope: Scope) -> Select[Any]:
    """One row per group: the group's values, then those of each aggregate."""
    groups = {group.key: _group_value(group, scope) for group in query.groups}
    columns = [
        _shown(group, groups[group.key], scope, query).label(_group_name(place))
        for place, group in enumerate(query.groups)
    ]
    for place, item in enumerate(query.aggregates):
        if not item.fields:
            columns.append(_number(func.count(), query).label(_name(place)))
        columns += [
            _result(field, item, scope, query).label(_name(place, member))
            for member, (_, field) in enumerate(item.fields)
            if not field.startswith("=")
        ]
    statement = select(*(columns or [literal_column("NULL").label("nothing")]))
    statement = statement.group_by(*(groups.values() or [_EVERYTHING]))
    return statement.order_by(*_order(query, scope, groups))


def shaped(query: AggregateQuery, rows: FromClause) -> Select[Any]:
    """The rows of `values` under the caller's keys."""
    columns = [labelled(quoted(item.text), item.key) for item in query.constants]
    groups = [(group.key, rows.c[_group_name(n)]) for n, group in enumerate(query.groups)]
    if query.group_key is not None:
        group = as_object(groups, rows) if groups else literal_column("NULL::json")
        columns.append(labelled(group, query.group_key))
    elif query.surface == "rest":
        columns += [labelled(value, key) for key, value in groups]
    columns += [labelled(_members(n, a, rows), a.key) for n, a in enumerate(query.aggregates)]
    return select(*columns).select_from(rows)


def keys_of(query: AggregateQuery) -> list[str]:
    """The caller's keys of an answer, in the order of the columns of `shaped`."""
    keys = [item.key for item in query.constants]
    if query.group_key is not None:
        keys.append(query.group_key)
    elif query.surface == "rest":
        keys += [group.key for group in query.groups]
    return keys + [item.key for item in query.aggregates]


def _group_name(place: int) -> str:
    return f"g{place}"


def _name(place: int, member: int | None = None) -> str:
    return f"a{place}" if member is None else f"a{place}_{member}"


def _members(place: int, item: Aggregate, rows: FromClause) -> ColumnElement[Any]:
    if not item.fields:
        return rows.c[_name(place)]
    members = [
        (key, quoted(field[1:]) if field.startswith("=") else rows.c[_name(place, member)])
        for member, (key, field) in enumerate(item.fields)
    ]
    return as_object(members, rows)


def _group_value(group: Group, scope: Scope) -> ColumnElement[Any]:
    column = scope.column((group.field,))
    return column if group.function is None else applied(column, group.function)


def _operand(name: str, scope: Scope) -> ColumnElement[Any]:
    """What an operation works on: a column, of a to-many how many rows it has."""
    is_many = scope.field((name,)).many is not None
    return scope.value((name,), "count" if is_many else None)


def _shown(
    group: Group, value: ColumnElement[Any], scope: Scope, query: AggregateQuery
) -> ColumnElement[Any]:
    if group.function is not None:
        return value
    return rendered(scope.field((group.field,)), value, query.surface)


def operation(name: str, column: ColumnElement[Any]) -> ColumnElement[Any]:
    """The SQL aggregate of one operation over one column."""
    distinct = name.endswith("Distinct")
    function = getattr(func, name.removesuffix("Distinct"))
    return function(column.distinct() if distinct else column)  # type: ignore[no-any-return]


def _result(name: str, item: Aggregate, scope: Scope, query: AggregateQuery) -> ColumnElement[Any]:
    """One operation over one field, as it is shown: extremes like the field itself."""
    value = operation(item.operation, _operand(name, scope))
    if item.operation in {"min", "max"} and query.surface == "rest":
        return rendered(scope.field((name,)), value, query.surface)
    return _number(value, query)


def _number(value: ColumnElement[Any], query: AggregateQuery) -> ColumnElement[Any]:
    """GraphQL has numbers; REST has PostgreSQL's typing: counts, sums and averages as text."""
    return value if query.surface == "graphql" else cast(value, Text)


def _order(
    query: AggregateQuery, scope: Scope, groups: dict[str, ColumnElement[Any]]
) -> list[ColumnElement[Any]]:
    """Sort by a group (`status`) or by an aggregate (`count.id`, `count`).

    Equal ones are in the order of their groups: or pages would repeat some, and never show others.
    """
    terms: list[ColumnElement[Any]] = []
    for sort in query.sort:
        head, field = sort.path[0], sort.path[1:]
        value = groups.get(head)
        if value is None:
            value = operation(head, _operand(field[0], scope)) if field else func.count()
        terms.append(value.desc() if sort.descending else value.asc())
    asked = {sort.path[0] for sort in query.sort}
    return terms + [value.asc() for key, value in groups.items() if key not in asked]
