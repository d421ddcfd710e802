"""Nested writes: related items inside a payload, in whole sets (directus.md 1.8).

A many-to-one is saved before its row, which needs the key; a to-many after it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from app.access.permissions import Action
from app.errors import Forbidden, InvalidPayload
from app.items.hooks import Row
from app.items.policy.actions import require
from app.items.write import statements
from app.items.write.values import as_key
from schema import Collection, Field, ToMany

if TYPE_CHECKING:
    from app.items.write.writer import Writer

Path = tuple[str, ...]
_DELTA = frozenset({"create", "update", "delete"})
_MALFORMED = "Invalid one-to-many update structure: "


@dataclass(frozen=True, slots=True)
class _Stand:
    """Where a row of a to-many stands: under which parent, and at which place of a sorted set."""

    parent: Any
    place: int | None = None


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

    def update(self, key: Any, patch: Row) -> None:
        """Change a row, unless nothing of it changes."""
        if patch:
            self.updated.append((key, patch))


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
    stands = await _stands(writer, many, target, named)
    changes = _Changes()
    for parent, value in parents:
        if isinstance(value, dict):
            _delta(many, target, parent, value, stands, changes)
        else:
            _whole(many, target, parent, value, stands, changes)
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
    writer: "Writer", many: ToMany, target: Collection, keys: list[Any]
) -> dict[Any, _Stand]:
    """Where the rows of the keys stand, of those that there are for the caller. They are locked."""
    there = await writer.existing(target, keys)
    if not there:
        return {}
    link = writer.schema.fields(target.name)[many.field]
    statement = statements.stands(target, link, many.sort_field)
    rows = await writer.session.fetch_all(statement, {"keys": list(there)})
    return {row["key"]: _Stand(row["parent"], row["place"]) for row in rows}


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
    """The keys of the rows that a set or a change of one names."""
    if isinstance(value, dict):
        lists = [value.get(name) for name in ("update", "delete")]
        items = [item for part in lists if isinstance(part, list) for item in part]
    else:
        items = value if isinstance(value, list) else []
    return [key for item in items if (key := _key_of(target, item)) is not None]


def _key_of(target: Collection, item: Any) -> Any:
    """The key of an item: a key itself, or an object that has one. None: it names no row."""
    primary = target.primary_key
    return as_key(primary, item.get(primary.name) if isinstance(item, dict) else item)


def _names(many: ToMany, target: Collection, item: Row, parent: Any) -> bool:
    """Whether an item says itself that it belongs to the parent."""
    link = next(field for field in target.fields if field.name == many.field)
    return bool(as_key(link, item.get(many.field)) == parent)


def _change(many: ToMany, target: Collection, item: Any, stand: _Stand, wanted: _Stand) -> Row:
    """What changes of a row of the set: what the item says, and where the row stands.

    What stays as it is is left out: nobody has to be allowed to change it.
    """
    said = dict(item) if isinstance(item, dict) else {}
    for name in (target.primary_key.name, many.field):
        said.pop(name, None)
    moved = {} if stand.parent == wanted.parent else {many.field: wanted.parent}
    if many.sort_field is not None and wanted.place not in {None, stand.place}:
        moved[many.sort_field] = wanted.place
    return {**moved, **said}


def _whole(
    many: ToMany,
    target: Collection,
    parent: Any,
    value: Any,
    stands: dict[Any, _Stand],
    changes: _Changes,
) -> None:
    """An array is the complete new set: keys are linked, known objects updated, others made."""
    if value is None:
        value = []
    if not isinstance(value, list):
        raise InvalidPayload(f'"{many.collection}" takes an array or an object of changes')
    kept = changes.whole.setdefault(parent, set())
    for place, item in enumerate(value, 1):
        key = _key_of(target, item)
        if key is not None and key in stands:
            kept.add(key)
            changes.update(key, _change(many, target, item, stands[key], _Stand(parent, place)))
            stands[key] = _Stand(parent, place)  # another parent may name it, too: the last has it
        elif isinstance(item, dict) and item and item.keys() <= _DELTA - _names_of(target):
            raise InvalidPayload(f"{_MALFORMED}an object of changes can't stand in an array")
        elif isinstance(item, dict):
            order = {} if many.sort_field is None else {many.sort_field: place}
            changes.created.append({**order, **item, many.field: parent})
        else:
            raise Forbidden


def _delta(
    many: ToMany,
    target: Collection,
    parent: Any,
    value: Row,
    stands: dict[Any, _Stand],
    changes: _Changes,
) -> None:
    """An object names the changes: `{"create": [...], "update": [...], "delete": [...]}`.

    Only rows of this parent are changed or leave it. A row of none comes to it; one of another
    where the update names the parent itself: `{"update": [{"id": 9, "port": 2}]}`.
    """
    _require_delta(target, value)
    for item in value.get("create", ()):
        changes.added.append({**item, many.field: parent})
    for item in value.get("update", ()):
        key = _key_of(target, item)
        stand = stands.get(key)
        if stand is None:
            raise Forbidden
        if stand.parent not in {None, parent} and not _names(many, target, item, parent):
            raise Forbidden
        changes.update(key, _change(many, target, item, stand, _Stand(parent)))
        stands[key] = _Stand(parent, stand.place)
    for key in (_key_of(target, item) for item in value.get("delete", ())):
        if key not in stands or stands[key].parent != parent:
            continue
        if many.on_deselect == "delete":
            changes.deleted.append(key)
        else:
            changes.update(key, {many.field: None})


def _names_of(collection: Collection) -> set[str]:
    return {field.name for field in collection.fields}


def _require_delta(target: Collection, value: Row) -> None:
    """Raises InvalidPayload for an object that is none of changes."""
    primary = target.primary_key.name
    for name, items in value.items():
        if name not in _DELTA:
            raise InvalidPayload(f'{_MALFORMED}"{name}" is not allowed')
        if not isinstance(items, list):
            raise InvalidPayload(f'{_MALFORMED}"{name}" must be an array')
        for item in items:
            if name == "delete":
                if _key_of(target, item) is None:
                    raise InvalidPayload(f"{_MALFORMED}a key is needed")
            elif not isinstance(item, dict):
                raise InvalidPayload(f"{_MALFORMED}an object is needed")
            elif name == "update" and item.get(primary) is None:
                raise InvalidPayload(f'{_MALFORMED}"{primary}" is required')


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
