"""The compiler: a query tree becomes ONE statement whose result is the finished JSON.

Shape (reference: graphql_sql.md section 1): each level selects its fields under the caller's
names, relations come from LATERAL sub-selects, `row_to_json` shapes a row and `json_agg` the list.
Statements are cached by shape; see `app.items.query.tree.Value`.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, MetaData, Select, bindparam, cast, func, null, select
from sqlalchemy.dialects.postgresql import ARRAY

from app.database.session import DIALECT
from app.database.tables import column_type
from app.items.cache.bounded import BoundedCache
from app.items.cache.prepared import Statement
from app.items.compile import aggregate
from app.items.compile.conditions import condition_of
from app.items.compile.level import Level, keys_of, level_rule, matching, ordered, paged
from app.items.compile.render import as_list, as_object_within
from app.items.compile.scope import Build, NameOf, Scope
from app.items.hooks import expression_of
from app.items.query.tree import AggregateQuery, All, Condition, Leaf, Query, Value, shape, values
from schema import Schema

_Text = tuple[str, dict[str, Any]]


_MOST_CHARACTERS = 8_000_000
"""Of all statements that one way of compiling keeps: some have hundreds of thousands."""


class _Compiled:
    """The texts of a way of compiling, by the shape of the query."""

    def __init__(self, compiled: Callable[[Any], _Text], keep: int) -> None:
        self._compiled = compiled
        self._texts: BoundedCache[_Text] = BoundedCache(keep, _MOST_CHARACTERS)

    def __call__(self, query: Query | AggregateQuery) -> _Text:
        text = self._texts.get(query)
        if text is None:
            text = self._compiled(query)
            # A shape, not the query itself: that may hold ten thousand keys.
            self._texts.put(shape(query), text, len(text[0]))
        return text


_MOST_BYTES = 32 * 1024 * 1024


class Compiler:
    """Compiles queries against one schema, keeping the statements by shape."""

    def __init__(
        self, schema: Schema, tables: MetaData, *, keep: int = 2000, most: int = _MOST_BYTES
    ) -> None:
        """`most`: bytes of JSON that a statement may answer; PostgreSQL ends one of more."""
        self.most = most
        self.schema = schema
        self.tables = tables
        self._list = _Compiled(self._compile_list, keep)
        self._item = _Compiled(self._compile_item, keep)
        self._plain = _Compiled(self._compile_rows, keep)
        self._table = _Compiled(self._compile_table, keep)
        self._keys = _Compiled(self._compile_keys, keep)
        self._count = _Compiled(self._compile_count, keep)
        self._aggregate = _Compiled(self._compile_aggregate, keep)

    def items(self, query: Query) -> Statement:
        """A statement that yields a JSON array, `[]` when nothing matches."""
        return _bound(self._list, query)

    def item(self, query: Query) -> Statement:
        """A statement that yields the first matching item as a JSON object, or no row."""
        return _bound(self._item, query)

    def rows(self, query: Query) -> Statement:
        """A statement that yields the matching items as plain rows, for COPY."""
        return _bound(self._plain, query)

    def table(self, query: Query) -> Statement:
        """A statement that yields rows as they are stored, for statements around it.

        A column for every field: those that are not selected are null, save the key. Of a field
        that is stored and reads as an expression, `stored_<name>` is what is stored.
        """
        return _bound(self._table, query)

    def keys(self, query: Query) -> Statement:
        """A statement that yields the keys of the matching items, one row each, as `key`."""
        return _bound(self._keys, query)

    def count(self, query: Query) -> Statement:
        """A statement that yields the number of matching items, whatever the page."""
        return _bound(self._count, query)

    def aggregate(self, query: AggregateQuery) -> Statement:
        """A statement that yields a JSON array, one object per group."""
        return _bound(self._aggregate, query)

    def holding(
        self,
        collection: str,
        keys: list[Any],
        conditions: tuple[Condition | None, ...],
        within: Condition | None,
    ) -> Statement:
        """A statement that yields, of each row of the keys, whether the conditions hold for it.

        One row for each, `key` first; None holds always. Rows outside `within` don't exist.
        """
        parts = tuple(All(()) if condition is None else condition for condition in conditions)
        every = (*parts, All(()) if within is None else within)
        query = Query(collection, (), filter=All(every))
        scope = self._scope(query)
        key = scope.table.c[self.schema[collection].primary_key.name]
        columns = [scope.condition(part).label(f"c{n}") for n, part in enumerate(parts)]
        wanted = key == func.any(bindparam("keys", type_=ARRAY(key.type)))
        where = scope.condition(every[-1])
        statement = select(key.label("key"), *columns).select_from(scope.source)
        sql, constants = _text(statement.where(wanted, where))
        bound = {f"v{place}": value.value for place, value in enumerate(values(query))}
        return Statement(sql, {**constants, **bound, "keys": keys})

    def _compile_list(self, query: Query) -> _Text:
        return _text(as_list(self._level(query).rows(query), keys_of(query), self.most))

    def _compile_item(self, query: Query) -> _Text:
        return _text(as_object_within(self._level(query).rows(query), keys_of(query), self.most))

    def _compile_rows(self, query: Query) -> _Text:
        return _text(self._level(query).rows(query))

    def _compile_table(self, query: Query) -> _Text:
        scope, name = self._scope(query), query.collection
        shown = {node.field for node in query.selection if isinstance(node, Leaf)}
        columns: list[ColumnElement[Any]] = []
        for field in self.schema[name].fields:
            if field.many is not None:
                continue
            nothing = cast(null(), column_type(field))
            is_shown = field.primary_key or field.name in shown
            value = scope.for_conditions_of_others(field.name) if is_shown else nothing
            if field.primary_key:
                value = scope.table.c[field.name]
            columns.append(value.label(field.name))
            if field.stored and expression_of(name, field.name) is not None:
                stored = scope.table.c[field.name] if is_shown else nothing
                columns.append(stored.label(f"stored_{field.name}"))
        return _text(select(*columns).select_from(scope.source))

    def _compile_keys(self, query: Query) -> _Text:
        scope = self._scope(query)
        key = self.schema[query.collection].primary_key.name
        statement = select(scope.table.c[key].label("key"))
        statement = ordered(matching(statement, scope, query), scope, query)
        return _text(paged(statement.select_from(scope.source), scope, query))

    def _compile_count(self, query: Query) -> _Text:
        scope = self._scope(query)
        statement = select(func.count())
        return _text(matching(statement, scope, query).select_from(scope.source))

    def _compile_aggregate(self, query: AggregateQuery) -> _Text:
        scope = self._scope(query)
        statement = matching(aggregate.values(query, scope), scope, query)
        rows = paged(statement.select_from(scope.source), scope, query).subquery("g")
        return _text(as_list(aggregate.shaped(query, rows), aggregate.keys_of(query), self.most))

    def _build(self, query: Query | AggregateQuery) -> Build:
        rules = {rule.collection: rule for rule in query.rules}
        return Build(self.schema, self.tables, _names(query), condition_of, rules, self.most)

    def _level(self, query: Query) -> Level:
        return Level(self._build(query))

    def _scope(self, query: Query | AggregateQuery) -> Scope:
        return Scope(self._build(query), query.collection, level_rule(query, self._build(query)))


def _names(query: Query | AggregateQuery) -> NameOf:
    """Names values by their place in the query, the same for every query of one shape."""
    places = {id(value): f"v{place}" for place, value in enumerate(values(query))}
    return lambda value: places[id(value)]


def name_of(query: Query | AggregateQuery, wanted: Value) -> str:
    """What a value of a query is called in its statement."""
    return _names(query)(wanted)


def _bound(compiled: Callable[[Any], _Text], query: Query | AggregateQuery) -> Statement:
    sql, constants = compiled(query)
    bound = {f"v{place}": value.value for place, value in enumerate(values(query))}
    return Statement(sql, {**constants, **bound})


def _text(statement: Select[Any]) -> _Text:
    """The text, and the constants that computed fields bring along."""
    compiled = statement.compile(dialect=DIALECT)
    constants = {name: value for name, value in compiled.params.items() if value is not None}
    return str(compiled), constants
