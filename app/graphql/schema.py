"""The Strawberry schema of all collections: built once, serving every caller (DESIGN.md 3)."""

from typing import Any, Literal

import strawberry
from graphql import GraphQLSchema
from strawberry.schema.config import StrawberryConfig

from app.graphql import resolvers, system
from app.graphql.declare import forward, many, member, optional, output, with_arguments
from app.graphql.inputs import Inputs
from app.graphql.outputs import Outputs
from app.graphql.resolvers import Resolver
from app.graphql.roots import Root
from app.graphql.scalars import SCALARS
from app.graphql.sdl import Sdl
from app.settings import Settings
from schema import Collection, Schema

Scope = Literal["items", "system"]
"""`items`: the collections; `system`: users, roles and the like, at /graphql/system (4.8)."""


def build_schema(
    definitions: Schema,
    scope: Scope = "items",
    settings: Settings | None = None,
    sdl: Sdl | None = None,
) -> strawberry.Schema:
    """The GraphQL schema of the definitions, with Directus's names (directus.md 4.4, 4.5, 4.8).

    `settings` and `sdl` are what the system schema tells of the installation.
    """
    inputs = Inputs(definitions)
    outputs = Outputs(definitions, inputs)
    queries: dict[str, Root] = {}
    mutations: dict[str, Root] = {}
    is_system = scope == "system"
    for collection in definitions.exposed():
        if collection.system == is_system:
            queries |= _queries(collection, outputs)
            mutations |= _mutations(collection, inputs, outputs)
    if is_system:
        queries |= system.queries(outputs, settings or Settings(), sdl or Sdl())
        mutations |= system.mutations(inputs, outputs)
    schema = strawberry.Schema(
        query=_root("Query", queries),
        mutation=_root("Mutation", mutations),
        config=StrawberryConfig(
            auto_camel_case=False, default_resolver=member, scalar_map=SCALARS | inputs.scalars
        ),
    )
    reads = {name: resolvers.in_turn(resolver) for name, (*_, resolver) in queries.items()}
    _attach(schema, "Query", reads)
    # A document's mutations run one after another as it is.
    _attach(schema, "Mutation", {name: resolver for name, (*_, resolver) in mutations.items()})
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


def _attach(schema: strawberry.Schema, root: str, fields: dict[str, Resolver]) -> None:
    """Give the root fields their resolvers, on graphql-core's level."""
    graphql_type: Any = core_schema(schema).type_map[root]
    for name, resolver in fields.items():
        graphql_type.fields[name].resolve = resolver


def _queries(collection: Collection, outputs: Outputs) -> dict[str, Root]:
    name = collection.name
    root = name.removeprefix("directus_")
    item, groups = outputs.types[name], outputs.types[f"{name}_aggregated"]
    if collection.singleton:
        return {root: (optional(item), {}, resolvers.read_singleton(name))}
    arguments = outputs.list_arguments(name)
    by_id = {"id": strawberry.ID, "version": optional(str)}
    group_by = {"groupBy": optional(many(str, of_nulls=True))}
    return {
        root: (many(item), arguments, resolvers.read_many(name)),
        f"{root}_by_id": (optional(item), by_id, resolvers.read_one(name)),
        f"{root}_aggregated": (many(groups), group_by | arguments, resolvers.aggregate(name)),
    }


def _mutations(collection: Collection, inputs: Inputs, outputs: Outputs) -> dict[str, Root]:
    if collection.readonly:
        return {}
    name = collection.name
    root = name.removeprefix("directus_")
    item = outputs.types[name]
    created, updated = inputs.types[f"create_{name}_input"], inputs.types[f"update_{name}_input"]
    if collection.singleton:
        kind, data = optional(item), {"data": updated}
        return {f"update_{root}": (kind, data, resolvers.update_singleton(name))}
    shaping = outputs.list_arguments(name)
    ids = {"ids": many(strawberry.ID, of_nulls=True)}
    one = {"id": strawberry.ID}
    deleted, deleted_many = outputs.types["delete_one"], outputs.types["delete_many"]
    several = shaping | {"data": optional(many(created))}
    batch = shaping | {"data": optional(many(updated))}
    return {
        f"create_{root}_items": (many(item), several, resolvers.create_many(name)),
        f"create_{root}_item": (optional(item), {"data": created}, resolvers.create_one(name)),
        f"update_{root}_items": (
            many(item),
            shaping | ids | {"data": updated},
            resolvers.update_many(name),
        ),
        f"update_{root}_batch": (many(item), batch, resolvers.update_batch(name)),
        f"update_{root}_item": (
            optional(item),
            one | {"data": updated},
            resolvers.update_one(name),
        ),
        f"delete_{root}_items": (optional(deleted_many), ids, resolvers.delete_many(name)),
        f"delete_{root}_item": (optional(deleted), one, resolvers.delete_one(name)),
    }
