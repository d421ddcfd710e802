"""The Strawberry schema of all collections: built once, serving every caller (DESIGN.md 3)."""

from collections.abc import Callable
from typing import Any

import strawberry
from graphql import GraphQLSchema
from strawberry.schema.config import StrawberryConfig

from app.graphql import resolvers
from app.graphql.declare import forward, many, optional, output, with_arguments
from app.graphql.inputs import Inputs
from app.graphql.outputs import Outputs
from app.graphql.resolvers import Resolver
from app.graphql.scalars import SCALARS
from schema import Collection, Schema

Root = tuple[Any, dict[str, Any], Resolver]
"""A root field: its type, its arguments, what answers it."""


def build_schema(definitions: Schema) -> strawberry.Schema:
    """The GraphQL schema of the definitions, with Directus's names (directus.md 4.4, 4.5)."""
    inputs = Inputs(definitions)
    outputs = Outputs(definitions, inputs)
    queries: dict[str, Root] = {}
    mutations: dict[str, Root] = {}
    for collection in definitions.served():
        queries |= _queries(collection, outputs)
        mutations |= _mutations(collection, inputs, outputs)
    schema = strawberry.Schema(
        query=_root("Query", queries),
        mutation=_root("Mutation", mutations),
        config=StrawberryConfig(auto_camel_case=False, scalar_map=SCALARS | inputs.scalars),
    )
    _attach(schema, "Query", queries)
    _attach(schema, "Mutation", mutations)
    return schema


def _root(name: str, fields: dict[str, Root]) -> type:
    return output(
        forward(name),
        {key: with_arguments(kind, arguments) for key, (kind, arguments, _) in fields.items()},
    )


def core_schema(schema: strawberry.Schema) -> GraphQLSchema:
    """The graphql-core schema inside a Strawberry schema."""
    core = schema._schema  # noqa: SLF001 - Strawberry shows no other way
    if not isinstance(core, GraphQLSchema):
        raise TypeError(f"Expected a graphql-core schema, got {type(core)}.")
    return core


def _attach(schema: strawberry.Schema, root: str, fields: dict[str, Root]) -> None:
    """Give the root fields their resolvers, on graphql-core's level."""
    graphql_type: Any = core_schema(schema).type_map[root]
    for name, (_, _, resolver) in fields.items():
        graphql_type.fields[name].resolve = resolver


def _queries(collection: Collection, outputs: Outputs) -> dict[str, Root]:
    name = collection.name
    item, groups = outputs.types[name], outputs.types[f"{name}_aggregated"]
    arguments = outputs.list_arguments(name)
    by_id = {"id": strawberry.ID, "version": optional(str)}
    group_by = {"groupBy": optional(many(str, of_nulls=True))}
    return {
        name: (many(item), arguments, resolvers.read_many(name)),
        f"{name}_by_id": (optional(item), by_id, resolvers.read_one(name)),
        f"{name}_aggregated": (many(groups), group_by | arguments, resolvers.aggregate(name)),
    }


def _mutations(collection: Collection, inputs: Inputs, outputs: Outputs) -> dict[str, Root]:
    name = collection.name
    item = outputs.types[name]
    created, updated = inputs.types[f"create_{name}_input"], inputs.types[f"update_{name}_input"]
    shaping = outputs.list_arguments(name)
    ids = {"ids": many(strawberry.ID, of_nulls=True)}
    one = {"id": strawberry.ID}
    deleted, deleted_many = outputs.types["delete_one"], outputs.types["delete_many"]

    def fields(
        *roots: tuple[str, Any, dict[str, Any], Callable[[str], Resolver]],
    ) -> dict[str, Root]:
        return {field: (kind, args, resolver(name)) for field, kind, args, resolver in roots}

    return fields(
        (
            f"create_{name}_items",
            many(item),
            shaping | {"data": optional(many(created))},
            resolvers.create_many,
        ),
        (f"create_{name}_item", optional(item), {"data": created}, resolvers.create_one),
        (
            f"update_{name}_items",
            many(item),
            shaping | ids | {"data": updated},
            resolvers.update_many,
        ),
        (
            f"update_{name}_batch",
            many(item),
            shaping | {"data": optional(many(updated))},
            resolvers.update_batch,
        ),
        (f"update_{name}_item", optional(item), one | {"data": updated}, resolvers.update_one),
        (f"delete_{name}_items", optional(deleted_many), ids, resolvers.delete_many),
        (f"delete_{name}_item", optional(deleted), one, resolvers.delete_one),
    )
