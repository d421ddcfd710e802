"""From a GraphQL selection to a query tree.

graphql-core's own `collect_subfields` applies @skip, @include, fragments and merging, so the tree
holds exactly the fields that execution would visit.
"""

from typing import Any

from graphql import GraphQLObjectType, get_named_type
from graphql.execution.collect_fields import FieldDetails, collect_subfields
from graphql.execution.executor import Executor
from graphql.execution.values import get_argument_values

from app.errors import InvalidQuery
from app.items.functions import FUNCTIONS
from app.items.items import Items
from app.items.query import (
    Aggregate,
    AggregateQuery,
    Condition,
    Constant,
    Group,
    Leaf,
    Nested,
    Node,
    Parts,
    Query,
    Value,
)
from app.items.search import search_condition
from app.items.selection import FieldReader, call_of
from schema import Schema

Details = list[FieldDetails]


class SelectionReader:
    """Reads the selections of one operation."""

    def __init__(self, executor: Executor[Any], items: Items, default_limit: int) -> None:
        self.executor = executor
        self.items = items
        self.schema: Schema = items.compiler.schema
        self.default_limit = default_limit
        self.fields = FieldReader(self.schema, items.depth, "graphql")

    def list_query(self, collection: str, arguments: dict[str, Any], details: Details) -> Query:
        """The query of `X(filter, sort, limit, offset, page, search) {...}`."""
        limit, offset = self._page(arguments)
        return Query(
            collection,
            self.selection(collection, details),
            filter=self._filter(collection, arguments),
            search=search_condition(self.schema, collection, arguments.get("search")),
            sort=self.fields.sort(collection, _terms(arguments)),
            limit=None if limit is None else Value(limit),
            offset=None if offset is None else Value(offset),
            surface="graphql",
        )

    def selection(self, collection: str, details: Details, depth: int = 0) -> tuple[Node, ...]:
        """The nodes selected below a field of the collection's type."""
        if depth > self.items.depth:
            raise InvalidQuery("Max relational depth exceeded")
        return tuple(
            self._node(collection, key, below, depth)
            for key, below in self._below(collection, details).items()
        )

    def _node(self, collection: str, key: str, details: Details, depth: int) -> Node:
        name = details[0].node.name.value
        if name == "__typename":
            return Constant(key, collection)
        fields = self.schema.fields(collection)
        field = fields.get(name)
        if field is None:
            return self._parts(collection, key, name.removesuffix("_func"), details)
        if field.relation is None or field.relation.scalar:
            return Leaf(key, name)
        target = field.relation.to
        arguments = self._arguments(collection, details)
        query = Query(
            target,
            self.selection(target, details, depth + 1),
            filter=self._filter(target, arguments),
            search=search_condition(self.schema, target, arguments.get("search")),
            surface="graphql",
        )
        return Nested(key, name, query)

    def _parts(self, collection: str, key: str, name: str, details: Details) -> Parts:
        type_name = self._type_of(f"{name}_func", collection)
        return Parts(key, name, self.members(type_name, details))

    def members(self, type_name: str, details: Details) -> tuple[tuple[str, str], ...]:
        """Key and name of each member selected; `__typename` as the constant it is."""
        chosen = [(k, d[0].node.name.value) for k, d in self._below(type_name, details).items()]
        return tuple((k, f"={type_name}" if n == "__typename" else n) for k, n in chosen)

    def aggregate_query(
        self, collection: str, arguments: dict[str, Any], details: Details
    ) -> AggregateQuery:
        """The query of `X_aggregated(groupBy, ...) {...}`."""
        limit, offset = self._page(arguments)
        aggregates: list[Aggregate] = []
        constants: list[Constant] = []
        group_key = None
        type_name = f"{collection}_aggregated"
        for key, below in self._below(type_name, details).items():
            name = below[0].node.name.value
            if name == "__typename":
                constants.append(Constant(key, type_name))
            elif name == "group":
                group_key = key
            else:
                aggregates.append(Aggregate(key, name, self._operands(type_name, name, below)))
        found = [self._group(collection, text) for text in arguments.get("groupBy") or () if text]
        groups = tuple({group.key: group for group in found}.values())
        return AggregateQuery(
            collection,
            tuple(aggregates),
            groups=groups,
            group_key=group_key,
            constants=tuple(constants),
            filter=self._filter(collection, arguments),
            search=search_condition(self.schema, collection, arguments.get("search")),
            sort=self.fields.aggregate_sort(collection, _terms(arguments), groups),
            limit=None if limit is None else Value(limit),
            offset=None if offset is None else Value(offset),
            surface="graphql",
        )

    def _operands(
        self, type_name: str, operation: str, details: Details
    ) -> tuple[tuple[str, str], ...]:
        if operation == "countAll":
            return ()
        return self.members(self._type_of(operation, type_name), details)

    def _group(self, collection: str, text: str) -> Group:
        function, name = call_of(text) if "(" in text else (None, text)
        self.fields.sort(collection, [name])  # refuses unknown fields
        field = self.schema.fields(collection).get(name)
        if field is None or (function and function not in FUNCTIONS.get(field.type, ())):
            raise InvalidQuery(f'Can\'t group by "{text}"')
        return Group(f"{name}_{function}" if function else name, name, function)

    def _below(self, type_name: str, details: Details) -> dict[str, Details]:
        graphql_type = self.executor.schema.type_map[type_name]
        if not isinstance(graphql_type, GraphQLObjectType):
            raise TypeError(f'Expected an object type, got "{type_name}".')
        collected = collect_subfields(
            self.executor.schema,
            self.executor.fragments,
            self.executor.variable_values,
            self.executor.operation,
            graphql_type,
            details,
        )
        return collected.grouped_field_set

    def _type_of(self, field: str, type_name: str) -> str:
        graphql_type = self.executor.schema.type_map[type_name]
        if not isinstance(graphql_type, GraphQLObjectType):
            raise TypeError(f'Expected an object type, got "{type_name}".')
        return str(get_named_type(graphql_type.fields[field].type).name)

    def _arguments(self, collection: str, details: Details) -> dict[str, Any]:
        node = details[0].node
        if not node.arguments:
            return {}
        graphql_type = self.executor.schema.type_map[collection]
        if not isinstance(graphql_type, GraphQLObjectType):
            raise TypeError(f'Expected an object type, got "{collection}".')
        return get_argument_values(
            graphql_type.fields[node.name.value], node, self.executor.variable_values
        )

    def _filter(self, collection: str, arguments: dict[str, Any]) -> Condition | None:
        return self.items.filters().read(collection, arguments.get("filter"))

    def _page(self, arguments: dict[str, Any]) -> tuple[int | None, int | None]:
        limit, offset, page = (arguments.get(name) for name in ("limit", "offset", "page"))
        for name, value, least in (("limit", limit, -1), ("offset", offset, 0), ("page", page, 0)):
            if value is not None and value < least:
                raise InvalidQuery(f'"{name}" must be greater than or equal to {least}')
        rows = self.default_limit if limit is None else limit
        if page and rows != -1:
            offset = rows * (page - 1)
        return (None if rows == -1 else rows), offset


def _terms(arguments: dict[str, Any]) -> list[str]:
    """The sort terms given, without the nulls that Directus's type admits."""
    return [term for term in arguments.get("sort") or () if term]
