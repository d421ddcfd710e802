"""Conditions: what a condition tree is in SQL, of the rows of a scope.

No hidden row can tell anything: what takes time or may fail is computed of rows that the caller's
rules have let through (`app.items.compile.rule_order`).
"""

from collections.abc import Iterable
from functools import partial
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    and_,
    bindparam,
    case,
    false,
    func,
    literal_column,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import TypeEngine

from app.items.compile.functions import json_text, number_in
from app.items.compile.predicates import as_operand, predicate, roomy
from app.items.compile.rule_order import MOST_BARE, compared, is_bare
from app.items.compile.scope import Scope
from app.items.query.conjuncts import Group, groups_of
from app.items.query.tree import All, AnyOf, Compare, Condition, Current, Some

_ONE_ROW: Select[Any] = select(literal_column("1").label("one"))


def condition_of(scope: Scope, condition: Condition) -> ColumnElement[bool]:
    """The SQL of a condition tree, of which no hidden row can tell."""
    parts: list[ColumnElement[bool]] = []
    asked: dict[FromClause, None] = {}
    bare, type_of = 0, partial(scope.build.type_of, scope.table, scope.collection)
    seen = scope.build.seen(scope.table)
    with_prefixes = seen is not None and seen.is_own
    for group in groups_of(condition, scope.is_many):
        met = _group(scope, group)
        if bare < MOST_BARE and is_bare(group.condition, type_of, with_prefixes=with_prefixes):
            bare += 1
        else:
            tables = _tables_of(scope, group.condition)
            met = _waiting(scope, met, tables)
            asked |= dict.fromkeys(tables)
        parts.append(met)
    return and_(true(), *_first(scope, asked), *parts)


def _tables_of(scope: Scope, condition: Condition) -> list[FromClause]:
    """The tables of this level whose values a condition looks at."""
    paths = dict.fromkeys(compared(condition))
    return [scope.joined[path] for path in paths if path in scope.joined]


def _first(scope: Scope, tables: Iterable[FromClause]) -> list[ColumnElement[bool]]:
    """The rules of tables that have to be asked before conditions, and can be."""
    rules = [seen for table in tables if (seen := scope.build.seen(table)) is not None]
    parts = [part for seen in rules if seen.is_first for part in seen.parts]
    return [case((part, true()), else_=false()) for part in parts]


def _waiting(
    scope: Scope, met: ColumnElement[bool], tables: Iterable[FromClause]
) -> ColumnElement[bool]:
    """A condition that is computed where rules that come late let rows through, if any does."""
    rules = [seen for table in tables if (seen := scope.build.seen(table)) is not None]
    late = [part for seen in rules if not seen.is_first for part in seen.parts]
    return case((and_(*late), met), else_=false()) if late else met


def _group(scope: Scope, group: Group) -> ColumnElement[bool]:
    if not group.through:
        return _plain(scope, group.condition)
    return _any_row(scope, group)


def _any_row(scope: Scope, group: Group) -> ColumnElement[bool]:
    """Whether the rows that to-many paths lead to fulfil a condition, any combination of them.

    A LEFT JOIN and DISTINCT in Directus (3.2), so a parent without rows counts as one row of
    nulls; where the condition can't hold for nulls, only rows there are need to be looked at.
    """
    inner = Scope(scope.build, scope.collection, table=scope.table)
    for path in group.through:
        if not any(scope.is_many(path[:length]) for length in range(1, len(path))):
            scope.table_at(path[:-1])
    inner.joined |= scope.joined
    outside = set(scope.joined)
    joins: list[ColumnElement[bool]] = []
    first, *others = group.through
    if group.needs_a_row:
        leads, link = scope.step_at(first), scope.link(first)
        rows = scope.build.rows_of(leads.collection, scope.build.rules.get(leads.collection))
        inner.source, inner.joined[first] = rows, rows
        joins.append(rows.c[leads.key] == link)
    else:
        inner.source = _ONE_ROW.subquery()
        others = [first, *others]
    for path in others:
        inner.join(path)
    own = [table for path, table in inner.joined.items() if path not in outside]
    met = _waiting(inner, _plain(inner, group.condition), own)
    return (
        select(literal_column("1"))
        .select_from(inner.source)
        .where(*joins, *_first(inner, own), met)
        .correlate_except(*own)
        .exists()
    )


def _plain(scope: Scope, condition: Condition) -> ColumnElement[bool]:
    """The SQL of a condition whose paths are all joined, or can be."""
    match condition:
        case Compare():
            return _comparison(scope, condition)
        case Some():
            return _quantified(scope, condition)
        case All():
            return and_(true(), *(_plain(scope, part) for part in condition.conditions))
        case AnyOf():
            return or_(false(), *(_plain(scope, part) for part in condition.conditions))


def _quantified(scope: Scope, some: Some) -> ColumnElement[bool]:
    """`_some` and `_none`: whether a row of the to-many fulfils the condition."""
    leads, link = scope.step_at(some.path), scope.link(some.path)
    rows = Scope(scope.build, leads.collection)
    met = rows.condition(some.condition)
    found = (
        select(literal_column("1"))
        .select_from(rows.source)
        .where(rows.table.c[leads.key] == link, met)
        .correlate_except(*rows.own_tables())
        .exists()
    )
    return ~found if some.none else found


def _comparison(scope: Scope, compare: Compare) -> ColumnElement[bool]:
    if compare.function in {"json", "json_number"} and compare.argument is not None:
        column = json_text(scope.column(compare.path), compare.argument)
        if compare.function == "json_number":
            column = number_in(column)
    else:
        column = scope.value(compare.path, compare.function)

    def bind(kind: TypeEngine[Any]) -> ColumnElement[Any]:
        if isinstance(compare.value, Current):
            return _current(scope, compare.value, kind, compare.operator)
        return bindparam(scope.build.name_of(compare.value), type_=roomy(kind))

    return predicate(compare.operator, column, bind)


def _current(
    scope: Scope, current: Current, kind: TypeEngine[Any], operator: str
) -> ColumnElement[Any]:
    """A value of the caller's own row: user, role or policies."""
    rows = Scope(scope.build.unrestricted(), current.collection)
    value = as_operand(operator, rows.value(current.path, None), kind)
    key = rows.table.c[scope.schema[current.collection].primary_key.name]
    name = scope.build.name_of(current.key)
    if current.many:
        own = key == func.any(bindparam(name, type_=ARRAY(key.type)))
    else:
        own = key == bindparam(name, type_=key.type)
    found = select(value).select_from(rows.source).where(own)
    found = found.correlate_except(*rows.own_tables())
    one = found.scalar_subquery()
    return func.array(one) if isinstance(kind, ARRAY) else one
