"""Upserts: what is there is updated, the rest created."""

from typing import Any

from app.items.hooks import Row
from app.items.policy.actions import require
from app.items.policy.singleton import key_of_singleton
from app.items.write.payloads import objects
from app.items.write.values import as_key
from app.items.write.writer import Writer
from schema import Collection


async def upsert(writer: Writer, collection: Collection, payloads: list[Any]) -> list[Any]:
    """Update the rows whose keys the payloads name, create the others; the keys.

    Of a singleton each updates the one item, once there is one (directus.md 1.3). Raises what the
    writes raise, and Forbidden.
    """
    rows = objects(payloads)
    if collection.singleton:
        return [await _save_singleton(writer, collection, row) for row in rows][-1:]
    primary = collection.primary_key
    given = [as_key(primary, row.get(primary.name)) for row in rows]
    there = await writer.existing(collection, [key for key in given if key is not None])
    pairs = list(zip(given, rows, strict=True))
    known = [(key, row) for key, row in pairs if key is not None and key in there]
    fresh = [row for key, row in pairs if key is None or key not in there]
    if known:
        require(writer.caller, "update", collection)
    if fresh:
        require(writer.caller, "create", collection)
    return await writer.update(collection.name, known) + await writer.create(collection.name, fresh)


async def _save_singleton(writer: Writer, collection: Collection, row: Row) -> Any:
    first = key_of_singleton(writer.compiler, writer.caller, collection)
    key = await writer.session.fetch_value(first.sql, first.values)
    if key is None:
        require(writer.caller, "create", collection)
        return next(iter(await writer.create(collection.name, [row])))
    require(writer.caller, "update", collection)
    return next(iter(await writer.update(collection.name, [(key, row)])), None)
