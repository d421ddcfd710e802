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
    Label,
    MetaData,
    and_,
    case,
    false,
    func,
    literal_column,
    select,
    true,
    type_coerce,
)

from app.database.tables import column_type
from app.items.compile.functions import applied
from app.items.compile.rule_order import comes_first, is_own, is_quick
from app.items.hooks import expression_of
from app.items.query.conjuncts import conjuncts
from app.items.query.relations import Step, step
from app.items.query.tree import (
    Condition,
    ReadRule,
    Sort,
    Value,
)
from schema import Field, Schema

NameOf = Callable[[Value], str]
"""The name a value is bound under."""
ConditionOf = Callable[["Scope", Condition], ColumnElement[bool]]
"""The SQL of a condition on the rows of a scope: `app.items.compile.conditions`."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The parts of a rule, of rows that it has let through: true, but not yet known.

    `is_first`: PostgreSQL computes them before the conditions after them, `is_own`: before a join;
    see `app.items.compile.rule_order`.
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
    condition_of: ConditionOf
    rules: Mapping[str, ReadRule] = field(default_factory=dict)
    most: int = 0
    """Bytes that the JSON of a list may have."""
    _marks: dict[tuple[FromClause, str], ColumnElement[bool]] = field(default_factory=dict)
    _computed: dict[tuple[FromClause, str], ColumnElement[Any]] = field(default_factory=dict)
    _seen: dict[FromClause, "Seen"] = field(default_factory=dict)
    _masked: set[tuple[FromClause, str]] = field(default_factory=set)

    def unrestricted(self) -> "Build":
        """The same without rules: what rules themselves are judged by."""
        return Build(self.schema, self.tables, self.name_of, self.condition_of)

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
        marks = [
            (names, inner.condition(seen).label(f"mark.{place}"))
            for place, (names, seen) in enumerate(rule.masks)
        ]
        values = {
            item.name: expression(inner.table).label(f"value.{item.name}")
            for item in self.schema[collection].fields
            if marks and (expression := expression_of(collection, item.name)) is not None
        }
        is_first, parts = self._parts(rule.rows, inner)
        seen = [part.is_(true()).label(f"seen.{place}") for place, part in enumerate(parts)]
        added = [*(mark for _, mark in marks), *values.values(), *seen]
        shown = select(*inner.table.c, *added).select_from(inner.source)
        rows: FromClause = shown.where(and_(true(), *parts)).subquery()
        if marks:
            rows = self._masked_rows(rows, collection, marks, added)
        if seen:
            found = (rows.c[part.name] for part in seen)
            # Null is a row that is not there, of those that are joined.
            parts_seen = tuple(part.is_not(false()) for part in found)
            self._seen[rows] = Seen(
                is_first, rule.rows is not None and is_own(rule.rows), parts_seen
            )
        for name, value in values.items():
            self._computed[rows, name] = rows.c[value.name]
        return rows

    def _masked_rows(
        self,
        inner: FromClause,
        collection: str,
        marks: list[tuple[tuple[str, ...], Label[bool]]],
        added: list[Label[Any]],
    ) -> FromClause:
        """The same rows, with fields null where their mark is not true; and all that was added."""
        mark_of = {name: inner.c[mark.name] for names, mark in marks for name in names}
        table = self.tables.tables[collection]
        columns = [
            case((mark_of[column.name], inner.c[column.name]), else_=None).label(column.name)
            if column.name in mark_of and not column.primary_key
            else inner.c[column.name]
            for column in table.c
        ]
        rows = select(*columns, *(inner.c[one.name] for one in added)).subquery()
        for name, mark in mark_of.items():
            self._masked.add((rows, name))
            is_column = name in table.c and not table.c[name].primary_key
            if not is_column or expression_of(collection, name) is not None:
                self._marks[rows, name] = rows.c[mark.name]
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
        self.joined: dict[tuple[str, ...], FromClause] = {(): self.table}

    def _rule(self) -> ReadRule | None:
        return self.build.rules.get(self.collection)

    def field(self, path: tuple[str, ...]) -> Field:
        """The field at the end of a path that is known to be right."""
        return self.schema.fields(self._collection_at(path[:-1]))[path[-1]]

    def column(self, path: tuple[str, ...]) -> ColumnElement[Any]:
        """The column at the end of a path, joining the tables on the way once."""
        collection, table = self._collection_at(path[:-1]), self.table_at(path[:-1])
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
        leads = self.step_at(path)
        rows = Scope(self.build, leads.collection)
        counted = select(func.count()).select_from(rows.source)
        counted = counted.where(rows.table.c[leads.key] == self.link(path))
        number = counted.correlate_except(rows.table).scalar_subquery()
        return self.build.shown(self.table_at(path[:-1]), path[-1], number)

    def link(self, path: tuple[str, ...]) -> ColumnElement[Any]:
        """What the rows a path leads to are found by: null where the path is masked."""
        table = self.table_at(path[:-1])
        return self.build.shown(table, path[-1], table.c[self.step_at(path).own])

    def step(self, name: str) -> Step:
        """Where a relation of this level leads."""
        return self._step(self.collection, name)

    def _collection_at(self, path: tuple[str, ...]) -> str:
        collection = self.collection
        for name in path:
            collection = self._step(collection, name).collection
        return collection

    def step_at(self, path: tuple[str, ...]) -> Step:
        return self._step(self._collection_at(path[:-1]), path[-1])

    def _step(self, collection: str, name: str) -> Step:
        leads = step(self.schema, collection, name)
        if leads is None:
            raise LookupError(f'"{collection}.{name}" is not a relation.')
        return leads

    def table_at(self, path: tuple[str, ...]) -> FromClause:
        if path not in self.joined:
            self.join(path)
        return self.joined[path]

    def join(self, path: tuple[str, ...]) -> None:
        """Join the rows a path leads to; rows without any stay, with nulls."""
        leads, link = self.step_at(path), self.link(path)
        table = self.build.rows_of(leads.collection, self.build.rules.get(leads.collection))
        on = table.c[leads.key] == link
        self.source = self.source.outerjoin(table, on)
        self.joined[path] = table

    def condition(self, condition: Condition) -> ColumnElement[bool]:
        """The SQL of a condition tree, of which no hidden row can tell."""
        return self.build.condition_of(self, condition)

    def is_many(self, path: tuple[str, ...]) -> bool:
        """Whether a path ends with a to-many."""
        return self.step_at(path).many

    def own_tables(self) -> Iterable[FromClause]:
        """Every table of this level."""
        return self.joined.values()

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
            if self.is_many(path):
                leads, link = self.step_at(path), self.link(path)
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
