"""From a GraphQL selection to a query tree.

graphql-core's own `collect_subfields` applies @skip, @include, fragments and merging, so the tree
holds exactly the fields that execution would visit.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from graphql import FieldNode, GraphQLObjectType, Location, get_named_type
from graphql.execution.collect_fields import FieldDetails, collect_subfields
from graphql.execution.executor import Executor
from graphql.execution.values import get_argument_values

from app.errors import Forbidden, InvalidQuery
from app.items.items import Items
from app.items.query.groups import aggregate_query, require_operand
from app.items.query.relations import step
from app.items.query.selection import Options
from app.items.query.tree import (
    Aggregate,
    AggregateQuery,
    All,
    Condition,
    Constant,
    Leaf,
    Nested,
    Node,
    Parts,
    Query,
)

Details = list[FieldDetails]


class SelectionReader:
    """Reads the selections of one operation, against what its caller may read."""

    def __init__(self, executor: Executor[Any], items: Items) -> None:
        self.executor = executor
        self.items = items
        self.reader = items.reader("graphql")
        self.schema = self.reader.schema

    def list_query(self, collection: str, arguments: dict[str, Any], details: Details) -> Query:
        """The query of `X(filter, sort, limit, offset, page, search) {...}`."""
        selection = self.selection(collection, details)
        return self.reader.listed(collection, selection, options(arguments))

    def own_query(self, collection: str, nodes: Sequence[FieldNode]) -> Query:
        """The query of all items under the selection of a root field without arguments."""
        details = [FieldDetails(node, None) for node in nodes]
        return replace(self.list_query(collection, {}, details), limit=None)

    def narrowed(self, query: Query, condition: Condition) -> Query:
        """The query of those items that fulfil a condition, too."""
        both = condition if query.filter is None else All((query.filter, condition))
        return replace(query, filter=both)

    def selection(
        self, collection: str, details: Details, path: tuple[str, ...] = ()
    ) -> tuple[Node, ...]:
        """The nodes selected below a field of the collection's type.

        Raises Forbidden for what the caller may not read.
        """
        if len(path) > self.items.limits.depth:
            raise InvalidQuery("Max relational depth exceeded")
        if not self.schema.fields(collection):
            raise Forbidden.collection(collection, path)
        below = self._below(collection, details)
        self.reader.size.add(len(below))  # a fragment is written once, and spread anywhere
        self._require(collection, below, path)
        return tuple(self._node(collection, key, part, path) for key, part in below.items())

    def _require(self, collection: str, below: dict[str, Details], path: tuple[str, ...]) -> None:
        readable = self.schema.fields(collection)
        names = (part[0].node.name.value for part in below.values())
        missing = [
            name
            for name in dict.fromkeys(names)
            if name != "__typename"
            and name not in readable
            and name.removesuffix("_func") not in readable
        ]
        if missing:
            raise Forbidden.fields(missing, collection, path)

    def _node(self, collection: str, key: str, details: Details, path: tuple[str, ...]) -> Node:
        name = details[0].node.name.value
        if name == "__typename":
            return Constant(key, collection)
        field = self.schema.fields(collection).get(name)
        if field is None:
            return self._parts(collection, key, name.removesuffix("_func"), details, path)
        leads = step(self.schema, collection, name)
        if leads is None or (field.relation is not None and field.relation.scalar):
            return Leaf(key, name)
        below = self.selection(leads.collection, details, (*path, key))
        given = options(self._arguments(collection, details))
        order = field.many.sort_field if field.many is not None else None
        nested = self.reader.listed(leads.collection, below, given, sort_by=order)
        if not leads.many:
            nested = replace(nested, limit=None, offset=None, sort=())
        return Nested(key, name, nested)

    def _parts(
        self, collection: str, key: str, name: str, details: Details, path: tuple[str, ...]
    ) -> Parts:
        many = self.schema.fields(collection)[name].many
        if many is not None and not self.schema.fields(many.collection):
            raise Forbidden.collection(many.collection, (*path, name))
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
                operands = self._operands(type_name, name, below)
                for _, operand in operands:
                    if not operand.startswith("="):
                        require_operand(self.reader, collection, name, operand)
                aggregates.append(Aggregate(key, name, operands))
        groups = [text for text in arguments.get("groupBy") or () if text]
        query = aggregate_query(self.reader, collection, {}, groups, options(arguments))
        return replace(
            query,
            aggregates=tuple(aggregates),
            group_key=group_key,
            constants=tuple(constants),
        )

    def _operands(
        self, type_name: str, operation: str, details: Details
    ) -> tuple[tuple[str, str], ...]:
        if operation == "countAll":
            return ()
        return self.members(self._type_of(operation, type_name), details)

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


def text_of(nodes: Sequence[FieldNode]) -> str | None:
    """A field as it stands in its document, with arguments and selection.

    None when that does not say all: variables, fragments, a field in several parts.
    """
    return _fixed(nodes[0].loc) if len(nodes) == 1 else None


def selection_text_of(nodes: Sequence[FieldNode]) -> str | None:
    """As `text_of`, of the selection of a field alone."""
    selected = nodes[0].selection_set
    return _fixed(selected.loc) if len(nodes) == 1 and selected is not None else None


def _fixed(place: Location | None) -> str | None:
    if place is None:
        return None
    text = place.source.body[place.start : place.end]
    return None if "$" in text or "..." in text else text


def options(arguments: dict[str, Any]) -> Options:
    """What the arguments of a list say. Directus's type admits nulls in `sort`."""
    for name, least in (("limit", -1), ("offset", 0), ("page", 0)):
        value = arguments.get(name)
        if value is not None and value < least:
            raise InvalidQuery(f'"{name}" must be greater than or equal to {least}')
    return Options(
        filter=arguments.get("filter"),
        search=arguments.get("search"),
        sort=tuple(term for term in arguments.get("sort") or () if term),
        limit=arguments.get("limit"),
        offset=arguments.get("offset"),
        page=arguments.get("page"),
    )
