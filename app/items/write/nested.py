"""Nested writes: what becomes of related items inside payloads (directus.md 1.8).

Plans only, of what is known of the rows that are there: `app.items.write.related` does them.
"""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from itertools import pairwise, takewhile
from typing import Any

from app.errors import Forbidden, InvalidPayload
from app.items.hooks import Row
from app.items.write.values import as_key
from schema import Collection, ToMany

_DELTA = frozenset({"create", "update", "delete"})
_MALFORMED = "Invalid one-to-many update structure: "


@dataclass(frozen=True, slots=True)
class Stand:
    """Where a row of a to-many stands: under which parent, and at which place of a sorted set."""

    parent: Any
    place: int | None = None


@dataclass(slots=True)
class Changes:
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


@dataclass(slots=True)
class Objects:
    """What becomes of the objects of a many-to-one: changes of rows, and new ones."""

    patches: list[tuple[Any, Row]]
    fresh: dict[Any, Row]
    """New rows by place."""
    places: list[Any]
    """Of each object: its key, or its place among the new ones."""

    def keys(self, made: Sequence[Any]) -> list[Any]:
        """The keys of the objects; `made`: those of the new rows."""
        keys = dict(zip(self.fresh, made, strict=True))
        return [keys.get(place, place) for place in self.places]


def taken_out(collection: Collection, rows: list[Row]) -> dict[str, list[Any]]:
    """The to-many parts of rows, by field, one entry for each row; `...` where there is none."""
    parts: dict[str, list[Any]] = {}
    for item in collection.fields:
        if item.many is not None and any(item.name in row for row in rows):
            parts[item.name] = [row.pop(item.name, ...) for row in rows]
    return parts


def keys_given(target: Collection, objects: Iterable[Row]) -> list[Any]:
    """The keys of objects, in their order; None where one names no row."""
    primary = target.primary_key
    return [as_key(primary, item.get(primary.name)) for item in objects]


def plan_objects(target: Collection, objects: Sequence[Row], there: AbstractSet[Any]) -> Objects:
    """What exists (`there`: its keys) is updated, the rest created."""
    plan = Objects([], {}, [])
    for key, item in zip(keys_given(target, objects), objects, strict=True):
        # One object under many rows, or one key given twice, is one row.
        place = ("new", id(item)) if key is None else key
        plan.places.append(place)
        if key is None or key not in there:
            plan.fresh[place] = {**plan.fresh.get(place, {}), **item}
        elif len(item) > 1:
            plan.patches.append((key, item))
    return plan


def plan_sets(
    many: ToMany,
    target: Collection,
    parents: Iterable[tuple[Any, Any]],
    stands: Mapping[Any, Stand],
) -> Changes:
    """What becomes of the rows of a to-many. `parents`: their keys, each with what is said of its
    set; `stands`: where the rows stand that these name, in the order that they are read in. Raises
    Forbidden and InvalidPayload.
    """
    changes = Changes()
    places = dict(stands)
    ranks = {key: rank for rank, key in enumerate(stands)}
    for parent, value in parents:
        if isinstance(value, dict):
            _delta(many, target, parent, value, places, changes)
        else:
            _whole(many, target, parent, value, places, ranks, changes)
    return changes


def named_keys(target: Collection, value: Any) -> list[Any]:
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


def _change(many: ToMany, target: Collection, item: Any, stand: Stand, wanted: Stand) -> Row:
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
    stands: dict[Any, Stand],
    ranks: Mapping[Any, int],
    changes: Changes,
) -> None:
    """An array is the complete new set: keys are linked, known objects updated, others made."""
    if value is None:
        value = []
    if not isinstance(value, list):
        raise InvalidPayload(f'"{many.collection}" takes an array or an object of changes')
    kept = changes.whole.setdefault(parent, set())
    keys = [_key_of(target, item) for item in value]
    places = _places(parent, keys, stands, ranks)
    for key, item, place in zip(keys, value, places, strict=True):
        if key is not None and key in stands:
            kept.add(key)
            stand = stands[key]
            changes.update(key, _change(many, target, item, stand, Stand(parent, place)))
            # Another parent may name it, too: the last has it.
            stands[key] = Stand(parent, stand.place if place is None else place)
        elif isinstance(item, dict) and item and item.keys() <= _DELTA - _names_of(target):
            raise InvalidPayload(f"{_MALFORMED}an object of changes can't stand in an array")
        elif isinstance(item, dict):
            order = {} if many.sort_field is None else {many.sort_field: place}
            changes.created.append({**order, **item, many.field: parent})
        else:
            raise Forbidden


def _places(
    parent: Any, keys: Sequence[Any], stands: Mapping[Any, Stand], ranks: Mapping[Any, int]
) -> list[int | None]:
    """The places of the rows of a complete set, in its order; None: where the row stands already.

    An order that holds stays as it is, gaps and all, and what is new comes behind it. Any other is
    numbered from 1.
    """

    def is_here(key: Any) -> bool:
        return key in stands and stands[key].parent == parent

    here = list(takewhile(is_here, keys))
    new = keys[len(here) :]
    last = stands[here[-1]].place if here else 0
    holds = all(ranks[one] < ranks[other] for one, other in pairwise(here))
    if holds and not any(map(is_here, new)) and (not new or last is not None):
        return [None] * len(here) + [(last or 0) + n for n in range(1, len(new) + 1)]
    return list(range(1, len(keys) + 1))


def _delta(
    many: ToMany,
    target: Collection,
    parent: Any,
    value: Row,
    stands: dict[Any, Stand],
    changes: Changes,
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
        changes.update(key, _change(many, target, item, stand, Stand(parent)))
        stands[key] = Stand(parent, stand.place)
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
