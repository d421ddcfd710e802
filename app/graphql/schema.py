"""The Strawberry schema of all collections: built once, serving every caller (DESIGN.md 3)."""

import logging
from collections.abc import Callable
from typing import Any

import strawberry
from graphql import GraphQLError
from strawberry.extensions import MaxTokensLimiter, ParserCache, ValidationCache
from strawberry.schema.config import StrawberryConfig

from app.errors import AppError, ErrorList
from app.graphql import resolvers
from app.graphql.declare import forward, many, optional, output, with_arguments
from app.graphql.execution import CompiledExecutor
from app.graphql.inputs import Inputs
from app.graphql.outputs import Outputs
from app.graphql.resolvers import Resolver
from app.graphql.scalars import SCALARS
from app.settings import Settings
from schema import Collection, Schema

logger = logging.getLogger(__name__)

Root = tuple[Any, dict[str, Any], Resolver]
"""A root field: its type, its arguments, what answers it."""


class QuietSchema(strawberry.Schema):
    """Logs what nobody foresaw; a refusal is the caller's business, not the log's."""

    def process_errors(
        self,
        errors: list[GraphQLError],
        execution_context: Any = None,  # noqa: ARG002 - Strawberry's signature
    ) -> None:
        for error in errors:
            original = error.original_error
            if original is not None and not isinstance(original, AppError | ErrorList):
                logger.error("graphql field failed", exc_info=original)


def build_schema(definitions: Schema, settings: Settings) -> strawberry.Schema:
    """The GraphQL schema of the definitions, with Directus's names (directus.md 4.4, 4.5)."""
    inputs = Inputs(definitions)
    outputs = Outputs(definitions, inputs)
    queries: dict[str, Root] = {}
    mutations: dict[str, Root] = {}
    for collection in definitions.served():
        queries |= _queries(collection, outputs)
        mutations |= _mutations(collection, inputs, outputs)
    schema = QuietSchema(
        query=_root("Query", queries),
        mutation=_root("Mutation", mutations),
        execution_context_class=CompiledExecutor,
        config=StrawberryConfig(auto_camel_case=False, scalar_map=SCALARS | inputs.scalars),
        extensions=[
            lambda: MaxTokensLimiter(max_token_count=settings.graphql_token_limit),
            ParserCache,
            ValidationCache,
        ],
    )
    _attach(schema, "Query", queries)
    _attach(schema, "Mutation", mutations)
    return schema


def _root(name: str, fields: dict[str, Root]) -> type:
    return output(
        forward(name),
        {key: with_arguments(kind, arguments) for key, (kind, arguments, _) in fields.items()},
    )


def _attach(schema: strawberry.Schema, root: str, fields: dict[str, Root]) -> None:
    """Give the root fields their resolvers, on graphql-core's level."""
    graphql_type: Any = schema._schema.type_map[root]  # noqa: SLF001 - Strawberry shows no other way
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
