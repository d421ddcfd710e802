"""Related items inside payloads are saved, in whole sets (directus.md 1.8).

A many-to-one is saved before its row, which needs the key; a to-many after it.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from app.access.caller import Caller
from app.access.permissions import Action
from app.database.session import WriteSession
from app.errors import Forbidden
from app.items.hooks import Row
from app.items.policy.actions import require
from app.items.write import statements
from app.items.write.nested import (
    Changes,
    Stand,
    keys_given,
    named_keys,
    plan_objects,
    plan_sets,
)
from schema import Collection, Field, Schema, ToMany

Path = tuple[str, ...]
"""Where a payload is nested: the fields that lead to it."""


class Writes(Protocol):
    """What writes the rows: as their caller may, each with its own related items."""

    schema: Schema
    session: WriteSession
    caller: Caller

    async def create(self, name: str, payloads: list[Row], path: Path = ()) -> list[Any]: ...

    async def update(
        self, name: str, patches: list[tuple[Any, Row]], path: Path = ()
    ) -> list[Any]: ...

    async def delete(self, name: str, keys: list[Any]) -> list[Any]: ...

    async def existing(self, collection: Collection, keys: list[Any]) -> set[Any]: ...

    async def locked(self, collection: Collection, action: Action, keys: list[Any]) -> Any: ...


async def save_many_to_one(
    writer: Writes, fields: Iterable[Field], rows: list[Row], path: Path
) -> None:
    """Replace related objects by keys: update the row they name, or create one."""
    for item in fields:
        if item.relation is None:
            continue
        holders = [row for row in rows if isinstance(row.get(item.name), dict)]
        if not holders:
            continue
        objects = [row[item.name] for row in holders]
        keys = await _save_objects(writer, item.relation.to, objects, (*path, item.name))
        for row, key in zip(holders, keys, strict=True):
            row[item.name] = key


async def _save_objects(writer: Writes, target: str, objects: list[Row], path: Path) -> list[Any]:
    """The keys of related objects: what exists is updated, the rest created."""
    collection = writer.schema[target]
    given = [key for key in keys_given(collection, objects) if key is not None]
    plan = plan_objects(collection, objects, await writer.existing(collection, given))
    if plan.patches:
        require(writer.caller, "update", collection)
        await writer.update(target, plan.patches, path)
    if plan.fresh:
        require(writer.caller, "create", collection)
    return plan.keys(await writer.create(target, list(plan.fresh.values()), path))


async def save_to_many(
    writer: Writes,
    collection: Collection,
    keys: Sequence[Any],
    parts: dict[str, list[Any]],
    path: Path,
) -> None:
    """Save the to-many parts of rows whose keys are known now."""
    for name, values in parts.items():
        item = writer.schema.fields(collection.name)[name]
        if item.many is not None:
            place = (*path, name)
            pairs = [(key, v) for key, v in zip(keys, values, strict=True) if v is not ...]
            await _save_rows(writer, item.many, pairs, place)


async def _save_rows(
    writer: Writes, many: ToMany, parents: list[tuple[Any, Any]], path: Path
) -> None:
    target = writer.schema[many.collection]
    named = [key for _, value in parents for key in named_keys(target, value)]
    changes = plan_sets(many, target, parents, await _stands(writer, many, target, named))
    await _leave_out(writer, many, target, changes, path)
    if changes.deleted:
        require(writer.caller, "delete", target)
        await writer.delete(target.name, changes.deleted)
    if changes.updated:
        require(writer.caller, "update", target)
        updated = await writer.update(target.name, changes.updated, path)
        if len(updated) < len({key for key, _ in changes.updated}):
            raise Forbidden
    if changes.created or changes.added:
        require(writer.caller, "create", target)
        await _put_last(writer, many, target, changes.added)
        await writer.create(target.name, changes.created + changes.added, path)


async def _stands(
    writer: Writes, many: ToMany, target: Collection, keys: list[Any]
) -> dict[Any, Stand]:
    """Where the rows of the keys stand, of those that there are for the caller. They are locked."""
    there = await writer.existing(target, keys)
    if not there:
        return {}
    link = writer.schema.fields(target.name)[many.field]
    statement = statements.stands(target, link, many.sort_field)
    rows = await writer.session.fetch_all(statement, {"keys": list(there)})
    return {row["key"]: Stand(row["parent"], row["place"]) for row in rows}


async def _put_last(writer: Writes, many: ToMany, target: Collection, rows: list[Row]) -> None:
    """Rows that are added to a sorted set come after those that are there (directus.md 1.8)."""
    if many.sort_field is None or not rows:
        return
    link = writer.schema.fields(target.name)[many.field]
    parents = [row[many.field] for row in rows]
    statement = statements.last_places(target, link, many.sort_field)
    found = await writer.session.fetch_all(statement, {"keys": list(set(parents))})
    last = {row["parent"]: row["last"] for row in found}
    for row, parent in zip(rows, parents, strict=True):
        if row.get(many.sort_field) is None:
            last[parent] = row[many.sort_field] = (last.get(parent) or 0) + 1


async def _leave_out(
    writer: Writes, many: ToMany, target: Collection, changes: Changes, path: Path
) -> None:
    """Rows that a complete set no longer names are unlinked or deleted."""
    if not changes.whole:
        return
    link = writer.schema.fields(target.name)[many.field]
    gone = await _left_out(writer, target, link, changes)
    if not gone:
        return
    action: Action = "delete" if many.on_deselect == "delete" else "update"
    require(writer.caller, action, target)
    await writer.locked(target, action, gone)
    # Those that another writer gave to another parent meanwhile stay there.
    gone = await _left_out(writer, target, link, changes)
    if not gone:
        return
    if action == "delete":
        await writer.delete(target.name, gone)
    else:
        await writer.update(target.name, [(key, {many.field: None}) for key in gone], path)


async def _left_out(writer: Writes, target: Collection, link: Field, changes: Changes) -> list[Any]:
    """The keys of rows that are there and in no complete set."""
    rows = await writer.session.fetch_all(
        statements.children(target, link), {"keys": list(changes.whole)}
    )
    return [row["key"] for row in rows if row["key"] not in changes.whole[row["parent"]]]
