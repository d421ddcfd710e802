"""The resolvers of root fields: one generic function per kind of root, for every collection.

They work on graphql-core's level (plain dictionaries as arguments), so inputs of thousands of rows
are not turned into objects and back.
"""

from asyncio import Semaphore
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import Any

import orjson
from graphql import GraphQLResolveInfo
from graphql.execution.collect_fields import FieldDetails

from app.errors import Forbidden, InvalidPayload
from app.graphql.execution import Compiled, Context
from app.graphql.reading import SelectionReader, selection_text_of, text_of
from app.items.cache.prepared import Asked, PreparedRead
from app.items.items import Items
from app.items.query.queued_reading import read_in_turn
from app.items.query.tree import Query, Value

Info = GraphQLResolveInfo[Context]
Resolver = Callable[..., Awaitable[Any]]


def _reader(info: Info) -> tuple[SelectionReader, list[FieldDetails]]:
    context = info.context
    reader = SelectionReader(context.executor, context.items)
    return reader, [FieldDetails(node, None) for node in info.field_nodes]


def _items(info: Info, collection: str, action: Any) -> Items:
    """The caller's door, if the caller may do that at all."""
    context = info.context
    context.items.allow(action, collection)
    return context.items


def in_turn(resolver: Resolver) -> Resolver:
    """The resolver, a few at a time of each document.

    What it reads and compiles before its statement runs takes the time of all: hundreds of roots of
    one document stand in line, so that what others ask comes in between.
    """

    async def later(roots: Semaphore, root: Any, info: Info, **arguments: Any) -> Any:
        async with roots:
            await info.context.request.state.body.begin()
            return await resolver(root, info, **arguments)

    def resolve(root: Any, info: Info, **arguments: Any) -> Awaitable[Any]:
        roots = info.context.roots
        if roots is None:
            return resolver(root, info, **arguments)
        return later(roots, root, info, **arguments)

    return resolve


def read_many(collection: str) -> Resolver:
    async def resolve(_root: Any, info: Info, **arguments: Any) -> Compiled:
        items = _items(info, collection, "read")

        def query() -> Query:
            reader, details = _reader(info)
            return reader.list_query(collection, arguments, details)

        asked = _asked(collection, text_of(info.field_nodes))
        reading = None if asked is None else items.known_reading(asked)
        if reading is None:
            read = partial(items.reading, asked, query)
            reading = await read_in_turn(items.caller, arguments, read)
        return Compiled(await items.run(reading))

    return resolve


async def read_one_of(info: Info, collection: str, key: Any) -> Compiled:
    """One item by key, as it is selected. Raises Forbidden for one that is not there."""
    items = _items(info, collection, "read")

    def query() -> Query:
        reader, details = _reader(info)
        selection = reader.selection(collection, details)
        return Query(collection, selection, limit=Value(1), surface="graphql")

    asked = _asked(collection, selection_text_of(info.field_nodes))
    found = await items.find(items.reading_by_key(asked, query), key)
    if found is None:
        raise Forbidden
    return Compiled(found)


def _asked(collection: str, said: str | None) -> Asked | None:
    return None if said is None else Asked("graphql", collection, said)


def read_one(collection: str) -> Resolver:
    async def resolve(_root: Any, info: Info, **arguments: Any) -> Compiled:
        return await read_one_of(info, collection, arguments["id"])

    return resolve


def read_singleton(collection: str) -> Resolver:
    async def resolve(_root: Any, info: Info, **_arguments: Any) -> Compiled:
        items = _items(info, collection, "read")
        reader, details = _reader(info)
        return Compiled(await items.singleton(reader.list_query(collection, {}, details)))

    return resolve


def update_singleton(collection: str) -> Resolver:
    async def resolve(_root: Any, info: Info, **arguments: Any) -> Compiled | None:
        items = _items(info, collection, "update")
        back = _back(info, collection, {})
        return _single(info, await items.update_singleton(collection, arguments["data"], back))

    return resolve


def aggregate(collection: str) -> Resolver:
    async def resolve(_root: Any, info: Info, **arguments: Any) -> Compiled:
        items = _items(info, collection, "read")
        reader, details = _reader(info)
        read = partial(reader.aggregate_query, collection, arguments, details)
        return Compiled(await items.aggregate(await read_in_turn(items.caller, arguments, read)))

    return resolve


def finished(info: Info, type_name: str, value: dict[str, Any]) -> Compiled:
    """An object that is no item, under the keys the caller chose."""
    reader, details = _reader(info)
    chosen = reader.members(type_name, details)
    shown = {k: f[1:] if f.startswith("=") else value.get(f) for k, f in chosen}
    return Compiled(orjson.dumps(shown))


def _back(info: Info, collection: str, arguments: dict[str, Any]) -> PreparedRead | None:
    """What a write answers: the caller's selection of all that was written, if it may read it."""
    items = info.context.items
    if not items.may_read(collection):
        return None
    shaping = {name: value for name, value in arguments.items() if name not in {"data", "ids"}}

    def query() -> Query:
        reader, details = _reader(info)
        listed = reader.list_query(collection, {"limit": -1, **shaping}, details)
        return listed if shaping.get("limit") is not None else replace(listed, limit=None)

    said = None if shaping else selection_text_of(info.field_nodes)
    return items.reading_by_keys(_asked(collection, said), query)


def _many(array: bytes | None) -> Compiled:
    """What was written; nothing of it for who may not read it: the write stands."""
    return Compiled(b"[]" if array is None else array)


def _single(info: Info, array: bytes | None) -> Compiled | None:
    """The one object of a JSON array; None of what the caller may not read: the write stands.

    An admin sees all there is. Raises Forbidden where nothing is.
    """
    inner = b"" if array is None else array.strip()[1:-1].strip()
    if inner:
        return Compiled(inner)
    if info.context.items.caller.is_admin:
        raise Forbidden
    return None


def create_many(collection: str) -> Resolver:
    async def resolve(_root: Any, info: Info, **arguments: Any) -> Compiled:
        items = _items(info, collection, "create")
        payloads = arguments.get("data") or []
        return _many(await items.create(collection, payloads, _back(info, collection, arguments)))

    return resolve


def create_one(collection: str) -> Resolver:
    async def resolve(_root: Any, info: Info, **arguments: Any) -> Compiled | None:
        items = _items(info, collection, "create")
        back = _back(info, collection, {})
        return _single(info, await items.create(collection, [arguments["data"]], back))

    return resolve


def update_many(collection: str) -> Resolver:
    async def resolve(_root: Any, info: Info, **arguments: Any) -> Compiled:
        items = _items(info, collection, "update")
        patches = [(key, arguments["data"]) for key in arguments["ids"]]
        return _many(await items.update(collection, patches, _back(info, collection, arguments)))

    return resolve


def update_batch(collection: str) -> Resolver:
    async def resolve(_root: Any, info: Info, **arguments: Any) -> Compiled:
        items = _items(info, collection, "update")
        key = items.compiler.schema[collection].primary_key.name
        rows = arguments.get("data") or []
        if any(row.get(key) is None for row in rows):
            raise InvalidPayload("Item in update misses primary key")
        back = _back(info, collection, arguments)
        return _many(await items.update(collection, [(row[key], row) for row in rows], back))

    return resolve


async def update_one_of(
    info: Info, collection: str, key: Any, patch: dict[str, Any]
) -> Compiled | None:
    """One item patched, as it is selected."""
    items = _items(info, collection, "update")
    back = _back(info, collection, {})
    return _single(info, await items.update(collection, [(key, patch)], back))


def update_one(collection: str) -> Resolver:
    async def resolve(_root: Any, info: Info, **arguments: Any) -> Compiled | None:
        return await update_one_of(info, collection, arguments["id"], arguments["data"])

    return resolve


def delete_many(collection: str) -> Resolver:
    async def resolve(_root: Any, info: Info, **arguments: Any) -> Compiled:
        await _items(info, collection, "delete").delete(collection, arguments["ids"])
        return _deleted(info, "delete_many", "ids", arguments["ids"])

    return resolve


def delete_one(collection: str) -> Resolver:
    async def resolve(_root: Any, info: Info, **arguments: Any) -> Compiled:
        found = await _items(info, collection, "delete").delete(collection, [arguments["id"]])
        if not found:
            raise Forbidden
        return _deleted(info, "delete_one", "id", arguments["id"])

    return resolve


def _deleted(info: Info, type_name: str, name: str, value: Any) -> Compiled:
    """What was deleted, under the keys the caller chose."""
    return finished(info, type_name, {name: value})
