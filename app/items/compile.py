"""The compiler: a query tree becomes ONE statement whose result is the finished JSON.

Shape (reference: graphql_sql.md section 1): each level selects its fields under the caller's
names, relations come from LATERAL sub-selects, `row_to_json` shapes a row and `json_agg` the list.
Statements are cached by shape; see `app.items.query.Value`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    MetaData,
    Select,
    bindparam,
    func,
    select,
    true,
)
from sqlalchemy.sql.selectable import FromClause

from app.database.session import DIALECT
from app.database.tables import METADATA
from app.errors import InvalidQuery
from app.items import aggregate
from app.items.functions import date_part
from app.items.query import (
    AggregateQuery,
    Constant,
    Leaf,
    Nested,
    Node,
    Parts,
    Query,
    Surface,
    shape,
    values,
)
from app.items.render import as_list, as_objects, labelled, quoted, rendered
from app.items.scope import NameOf, Scope
from schema import BUILTIN, Schema

_MOST_PARTS = 50
"""PostgreSQL's functions take 100 arguments, json_build_object two for each member."""

_Text = tuple[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement and the values bound in it, ready to run."""

    sql: str
    values: dict[str, Any]


class _Kept:
    """The texts of a way of compiling, by the shape of the query; the oldest goes first."""

    def __init__(self, compiled: Callable[[Any], _Text], keep: int) -> None:
        self._compiled = compiled
        self._keep = keep
        self._texts: dict[Query | AggregateQuery, _Text] = {}

    def __call__(self, query: Query | AggregateQuery) -> _Text:
        text = self._texts.get(query)
        if text is None:
            text = self._compiled(query)
            if len(self._texts) >= self._keep:
                self._texts.pop(next(iter(self._texts)), None)
            # A shape, not the query itself: that may hold ten thousand keys.
            self._texts[shape(query)] = text
        return text


class Compiler:
    """Compiles queries against one schema, keeping the statements by shape."""

    def __init__(self, schema: Schema, tables: MetaData, *, keep: int = 2000) -> None:
        self.schema = schema
        self.tables = tables
        self._list = _Kept(self._compile_list, keep)
        self._item = _Kept(self._compile_item, keep)
        self._plain = _Kept(self._compile_rows, keep)
        self._keys = _Kept(self._compile_keys, keep)
        self._count = _Kept(self._compile_count, keep)
        self._aggregate = _Kept(self._compile_aggregate, keep)

    def items(self, query: Query) -> Statement:
        """A statement that yields a JSON array, `[]` when nothing matches."""
        return _bound(self._list, query)

    def item(self, query: Query) -> Statement:
        """A statement that yields the first matching item as a JSON object, or no row."""
        return _bound(self._item, query)

    def rows(self, query: Query) -> Statement:
        """A statement that yields the matching items as plain rows, for COPY."""
        return _bound(self._plain, query)

    def keys(self, query: Query) -> Statement:
        """A statement that yields the keys of the matching items, one row each, as `key`."""
        return _bound(self._keys, query)

    def count(self, query: Query) -> Statement:
        """A statement that yields the number of matching items, whatever the page."""
        return _bound(self._count, query)

    def aggregate(self, query: AggregateQuery) -> Statement:
        """A statement that yields a JSON array, one object per group."""
        return _bound(self._aggregate, query)

    def _compile_list(self, query: Query) -> _Text:
        return _text(as_list(self._rows(query, _names(query))))

    def _compile_item(self, query: Query) -> _Text:
        return _text(as_objects(self._rows(query, _names(query))))

    def _compile_rows(self, query: Query) -> _Text:
        return _text(self._rows(query, _names(query)))

    def _compile_keys(self, query: Query) -> _Text:
        scope = Scope(self.schema, self.tables, query.collection, _names(query))
        key = self.schema[query.collection].primary_key.name
        statement = select(scope.table.c[key].label("key"))
        statement = _ordered(_matching(statement, scope, query), scope, query)
        return _text(_paged(statement.select_from(scope.source), scope, query))

    def _compile_count(self, query: Query) -> _Text:
        scope = Scope(self.schema, self.tables, query.collection, _names(query))
        statement = select(func.count())
        return _text(_matching(statement, scope, query).select_from(scope.source))

    def _compile_aggregate(self, query: AggregateQuery) -> _Text:
        scope = Scope(self.schema, self.tables, query.collection, _names(query))
        statement = _matching(aggregate.values(query, scope), scope, query)
        rows = _paged(statement.select_from(scope.source), scope, query).subquery("g")
        return _text(as_list(aggregate.shaped(query, rows)))

    def _rows(
        self, query: Query, name_of: NameOf, correlate: ColumnElement[Any] | None = None
    ) -> Select[Any]:
        """The shaped rows of one level; `correlate` is the key the parent points at."""
        scope = Scope(self.schema, self.tables, query.collection, name_of)
        nested: list[FromClause] = []
        columns = [self._column(node, query, scope, nested) for node in query.selection]
        statement = _matching(select(*columns), scope, query)
        statement = _ordered(statement, scope, query)
        if correlate is not None:
            key = self.schema[query.collection].primary_key.name
            statement = statement.where(scope.table.c[key] == correlate)
        source = scope.source
        for lateral in nested:
            source = source.outerjoin(lateral, true())
        return _paged(statement.select_from(source), scope, query)

    def _column(
        self, node: Node, query: Query, scope: Scope, nested: list[FromClause]
    ) -> ColumnElement[Any]:
        match node:
            case Leaf():
                return labelled(_value(node, scope, query.surface), node.key)
            case Constant():
                return labelled(quoted(node.text), node.key)
            case Parts():
                return labelled(_parts(node, scope), node.key)
            case Nested():
                lateral = self._lateral(node, scope)
                nested.append(lateral)
                return labelled(lateral.c.json, node.key)

    def _lateral(self, node: Nested, scope: Scope) -> FromClause:
        rows = self._rows(node.query, scope.name_of, scope.table.c[node.field])
        shaped = as_objects(rows.correlate(scope.table))
        return shaped.correlate(scope.table).lateral()


def _matching(statement: Select[Any], scope: Scope, query: Query | AggregateQuery) -> Select[Any]:
    for condition in (query.filter, query.search):
        if condition is not None:
            statement = statement.where(scope.condition(condition))
    return statement


def _ordered(statement: Select[Any], scope: Scope, query: Query) -> Select[Any]:
    return statement.order_by(*(scope.order(sort) for sort in query.sort))


def _paged(statement: Select[Any], scope: Scope, query: Query | AggregateQuery) -> Select[Any]:
    if query.limit is not None:
        statement = statement.limit(bindparam(scope.name_of(query.limit), type_=BigInteger()))
    if query.offset is not None:
        statement = statement.offset(bindparam(scope.name_of(query.offset), type_=BigInteger()))
    return statement


def _value(node: Leaf, scope: Scope, surface: Surface) -> ColumnElement[Any]:
    column = scope.column((node.field,))
    if node.function is not None:
        return date_part(column, node.function)
    return rendered(scope.field((node.field,)), column, surface)


def _parts(node: Parts, scope: Scope) -> ColumnElement[Any]:
    column = scope.column((node.field,))
    if len(node.functions) > _MOST_PARTS:
        raise InvalidQuery(f'"{node.key}" may have {_MOST_PARTS} members at most')
    pairs: list[Any] = []
    for key, function in node.functions:
        constant = function.startswith("=")
        value = quoted(function[1:]) if constant else date_part(column, function)
        pairs += [quoted(key), value]
    return func.json_build_object(*pairs)


def _names(query: Query | AggregateQuery) -> NameOf:
    """Names values by their place in the query, the same for every query of one shape."""
    places = {id(value): f"v{place}" for place, value in enumerate(values(query))}
    return lambda value: places[id(value)]


def _bound(compiled: Callable[[Any], _Text], query: Query | AggregateQuery) -> Statement:
    sql, constants = compiled(query)
    bound = {f"v{place}": value.value for place, value in enumerate(values(query))}
    return Statement(sql, {**constants, **bound})


def _text(statement: Select[Any]) -> _Text:
    """The text, and the constants that computed fields bring along."""
    compiled = statement.compile(dialect=DIALECT)
    constants = {name: value for name, value in compiled.params.items() if value is not None}
    return str(compiled), constants


@lru_cache(maxsize=1)
def builtin() -> Compiler:
    """The compiler of the built-in collections."""
    return Compiler(BUILTIN, METADATA)
