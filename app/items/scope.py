"""One level of a statement: a collection's table, the relations joined to it, its conditions."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    MetaData,
    and_,
    bindparam,
    false,
    or_,
    true,
    type_coerce,
    types,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import TypeEngine

from app.database.tables import column_type
from app.items.functions import date_part
from app.items.operators import predicate
from app.items.query import All, AnyOf, Compare, Condition, Sort, Value
from app.items.rules import expression_of
from schema import Field, Schema

NameOf = Callable[[Value], str]
"""The name a value is bound under."""


class Scope:
    """Columns and conditions of one collection, joining what paths through relations need."""

    def __init__(self, schema: Schema, tables: MetaData, collection: str, name_of: NameOf) -> None:
        self.schema = schema
        self.tables = tables
        self.collection = collection
        self.name_of = name_of
        self.table = tables.tables[collection].alias()
        self.source: FromClause = self.table
        self._joined: dict[tuple[str, ...], FromClause] = {(): self.table}

    def field(self, path: tuple[str, ...]) -> Field:
        """The field at the end of a path that is known to be right."""
        return self.schema.fields(self._collection_at(path[:-1]))[path[-1]]

    def column(self, path: tuple[str, ...]) -> ColumnElement[Any]:
        """The column at the end of a path, joining the tables on the way once."""
        collection, table = self._collection_at(path[:-1]), self._table_at(path[:-1])
        expression = expression_of(collection, path[-1])
        if expression is None:
            return table.c[path[-1]]
        return type_coerce(expression(table), column_type(self.field(path)))

    def _collection_at(self, path: tuple[str, ...]) -> str:
        collection = self.collection
        for name in path:
            relation = self.schema.fields(collection)[name].relation
            if relation is None:
                raise LookupError(f'"{collection}.{name}" is no relation.')
            collection = relation.to
        return collection

    def _table_at(self, path: tuple[str, ...]) -> FromClause:
        if path not in self._joined:
            holder = self._table_at(path[:-1])
            target = self._collection_at(path)
            table = self.tables.tables[target].alias()
            key = table.c[self.schema[target].primary_key.name]
            self.source = self.source.outerjoin(table, key == holder.c[path[-1]])
            self._joined[path] = table
        return self._joined[path]

    def condition(self, condition: Condition) -> ColumnElement[bool]:
        """The SQL of a condition tree."""
        if isinstance(condition, Compare):
            return self._comparison(condition)
        parts = [self.condition(part) for part in condition.conditions]
        if isinstance(condition, All):
            return and_(true(), *parts)
        if isinstance(condition, AnyOf):
            return or_(false(), *parts)
        raise TypeError(f"Expected a condition, got {condition!r}.")

    def _comparison(self, compare: Compare) -> ColumnElement[bool]:
        column = self.column(compare.path)
        if compare.function is not None:
            column = date_part(column, compare.function)

        def bind(kind: TypeEngine[Any]) -> ColumnElement[Any]:
            return bindparam(self.name_of(compare.value), type_=_roomy(kind))

        return predicate(compare.operator, column, bind)

    def order(self, sort: Sort) -> ColumnElement[Any]:
        """One ORDER BY term. Where NULLs go is PostgreSQL's choice."""
        column = self.column(sort.path)
        if sort.function is not None:
            column = date_part(column, sort.function)
        return column.desc() if sort.descending else column.asc()


def _roomy(kind: TypeEngine[Any]) -> TypeEngine[Any]:
    """The type a value is bound as: wide enough that any legal value of the filter fits."""
    if isinstance(kind, ARRAY):
        return ARRAY(_roomy(kind.item_type))
    if isinstance(kind, types.Integer):
        return types.BigInteger()
    if isinstance(kind, types.String):
        return types.Text()
    if isinstance(kind, types.Numeric):
        return types.Numeric()
    return kind
