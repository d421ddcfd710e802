"""Nested writes: related items inside a payload, in whole sets (directus.md 1.8).

A many-to-one is saved before its row, which needs the key; a to-many after it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from app.access.permissions import Action
from app.errors import Forbidden, InvalidPayload
from app.items import statements
from app.items.allowed import require
from app.items.rules import Row
from app.items.values import as_key
from schema import Collection, Field, ToMany

if TYPE_CHECKING:
    from app.items.write import Writer

Path = tuple[str, ...]
_DELTA = frozenset({"create", "update", "delete"})


@dataclass(slots=True)
class _Changes:
    """What becomes of the rows of one to-many, for all parents of a write together."""

    created: list[Row] = field(default_factory=list)
    added: list[Row] = field(default_factory=list)
    """Created, too, behind the rows that are there."""
    updated: list[tuple[Any, Row]] = field(default_factory=list)
    deleted: list[Any] = field(default_factory=list)
    whole: dict[Any, set[Any]] = field(default_factory=dict)
    """By parent: the keys that stay, where the payload named all."""


def taken_out(collection: Collection, rows: list[Row]) -> dict[str, list[Any]]:
    """The to-many parts of rows, by field, one entry for each row; `...` where there is none."""
    parts: dict[str, list[Any]] = {}
    for item in collection.fields:
        if item.many is not None and any(item.name in row for row in rows):
            parts[item.name] = [row.pop(item.name, ...) for row in rows]
    return parts


async def save_many_to_one(
    writer: "Writer", fields: Iterable[Field], rows: list[Row], path: Path
) -> None:
    """Replace related objects by keys: update the row they name, or create one."""
    for item in fields:
        if item.relation is None:
            continue
        holders = [row for row in rows if isinstance(row.get(item.name), dict)]
        if not holders:
            continue
        objects = [row[item.name] for row in holders]
        keys = await _saved(writer, item.relation.to, objects, (*path, item.name))
        for row, key in zip(holders, keys, strict=True):
            row[item.name] = key


async def _saved(writer: "Writer", target: str, objects: list[Row], path: Path) -> list[Any]:
    """The keys of related objects: what exists is updated, the rest created."""
    collection = writer.schema[target]
    key_field = collection.primary_key
    given = [as_key(key_field, item.get(key_field.name)) for item in objects]
    there = await writer.existing(collection, [key for key in given if key is not None])
    patches: list[tuple[Any, Row]] = []
    fresh: dict[Any, Row] = {}
    places: list[Any] = []
    for key, item in zip(given, objects, strict=True):
        # One object under many rows, or one key given twice, is one row.
        places.append(("new", id(item)) if key is None else key)
        if key is None or key not in there:
            fresh[places[-1]] = {**fresh.get(places[-1], {}), **item}
        elif len(item) > 1:
            patches.append((key, item))
    if patches:
        require(writer.caller, "update", collection)
        await writer.update(target, patches, path)
    if fresh:
        require(writer.caller, "create", collection)
    made = await writer.create(target, list(fresh.values()), path)
    keys = dict(zip(fresh, made, strict=True))
    return [keys.get(place, place) for place in places]


async def save_to_many(
    writer: "Writer",
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
    writer: "Writer", many: ToMany, parents: list[tuple[Any, Any]], path: Path
) -> None:
    target = writer.schema[many.collection]
    named = [key for _, value in parents for key in _named_keys(target, value)]
    there = await writer.existing(target, named)
    changes = _Changes()
    for parent, value in parents:
        if isinstance(value, dict):
            _delta(many, target, parent, value, changes)
        else:
            _whole(many, target, parent, value, there, changes)
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


async def _put_last(writer: "Writer", many: ToMany, target: Collection, rows: list[Row]) -> None:
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


def _named_keys(target: Collection, value: Any) -> list[Any]:
    """The keys that a complete set names."""
    if not isinstance(value, list):
        return []
    primary = target.primary_key
    keys = [
        as_key(primary, item.get(primary.name) if isinstance(item, dict) else item)
        for item in value
    ]
    return [key for key in keys if key is not None]


def _whole(
    many: ToMany, target: Collection, parent: Any, value: Any, there: set[Any], changes: _Changes
) -> None:
    """An array is the complete new set: keys are linked, known objects updated, others made."""
    if value is None:
        value = []
    if not isinstance(value, list):
        raise InvalidPayload(f'"{many.collection}" takes an array or an object of changes')
    primary = target.primary_key
    kept = changes.whole.setdefault(parent, set())
    for place, item in enumerate(value):
        order = {} if many.sort_field is None else {many.sort_field: place + 1}
        if isinstance(item, dict):
            key = as_key(primary, item.get(primary.name))
            if key is not None and key in there:
                kept.add(key)
                changes.updated.append((key, {**order, **item, many.field: parent}))
            else:
                changes.created.append({**order, **item, many.field: parent})
            continue
        key = as_key(primary, item)
        if key is None or key not in there:
            raise Forbidden
        kept.add(key)
        changes.updated.append((key, {**order, many.field: parent}))


def _delta(many: ToMany, target: Collection, parent: Any, value: Row, changes: _Changes) -> None:
    """An object names the changes: `{"create": [...], "update": [...], "delete": [...]}`."""
    for name, items in value.items():
        if name not in _DELTA or not isinstance(items, list):
            detail = (
                f'"{name}" is not allowed' if name not in _DELTA else f'"{name}" must be an array'
            )
            raise InvalidPayload(f"Invalid one-to-many update structure: {detail}")
    primary = target.primary_key
    for item in value.get("create", ()):
        if not isinstance(item, dict):
            raise InvalidPayload("Invalid one-to-many update structure: an object is needed")
        changes.added.append({**item, many.field: parent})
    for item in value.get("update", ()):
        if not isinstance(item, dict) or item.get(primary.name) is None:
            raise InvalidPayload(
                f'Invalid one-to-many update structure: "{primary.name}" is required'
            )
        changes.updated.append((item[primary.name], {**item, many.field: parent}))
    if many.on_deselect == "delete":
        changes.deleted += value.get("delete", ())
    else:
        changes.updated += [(key, {many.field: None}) for key in value.get("delete", ())]


async def _leave_out(
    writer: "Writer", many: ToMany, target: Collection, changes: _Changes, path: Path
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


async def _left_out(
    writer: "Writer", target: Collection, link: Field, changes: _Changes
) -> list[Any]:
    """The keys of rows that are there and in no complete set."""
    rows = await writer.session.fetch_all(
        statements.children(target, link), {"keys": list(changes.whole)}
    )
    return [row["key"] for row in rows if row["key"] not in changes.whole[row["parent"]]]
