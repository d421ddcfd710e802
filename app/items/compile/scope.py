"""One level of a statement: a collection's rows, the relations joined to them, its conditions.

A collection that the caller sees only in part enters as a sub-select of just that part (its rule),
so whatever is joined, filtered, sorted or counted is what the caller may see.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    MetaData,
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
    type_coerce,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import TypeEngine

from app.database.tables import column_type
from app.items.compile.functions import applied, json_text, number_in
from app.items.compile.guard import MOST_BARE, comes_first, compared, is_bare, is_own, is_quick
from app.items.compile.predicates import as_operand, predicate, roomy
from app.items.hooks import expression_of
from app.items.query.conjuncts import Group, conjuncts, groups_of
from app.items.query.relations import Step, step
from app.items.query.tree import (
    All,
    AnyOf,
    Compare,
    Condition,
    Current,
    ReadRule,
    Some,
    Sort,
    Value,
)
from schema import Field, Schema

NameOf = Callable[[Value], str]
"""The name a value is bound under."""

_ONE_ROW: Select[Any] = select(literal_column("1").label("one"))


@dataclass(frozen=True, slots=True)
class Seen:
    """The parts of a rule, of rows that it has let through: true, but not yet known.

    `is_first`: PostgreSQL computes them before the conditions after them, `is_own`: before a join;
    see `app.items.compile.guard`.
    """

    is_first: bool
    is_own: bool
    parts: tuple[ColumnElement[bool], ...]


@dataclass(frozen=True, slots=True)
class Build:
    """What all levels of one statement share."""

    schema: Schema
    tables: MetaData
    name_of: NameOf
    rules: Mapping[str, ReadRule] = field(default_factory=dict)
    most: int = 0
    """Bytes that the JSON of a list may have."""
    _marks: dict[tuple[FromClause, str], ColumnElement[bool]] = field(default_factory=dict)
    _computed: dict[tuple[FromClause, str], ColumnElement[Any]] = field(default_factory=dict)
    _seen: dict[FromClause, "Seen"] = field(default_factory=dict)
    _masked: set[tuple[FromClause, str]] = field(default_factory=set)

    def unrestricted(self) -> "Build":
        """The same without rules: what rules themselves are judged by."""
        return Build(self.schema, self.tables, self.name_of)

    def rows_of(self, collection: str, rule: ReadRule | None) -> FromClause:
        """The rows of a collection that a rule lets through, with masked fields null elsewhere.

        Fields that are no column (what is computed, to-many) have a mark in its place: see `shown`.
        So has the key, by which rows are found and joined whoever may see it. What is computed is
        computed here, of the rows as they are: only its own mask hides it. A rule that comes late
        is a column, too: see `seen`.
        """
        if rule is None or (rule.rows is None and not rule.masks):
            return self.tables.tables[collection].alias()
        inner = Scope(self.unrestricted(), collection)
        masks = dict(rule.masks)
        columns = [
            case((inner.condition(masks[column.name]), column), else_=None).label(column.name)
            if column.name in masks and not column.primary_key
            else column
            for column in inner.table.c
        ]
        marks = {
            name: inner.condition(seen).label(None)
            for name, seen in rule.masks
            if name not in inner.table.c
            or inner.table.c[name].primary_key
            or expression_of(collection, name) is not None
        }
        values = {
            item.name: expression(inner.table).label(None)
            for item in self.schema[collection].fields
            if masks and (expression := expression_of(collection, item.name)) is not None
        }
        is_first, parts = self._parts(rule.rows, inner)
        seen = [part.is_(true()).label(None) for part in parts]
        shown = select(*columns, *marks.values(), *values.values(), *seen)
        rows = shown.select_from(inner.source).where(and_(true(), *parts)).subquery()
        if seen:
            found = (rows.exported_columns[part.name] for part in seen)
            # Null is a row that is not there, of those that are joined.
            parts_seen = tuple(part.is_not(false()) for part in found)
            self._seen[rows] = Seen(
                is_first, rule.rows is not None and is_own(rule.rows), parts_seen
            )
        self._masked.update((rows, name) for name in masks)
        for name, value in values.items():
            self._computed[rows, name] = rows.exported_columns[value.name]
        for name, mark in marks.items():
            self._marks[rows, name] = rows.exported_columns[mark.name]
        return rows

    def computed(self, table: FromClause, collection: str, name: str) -> ColumnElement[Any] | None:
        """The value of a computed field; None for a column."""
        known = self._computed.get((table, name))
        if known is not None:
            return known
        expression = expression_of(collection, name)
        return None if expression is None else expression(table)

    def _parts(
        self, rule: Condition | None, scope: "Scope"
    ) -> tuple[bool, list[ColumnElement[bool]]]:
        """The SQL of a rule, in parts where PostgreSQL may compute it first, and whether it may."""
        if rule is None:
            return True, []
        if comes_first(rule, partial(self.type_of, scope.table, scope.collection)):
            return True, [scope.condition(part) for part in conjuncts(rule)]
        return False, [scope.condition(rule)]

    def seen(self, table: FromClause) -> "Seen | None":
        """Whether a row of a table is let through, to be asked before a caller's conditions."""
        return self._seen.get(table)

    def type_of(self, table: FromClause, collection: str, name: str) -> str | None:
        """The type of a field that is a column as it is stored: not computed, not masked."""
        is_column = (table, name) not in self._masked and expression_of(collection, name) is None
        return self.schema.fields(collection)[name].type if is_column else None

    def is_marked(self, table: FromClause, name: str) -> bool:
        """Whether a rule masks a field without masking its column."""
        return (table, name) in self._marks

    def shown(self, table: FromClause, name: str, value: ColumnElement[Any]) -> ColumnElement[Any]:
        """The value of a field without a column, null in the rows where a rule masks it."""
        mark = self._marks.get((table, name))
        return value if mark is None else case((mark, value), else_=None)


class Scope:
    """Columns and conditions of one collection, joining what paths through relations need.

    `rule` replaces the collection's own rule for this level; `table` continues from rows that are
    in the statement already.
    """

    def __init__(
        self,
        build: Build,
        collection: str,
        rule: ReadRule | None = None,
        table: FromClause | None = None,
    ) -> None:
        self.build = build
        self.schema = build.schema
        self.collection = collection
        self.table = table if table is not None else build.rows_of(collection, rule or self._rule())
        self.source: FromClause = self.table
        self._joined: dict[tuple[str, ...], FromClause] = {(): self.table}

    def _rule(self) -> ReadRule | None:
        return self.build.rules.get(self.collection)

    def field(self, path: tuple[str, ...]) -> Field:
        """The field at the end of a path that is known to be right."""
        return self.schema.fields(self._collection_at(path[:-1]))[path[-1]]

    def column(self, path: tuple[str, ...]) -> ColumnElement[Any]:
        """The column at the end of a path, joining the tables on the way once."""
        collection, table = self._collection_at(path[:-1]), self._table_at(path[:-1])
        computed = self.build.computed(table, collection, path[-1])
        if computed is None:
            return self.build.shown(table, path[-1], table.c[path[-1]])
        value = type_coerce(computed, column_type(self.field(path)))
        return self.build.shown(table, path[-1], value)

    def for_conditions_of_others(self, name: str) -> ColumnElement[Any]:
        """A field of this level for statements around it, whose conditions wait for nothing.

        So what takes time to compute with is null in rows that are not let through.
        """
        value, seen = self.column((name,)), self.build.seen(self.table)
        type_ = self.build.type_of(self.table, self.collection, name)
        if seen is None or seen.is_first or is_quick(type_):
            return value
        return case((and_(*seen.parts), value), else_=None)

    def value(
        self, path: tuple[str, ...], function: str | None, argument: str | None = None
    ) -> ColumnElement[Any]:
        """The column at the end of a path, or a function of it."""
        if function is None:
            return self.column(path)
        if function == "count" and self.field(path).many is not None:
            return self._count(path)
        return applied(self.column(path), function, argument)

    def _count(self, path: tuple[str, ...]) -> ColumnElement[Any]:
        """How many rows the to-many at the end of a path has."""
        leads = self._step_at(path)
        rows = Scope(self.build, leads.collection)
        counted = select(func.count()).select_from(rows.source)
        counted = counted.where(rows.table.c[leads.key] == self.link(path))
        number = counted.correlate_except(rows.table).scalar_subquery()
        return self.build.shown(self._table_at(path[:-1]), path[-1], number)

    def link(self, path: tuple[str, ...]) -> ColumnElement[Any]:
        """What the rows a path leads to are found by: null where the path is masked."""
        table = self._table_at(path[:-1])
        return self.build.shown(table, path[-1], table.c[self._step_at(path).own])

    def step(self, name: str) -> Step:
        """Where a relation of this level leads."""
        return self._step(self.collection, name)

    def _collection_at(self, path: tuple[str, ...]) -> str:
        collection = self.collection
        for name in path:
            collection = self._step(collection, name).collection
        return collection

    def _step_at(self, path: tuple[str, ...]) -> Step:
        return self._step(self._collection_at(path[:-1]), path[-1])

    def _step(self, collection: str, name: str) -> Step:
        leads = step(self.schema, collection, name)
        if leads is None:
            raise LookupError(f'"{collection}.{name}" is no relation.')
        return leads

    def _table_at(self, path: tuple[str, ...]) -> FromClause:
        if path not in self._joined:
            self._join(path)
        return self._joined[path]

    def _join(self, path: tuple[str, ...]) -> None:
        """Join the rows a path leads to; rows without any stay, with nulls."""
        leads, link = self._step_at(path), self.link(path)
        table = self.build.rows_of(leads.collection, self.build.rules.get(leads.collection))
        on = table.c[leads.key] == link
        self.source = self.source.outerjoin(table, on)
        self._joined[path] = table

    def condition(self, condition: Condition) -> ColumnElement[bool]:
        """The SQL of a condition tree, of which no hidden row can tell."""
        parts: list[ColumnElement[bool]] = []
        asked: dict[FromClause, None] = {}
        bare, type_of = 0, partial(self.build.type_of, self.table, self.collection)
        seen = self.build.seen(self.table)
        with_prefixes = seen is not None and seen.is_own
        for group in groups_of(condition, self._is_many):
            met = self._group(group)
            if bare < MOST_BARE and is_bare(group.condition, type_of, with_prefixes=with_prefixes):
                bare += 1
            else:
                tables = self._tables_of(group.condition)
                met = self._waiting(met, tables)
                asked |= dict.fromkeys(tables)
            parts.append(met)
        return and_(true(), *self._first(asked), *parts)

    def _tables_of(self, condition: Condition) -> list[FromClause]:
        """The tables of this level whose values a condition looks at."""
        paths = dict.fromkeys(compared(condition))
        return [self._joined[path] for path in paths if path in self._joined]

    def _first(self, tables: Iterable[FromClause]) -> list[ColumnElement[bool]]:
        """The rules of tables that have to be asked before conditions, and can be."""
        rules = [seen for table in tables if (seen := self.build.seen(table)) is not None]
        parts = [part for seen in rules if seen.is_first for part in seen.parts]
        return [case((part, true()), else_=false()) for part in parts]

    def _waiting(
        self, met: ColumnElement[bool], tables: Iterable[FromClause]
    ) -> ColumnElement[bool]:
        """A condition that is computed where rules that come late let rows through, if any does."""
        rules = [seen for table in tables if (seen := self.build.seen(table)) is not None]
        late = [part for seen in rules if not seen.is_first for part in seen.parts]
        return case((and_(*late), met), else_=false()) if late else met

    def _group(self, group: Group) -> ColumnElement[bool]:
        if not group.through:
            return self._plain(group.condition)
        return self._any_row(group)

    def _any_row(self, group: Group) -> ColumnElement[bool]:
        """Whether the rows that to-many paths lead to fulfil a condition, any combination of them.

        A LEFT JOIN and DISTINCT in Directus (3.2), so a parent without rows counts as one row of
        nulls; where the condition can't hold for nulls, only rows there are need to be looked at.
        """
        inner = Scope(self.build, self.collection, table=self.table)
        for path in group.through:
            if not any(self._is_many(path[:length]) for length in range(1, len(path))):
                self._table_at(path[:-1])
        inner._joined |= self._joined
        outside = set(self._joined)
        joins: list[ColumnElement[bool]] = []
        first, *others = group.through
        if group.needs_a_row:
            leads, link = self._step_at(first), self.link(first)
            rows = self.build.rows_of(leads.collection, self.build.rules.get(leads.collection))
            inner.source, inner._joined[first] = rows, rows
            joins.append(rows.c[leads.key] == link)
        else:
            inner.source = _ONE_ROW.subquery()
            others = [first, *others]
        for path in others:
            inner._join(path)
        own = [table for path, table in inner._joined.items() if path not in outside]
        met = inner._waiting(inner._plain(group.condition), own)
        return (
            select(literal_column("1"))
            .select_from(inner.source)
            .where(*joins, *inner._first(own), met)
            .correlate_except(*own)
            .exists()
        )

    def _is_many(self, path: tuple[str, ...]) -> bool:
        return self._step_at(path).many

    def _plain(self, condition: Condition) -> ColumnElement[bool]:
        """The SQL of a condition whose paths are all joined, or can be."""
        match condition:
            case Compare():
                return self._comparison(condition)
            case Some():
                return self._quantified(condition)
            case All():
                return and_(true(), *(self._plain(part) for part in condition.conditions))
            case AnyOf():
                return or_(false(), *(self._plain(part) for part in condition.conditions))

    def _quantified(self, some: Some) -> ColumnElement[bool]:
        """`_some` and `_none`: whether a row of the to-many fulfils the condition."""
        leads, link = self._step_at(some.path), self.link(some.path)
        rows = Scope(self.build, leads.collection)
        met = rows.condition(some.condition)
        found = (
            select(literal_column("1"))
            .select_from(rows.source)
            .where(rows.table.c[leads.key] == link, met)
            .correlate_except(*rows.own_tables())
            .exists()
        )
        return ~found if some.none else found

    def own_tables(self) -> Iterable[FromClause]:
        """Every table of this level."""
        return self._joined.values()

    def _comparison(self, compare: Compare) -> ColumnElement[bool]:
        if compare.function in {"json", "json_number"} and compare.argument is not None:
            column = json_text(self.column(compare.path), compare.argument)
            if compare.function == "json_number":
                column = number_in(column)
        else:
            column = self.value(compare.path, compare.function)

        def bind(kind: TypeEngine[Any]) -> ColumnElement[Any]:
            if isinstance(compare.value, Current):
                return self._current(compare.value, kind, compare.operator)
            return bindparam(self.build.name_of(compare.value), type_=roomy(kind))

        return predicate(compare.operator, column, bind)

    def _current(
        self, current: Current, kind: TypeEngine[Any], operator: str
    ) -> ColumnElement[Any]:
        """A value of the caller's own row: user, role or policies."""
        rows = Scope(self.build.unrestricted(), current.collection)
        value = as_operand(operator, rows.value(current.path, None), kind)
        key = rows.table.c[self.schema[current.collection].primary_key.name]
        name = self.build.name_of(current.key)
        if current.many:
            own = key == func.any(bindparam(name, type_=ARRAY(key.type)))
        else:
            own = key == bindparam(name, type_=key.type)
        found = select(value).select_from(rows.source).where(own)
        found = found.correlate_except(*rows.own_tables())
        one = found.scalar_subquery()
        return func.array(one) if isinstance(kind, ARRAY) else one

    def order(self, sort: Sort) -> ColumnElement[Any]:
        """One ORDER BY term. Where NULLs go is PostgreSQL's choice."""
        value = self._least_or_greatest(sort)
        return value.desc() if sort.descending else value.asc()

    def ties(self, by: Sequence[Sort]) -> tuple[ColumnElement[Any], ...]:
        """What ends an order: the key, or pages would repeat equal rows, and never show others.

        Also where the caller may not read it. Nothing, where the order has it already.
        """
        name = self.schema[self.collection].primary_key.name
        has_key = any(sort.path == (name,) and sort.function is None for sort in by)
        is_last = not by or (has_key and not self.build.is_marked(self.table, name))
        return () if is_last else (self.table.c[name].asc(),)

    def _least_or_greatest(self, sort: Sort) -> ColumnElement[Any]:
        """What a sort compares: through a to-many, its rows' least value (greatest, if down)."""
        for length in range(1, len(sort.path)):
            path = sort.path[:length]
            if self._is_many(path):
                leads, link = self._step_at(path), self.link(path)
                rows = Scope(self.build, leads.collection)
                rest = Sort(sort.path[length:], sort.descending, sort.function)
                # Not min() and max(): uuids, booleans and JSON have an order, but none of them.
                value = rows._least_or_greatest(rest).label("best")
                order = value.desc().nulls_last() if sort.descending else value.asc()
                found = select(value).select_from(rows.source).order_by(order)
                found = found.where(rows.table.c[leads.key] == link)
                found = found.limit(literal_column("1"))
                return found.correlate_except(*rows.own_tables()).scalar_subquery()
        return self.value(sort.path, sort.function)
