"""Levels of a statement: each shapes its rows, relations in it come from LATERAL sub-selects.

Reference: graphql_sql.md section 1.
"""

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Select,
    Text,
    bindparam,
    cast,
    func,
    literal_column,
    select,
    true,
)
from sqlalchemy.sql.selectable import FromClause

from app.errors import InvalidQuery, shown
from app.items.compile.render import as_list, as_objects, as_values, labelled, quoted, rendered
from app.items.compile.scope import Build, Scope
from app.items.query.tree import (
    AggregateQuery,
    All,
    Compare,
    Condition,
    Constant,
    Leaf,
    Nested,
    Node,
    Parts,
    Query,
    ReadRule,
    Sort,
    Surface,
)

_MOST_PARTS = 50
"""PostgreSQL's functions take 100 arguments, json_build_object two for each member."""

_FEW_LISTS = 4
"""Lists of a row, each of which may have as many bytes as an answer; of more, each has a part."""


def level_rule(query: Query | AggregateQuery, build: Build) -> ReadRule | None:
    """The rule of one level: as its collection's, with the rows the level itself may show."""
    rule = build.rules.get(query.collection)
    return None if rule is None else replace(rule, rows=query.rows)


@dataclass(frozen=True, slots=True)
class _Parent:
    """What the rows of a level are joined by: the column, and its value, of another table."""

    column: str
    value: ColumnElement[Any]
    table: FromClause


_PAGE, _OF_PAGE = "page.", "of page."
"""Aliases: of the keys of a page, and of its rows. No key has a full stop."""
_NONE: ColumnElement[int] = literal_column("0")


@dataclass(frozen=True, slots=True)
class Level:
    """Compiles the levels of one statement, each into its shaped rows."""

    build: Build

    def rows(self, query: Query, parent: _Parent | None = None) -> Select[Any]:
        """The shaped rows of one level. `parent`: the column that joins it, and its value."""
        if not self._makes_what_is_cut(query, parent):
            scope = Scope(self.build, query.collection, level_rule(query, self.build))
            return self._shaped(query, scope, parent)
        if self._is_in_order_of_keys(query):
            return self._page_of_rows(query, parent)
        return self._page_of_keys(query, parent)

    def _makes_what_is_cut(self, query: Query, parent: _Parent | None) -> bool:
        """Whether PostgreSQL would make rows that are not on the page, and that costs something."""
        if query.limit is None and query.offset is None:
            return False
        key = self.build.schema[query.collection].primary_key.name
        chosen = (query.filter, query.search, query.rows, query.offset, parent)
        as_stored = query.sort in {(), (Sort((key,)),)}
        if as_stored and all(part is None for part in chosen):
            return False
        if _names_one_row(query.filter, key) or _names_one_row(query.rows, key):
            return False
        scope = Scope(self.build, query.collection)
        return not all(_is_column(node, scope, query.surface) for node in query.selection)

    def _is_in_order_of_keys(self, query: Query) -> bool:
        """Whether nothing comes before the page, and finding it sorts few rows, if any.

        Any other order sorts all that are asked for: keys then, which are short.
        """
        rule = level_rule(query, self.build)
        key = self.build.schema[query.collection].primary_key.name
        is_unmasked = rule is None or not rule.masks
        return query.offset is None and is_unmasked and query.sort in {(), (Sort((key,)),)}

    def _page_of_rows(self, query: Query, parent: _Parent | None) -> Select[Any]:
        """What is on the page is found, as it is stored, before more is made of it.

        Relations are joined to the page as a whole, so it is put in its order once more.
        """
        scope = Scope(self.build, query.collection, level_rule(query, self.build))
        names = self.build.tables.tables[query.collection].c.keys()
        page = self._page(select(*(scope.table.c[name] for name in names)), scope, query, parent)
        whole = Scope(self.build, query.collection, table=page)
        return self._shaped(replace(_of_one_row(query), sort=query.sort), whole, None)

    def _page_of_keys(self, query: Query, parent: _Parent | None) -> Select[Any]:
        """What is on the page is found before anything of a row is looked at but its key.

        So what comes before the page costs no more than its keys. The rows are made one after
        another (OFFSET 0), whatever PostgreSQL thinks how many they are, and stay in order.
        """
        scope = Scope(self.build, query.collection, level_rule(query, self.build))
        key = scope.table.c[self.build.schema[query.collection].primary_key.name]
        page = self._page(select(key.label("key")), scope, query, parent)
        whole = _of_one_row(query)
        masked = Scope(self.build, query.collection, level_rule(whole, self.build))
        made = self._shaped(whole, masked, _Parent(key.name, page.c.key, page))
        row = made.correlate(page).offset(_NONE).lateral(_OF_PAGE)
        return select(*row.c).select_from(page.join(row, true()))

    def _page(
        self, found: Select[Any], scope: Scope, query: Query, parent: _Parent | None
    ) -> FromClause:
        found = ordered(matching(found, scope, query), scope, query)
        found = _of_parent(found.select_from(scope.source), scope, parent)
        return paged(found, scope, query).subquery(_PAGE)

    def _shaped(self, query: Query, scope: Scope, parent: _Parent | None) -> Select[Any]:
        """The rows of a scope, each with what is selected of it."""
        nested: list[FromClause] = []
        most = self._most_of_each(query, scope)
        columns = [self._column(node, query, scope, nested, most) for node in query.selection]
        statement = ordered(matching(select(*columns), scope, query), scope, query)
        source = scope.source
        for lateral in nested:
            source = source.outerjoin(lateral, true())
        statement = _of_parent(statement.select_from(source), scope, parent)
        return paged(statement, scope, query)

    def _most_of_each(self, query: Query, scope: Scope) -> int:
        """The bytes that each list of a row may have: all lists of a row are there at once."""
        nested = (node for node in query.selection if isinstance(node, Nested))
        lists = sum(scope.step(node.field).many for node in nested)
        return self.build.most * _FEW_LISTS // max(lists, _FEW_LISTS)

    def _column(
        self, node: Node, query: Query, scope: Scope, nested: list[FromClause], most: int
    ) -> ColumnElement[Any]:
        match node:
            case Leaf():
                return labelled(_value(node, scope, query.surface), node.key)
            case Constant():
                return labelled(quoted(node.text), node.key)
            case Parts():
                return labelled(_parts(node, scope), node.key)
            case Nested():
                lateral = self._lateral(node, scope, most)
                nested.append(lateral)
                shown = self.build.shown(scope.table, node.field, lateral.c.json)
                return labelled(shown, node.key)

    def _lateral(self, node: Nested, scope: Scope, most: int) -> FromClause:
        """The rows a relation leads to: an object, a list of objects, or a list of keys.

        `most`: the bytes that a list may have.
        """
        leads = scope.step(node.field)
        parent = _Parent(leads.key, scope.link((node.field,)), scope.table)
        rows = self.rows(node.query, parent)
        if not leads.many:
            return as_objects(rows, keys_of(node.query)).correlate(scope.table).lateral()
        shaped = as_values(rows, most) if node.bare else as_list(rows, keys_of(node.query), most)
        return shaped.correlate(scope.table).lateral()


def _of_parent(statement: Select[Any], scope: Scope, parent: _Parent | None) -> Select[Any]:
    if parent is None:
        return statement
    joined = statement.where(scope.table.c[parent.column] == parent.value)
    return joined.correlate(parent.table)


def _of_one_row(query: Query) -> Query:
    """The same of a row that is known to be asked for, and let through."""
    return replace(query, filter=None, search=None, rows=None, sort=(), limit=None, offset=None)


def keys_of(query: Query) -> list[str]:
    """The caller's keys of one level, in the order of its columns."""
    return [node.key for node in query.selection]


def matching(statement: Select[Any], scope: Scope, query: Query | AggregateQuery) -> Select[Any]:
    for condition in (query.filter, query.search):
        if condition is not None:
            statement = statement.where(scope.condition(condition))
    return statement


def ordered(statement: Select[Any], scope: Scope, query: Query) -> Select[Any]:
    return statement.order_by(*(scope.order(sort) for sort in query.sort), *scope.ties(query.sort))


def paged(statement: Select[Any], scope: Scope, query: Query | AggregateQuery) -> Select[Any]:
    name_of = scope.build.name_of
    if query.limit is not None:
        statement = statement.limit(bindparam(name_of(query.limit), type_=BigInteger()))
    if query.offset is not None:
        statement = statement.offset(bindparam(name_of(query.offset), type_=BigInteger()))
    return statement


def _value(node: Leaf, scope: Scope, surface: Surface) -> ColumnElement[Any]:
    if node.function is None:
        return rendered(scope.field((node.field,)), scope.column((node.field,)), surface)
    value = scope.value((node.field,), node.function, node.argument)
    is_count = node.function == "count"
    return cast(value, Text) if is_count and surface == "rest" else value


def _is_column(node: Node, scope: Scope, surface: Surface) -> bool:
    """Whether a node is shown as it is stored, which costs nothing."""
    return (
        isinstance(node, Leaf)
        and node.function is None
        and isinstance(_value(node, scope, surface), Column)
    )


def _names_one_row(condition: Condition | None, key: str) -> bool:
    """Whether it holds for one row at most, whatever else it asks: that of one key."""
    if isinstance(condition, All):
        return any(_names_one_row(part, key) for part in condition.conditions)
    if not isinstance(condition, Compare):
        return False
    is_key = condition.path == (key,) and condition.function is None
    return is_key and condition.operator == "_eq"


def _parts(node: Parts, scope: Scope) -> ColumnElement[Any]:
    if len(node.functions) > _MOST_PARTS:
        raise InvalidQuery(f'"{shown(node.key)}" may have {_MOST_PARTS} members at most')
    pairs: list[Any] = []
    for key, function in node.functions:
        pairs += [quoted(key), _part(node.field, function, scope)]
    return func.json_build_object(*pairs)


def _part(field: str, function: str, scope: Scope) -> ColumnElement[Any]:
    return quoted(function[1:]) if function.startswith("=") else scope.value((field,), function)
