"""Definitions from a Directus schema snapshot (directus.md 8.3 to 8.5). Pure data.

`readonly`, `required` and choices of a field are hints for a Studio there: they are kept and
printed again, never enforced. What is enforced is nullability, uniqueness, `validation`, specials.
"""

from collections.abc import Iterable, Iterator
from dataclasses import fields as attributes
from dataclasses import replace
from typing import Any

from schema.definition import ALIAS, TYPES, Collection, Field, Index, Relation, ToMany
from schema.registry import BadDefinition, Schema
from schema.snapshot_shape import Object, check_shape
from schema.snapshot_writing import (
    COLLECTION_META,
    collection_object,
    default_meta,
    extras_of,
    field_object,
    relation_objects,
    snapshot_of,
)

_PRESENTATION = frozenset({"no-data", "group"})
_TO_MANY = frozenset({"o2m", "m2m", "files", "translations"})
_OWN_WORDS = frozenset(
    "collection field note searchable special validation validation_message".split()
)
_OWN_COLLECTION_WORDS = frozenset(
    {"accountability", "collection", "note", "singleton", "sort_field"}
)
_NOW = frozenset({"now()", "CURRENT_TIMESTAMP"})
_KEYS = "mintage"
_TUPLES = frozenset({"special", "choices", "precision"})


class _Relations:
    """The relations of a snapshot, by the column and by the to-many that each is about."""

    def __init__(self, items: Iterable[Object]) -> None:
        self.columns: dict[tuple[str, str], Object] = {}
        self.to_manys: dict[tuple[Any, Any], Object] = {}
        for item in items:
            meta = item.get("meta") or {}
            self.columns.setdefault((item["collection"], item["field"]), item)
            self.to_manys.setdefault((meta.get("one_collection"), meta.get("one_field")), meta)


def collections_of(snapshot: Any) -> tuple[Collection, ...]:
    """The collections of a snapshot, without system collections.

    Raises BadDefinition with a sentence that says what to change.
    """
    check_shape(snapshot)
    try:
        return tuple(_collections(snapshot))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise BadDefinition(f"This is not a schema snapshot: {error!r}.") from None


def _collections(snapshot: Object) -> Iterator[Collection]:
    relations = _Relations(snapshot.get("relations") or ())
    extras = snapshot.get(_KEYS) or {}
    fields: dict[str, list[Object]] = {}
    for item in snapshot.get("fields") or ():
        fields.setdefault(item["collection"], []).append(item)
    for item in snapshot["collections"]:
        if item.get("schema") is None:  # a folder of the Studio
            continue
        name = item["collection"]
        ordered = sorted(fields.get(name, ()), key=_place)
        yield _collection(item, ordered, relations, extras.get(name, {}))


def full_snapshot_of(schema: Schema) -> dict[str, Any]:
    """The snapshot of a schema that reads back as the same.

    What Directus has no place for is where it tolerates what it does not know: under `mintage` in a
    field's options, and at the top.
    """
    snapshot = snapshot_of(schema)
    extras: dict[str, Any] = {}
    relations = _relations(schema)
    for collection in schema.served():
        plain = _collection(
            collection_object(collection),
            [field_object(schema, collection, field) for field in collection.fields],
            relations,
            {},
        )
        if own := extras_of(collection, plain):
            extras[collection.name] = own
        by_name = {field.name: field for field in plain.fields}
        for shown in snapshot["fields"]:
            if shown["collection"] != collection.name:
                continue
            field = schema.fields(collection.name)[shown["field"]]
            read = by_name.get(field.name, Field(name=field.name, type=field.type))
            if more := extras_of(_unresolved(field), _unresolved(read)):
                shown["meta"]["options"] = {**(shown["meta"]["options"] or {}), _KEYS: more}
    if extras:
        snapshot[_KEYS] = extras
    return snapshot


def _relations(schema: Schema) -> _Relations:
    return _Relations(
        item for collection in schema for item in relation_objects(schema, collection)
    )


def _unresolved(field: Field) -> Field:
    """A many-to-one without what it takes from its target."""
    if field.relation is None:
        return field
    return replace(field, type="m2o", max_length=None, wide=False)


def _place(item: Object) -> int:
    return int((item.get("meta") or {}).get("sort") or 0)


def _collection(
    item: Object, fields: Iterable[Object], relations: _Relations, extras: Object
) -> Collection:
    meta = item.get("meta") or {}
    name = str(item["collection"])
    kept = {
        key: value
        for key, value in meta.items()
        if key not in _OWN_COLLECTION_WORDS and value != COLLECTION_META.get(key)
    }
    made = [
        field
        for place, shown in enumerate(fields)
        if (field := _field(name, shown, relations, place + 1)) is not None
    ]
    collection = Collection(
        name,
        tuple(made),
        note=str(meta.get("note") or ""),
        sort_field=meta.get("sort_field"),
        singleton=bool(meta.get("singleton")),
        accountability=meta.get("accountability", "all"),
        meta=kept,
    )
    _require_known(f'Collection "{name}"', Collection, extras)
    more = {key: value for key, value in extras.items() if key != "indexes"}
    if "indexes" in extras:
        more["indexes"] = tuple(
            Index(tuple(index["fields"]), index["unique"], index["where"])
            for index in extras["indexes"]
        )
    return replace(collection, **more)


def _field(collection: str, item: Object, relations: _Relations, place: int) -> Field | None:
    """One field; None for what only a Studio shows."""
    meta = dict(item.get("meta") or {})
    options = dict(meta.get("options") or {})
    extras = dict(options.pop(_KEYS, {}))
    meta["options"] = options or None
    special = tuple(meta.get("special") or ())
    name = str(item["field"])
    if item["type"] == ALIAS and "computed" not in extras:
        if _PRESENTATION.intersection(special) or not _TO_MANY.intersection(special):
            _refuse_many_to_any(collection, name, special)
            return None
        field = Field(
            name=name, type=ALIAS, special=special, many=_many(collection, name, relations)
        )
    else:
        field = _stored(collection, name, item, special, relations)
    field = replace(
        field,
        note=str(meta.get("note") or ""),
        validation=meta.get("validation"),
        validation_message=meta.get("validation_message"),
        searchable=meta.get("searchable", True) is not False,
    )
    _require_known(f'Field "{collection}.{name}"', Field, extras)
    field = replace(field, **_attributes(extras))
    usual = default_meta(field, place)
    kept = {
        key: value
        for key, value in meta.items()
        if key not in _OWN_WORDS and value != usual.get(key) and key != "id"
    }
    return replace(field, meta=kept)


def _refuse_many_to_any(collection: str, name: str, special: tuple[str, ...]) -> None:
    if "m2a" in special:
        raise BadDefinition(
            f'Field "{collection}.{name}" is a many-to-any, which is not served: '
            "use a many-to-one for each collection."
        )


def _many(collection: str, name: str, relations: _Relations) -> ToMany:
    meta = relations.to_manys.get((collection, name))
    if meta is None:
        raise BadDefinition(
            f'Field "{collection}.{name}" is a to-many, but no relation names it as its '
            '"one_field".'
        )
    return ToMany(
        meta["many_collection"],
        meta["many_field"],
        junction_field=meta.get("junction_field"),
        sort_field=meta.get("sort_field"),
        on_deselect=meta.get("one_deselect_action") or "nullify",
    )


def _stored(
    collection: str, name: str, item: Object, special: tuple[str, ...], relations: _Relations
) -> Field:
    column = item.get("schema") or {}
    kind = str(item["type"])
    relation = _relation(collection, name, relations)
    if relation is None and kind not in TYPES:
        raise BadDefinition(
            f'Field "{collection}.{name}" has the type "{kind}", which is not served: '
            f"use one of {', '.join(sorted(TYPES))}."
        )
    data_type = column.get("data_type")
    storage = {("float", "real"): "real", ("json", "json"): "json"}.get((kind, str(data_type)))
    default, generated = _default(column)
    if _made_by_database(column) and "uuid" not in special:
        special = (*special, "uuid")
    precision = None
    if kind == "decimal" and relation is None:
        precision = _precision(column)
    return Field(
        name=name,
        type="m2o" if relation is not None else kind,
        primary_key=bool(column.get("is_primary_key")),
        special=special,
        required=column.get("is_nullable") is False and not column.get("is_primary_key"),
        default=default,
        generated=generated,
        unique=bool(column.get("is_unique")) and not column.get("is_primary_key"),
        indexed=bool(column.get("is_indexed")),
        max_length=column.get("max_length") if relation is None else None,
        wide=(kind, data_type) == ("integer", "bigint") and relation is None,
        precision=precision,
        storage=storage if relation is None else None,
        relation=relation,
    )


def _default(column: Object) -> tuple[Any, str | None]:
    """A default value, or what generates it."""
    value = column.get("default_value")
    if column.get("has_auto_increment"):
        return None, "sequence"
    if isinstance(value, str) and value in _NOW:
        return None, "now"
    if isinstance(value, str) and value.startswith("nextval("):
        return None, "sequence"
    return (None if _made_by_database(column) else value), None


def _precision(column: Object) -> tuple[int, int]:
    """Digits, and those after the point; what Directus makes of a decimal where nothing is said."""
    digits = column.get("numeric_precision")
    return (10, 5) if digits is None else (digits, column.get("numeric_scale") or 0)


def _made_by_database(column: Object) -> bool:
    """Whether PostgreSQL makes a uuid where none is given: the special `uuid`, said elsewhere."""
    return str(column.get("default_value")).startswith(("gen_random_uuid(", "uuid_generate_v4("))


def _relation(collection: str, name: str, relations: _Relations) -> Relation | None:
    item = relations.columns.get((collection, name))
    if item is None:
        return None
    target = item.get("related_collection")
    if target is None:
        raise BadDefinition(
            f'Field "{collection}.{name}" is a many-to-any, which is not served: '
            "use a many-to-one for each collection."
        )
    key = item.get("schema")
    if key is None:
        return Relation(target, on_delete="NO ACTION", enforced=False)
    return Relation(target, on_delete=key.get("on_delete") or "NO ACTION")


def _require_known(where: str, kind: type[Collection | Field], extras: Object) -> None:
    unknown = sorted(set(extras) - {attribute.name for attribute in attributes(kind)})
    if unknown:
        raise BadDefinition(
            f'{where}: "{_KEYS}" says {", ".join(unknown)}, which has no meaning: remove it.'
        )


def _attributes(extras: Object) -> dict[str, Any]:
    """Attributes from their JSON form."""
    made: dict[str, Any] = {
        name: tuple(value) if name in _TUPLES else value for name, value in extras.items()
    }
    if made.get("relation"):
        made["relation"] = Relation(**made["relation"])
    if made.get("many"):
        made["many"] = ToMany(**made["many"])
    return made
