"""Definitions as a Directus schema snapshot shows them (directus.md 8.3 to 8.5). Pure data.

What a snapshot has no place for (choices that are enforced, computed fields, ...) is added by
`snapshot_reading.full_snapshot_of`, which knows what a reader finds in these alone.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from schema.definition import Collection, Field
from schema.registry import Schema

VERSION = 1
DIRECTUS = "11.17.4"
"""The Directus whose form this is."""
VENDOR = "postgres"
SYSTEM_INDEXES = (
    ("directus_activity", "timestamp"),
    ("directus_revisions", "activity"),
    ("directus_revisions", "parent"),
)
"""What that Directus indexes of its own tables: it drops those that a snapshot leaves out."""

COLLECTION_META: dict[str, Any] = {
    "archive_app_filter": True,
    "archive_field": None,
    "archive_value": None,
    "collapse": "open",
    "color": None,
    "display_template": None,
    "group": None,
    "hidden": False,
    "icon": None,
    "item_duplication_fields": None,
    "preview_url": None,
    "sort": None,
    "translations": None,
    "unarchive_value": None,
    "versioning": False,
}
"""What a Studio is told of a collection that says nothing of it."""

_DATA_TYPES: dict[str, tuple[str, int | None, int | None]] = {
    "string": ("character varying", None, None),
    "hash": ("character varying", None, None),
    "text": ("text", None, None),
    "csv": ("text", None, None),
    "boolean": ("boolean", None, None),
    "integer": ("integer", 32, 0),
    "bigInteger": ("bigint", 64, 0),
    "float": ("double precision", 53, None),
    "timestamp": ("timestamp with time zone", None, None),
    "dateTime": ("timestamp without time zone", None, None),
    "date": ("date", None, None),
    "time": ("time without time zone", None, None),
    "json": ("jsonb", None, None),
    "uuid": ("uuid", None, None),
}
"""PostgreSQL's name, precision and scale of each Directus type."""
_STORAGE = {"real": ("real", 24, None), "json": ("json", None, None)}

_INTERFACES = {
    "boolean": "boolean",
    "timestamp": "datetime",
    "dateTime": "datetime",
    "date": "datetime",
    "time": "datetime",
    "json": "input-code",
    "csv": "tags",
    "text": "input-multiline",
    "hash": "input-hash",
}


def snapshot_of(schema: Schema) -> dict[str, Any]:
    """The served collections as a snapshot. `app` reads it back by `snapshot_reading`."""
    served = schema.served()
    return {
        "version": VERSION,
        "directus": DIRECTUS,
        "vendor": VENDOR,
        "collections": [collection_object(collection) for collection in served],
        "fields": [
            field_object(schema, collection, field)
            for collection in served
            for field in collection.fields
        ],
        "systemFields": [
            {"collection": name, "field": field, "schema": {"is_indexed": True}}
            for name, field in SYSTEM_INDEXES
        ],
        "relations": [
            relation for collection in served for relation in relation_objects(schema, collection)
        ],
    }


def collection_object(collection: Collection) -> dict[str, Any]:
    """One collection."""
    meta = {
        **COLLECTION_META,
        **collection.meta,
        "accountability": collection.accountability,
        "collection": collection.name,
        "note": collection.note or None,
        "singleton": collection.singleton,
        "sort_field": collection.sort_field,
        **_system(collection),
    }
    return {
        "collection": collection.name,
        "meta": dict(sorted(meta.items())),
        "schema": {"name": collection.name},
    }


def _system(collection: Collection) -> dict[str, Any]:
    """What tells tools to leave a definition alone: it comes with the installation."""
    return {"system": True} if collection.system else {}


def field_object(schema: Schema, collection: Collection, field: Field) -> dict[str, Any]:
    """One field; what has no column has no schema."""
    place = collection.fields.index(field) + 1
    meta = {
        **default_meta(field, place),
        **field.meta,
        "collection": collection.name,
        "field": field.name,
        "note": field.note or None,
        "searchable": field.searchable,
        "special": list(field.special) or None,
        "validation": None if field.validation is None else dict(field.validation),
        "validation_message": field.validation_message,
        **_system(collection),
    }
    shown = {
        "collection": collection.name,
        "field": field.name,
        "type": field.type,
        "meta": dict(sorted(meta.items())),
    }
    if field.stored:
        shown["schema"] = _column(schema, collection, field)
    return shown


def default_meta(field: Field, place: int) -> dict[str, Any]:
    """What a Studio is told of a field that says nothing of it."""
    return {
        "conditions": None,
        "display": None,
        "display_options": None,
        "group": None,
        "hidden": False,
        "interface": _interface(field),
        "options": _choices(field),
        "readonly": field.readonly,
        "required": field.required,
        "sort": place,
        "translations": None,
        "width": "full",
    }


def _interface(field: Field) -> str:
    if field.many is not None:
        return "list-m2m" if field.many.junction_field else "list-o2m"
    if field.relation is not None:
        return "select-dropdown-m2o"
    if field.choices:
        return "select-dropdown"
    return _INTERFACES.get(field.type, "input")


def _choices(field: Field) -> dict[str, Any] | None:
    if not field.choices:
        return None
    return {"choices": [{"text": choice, "value": choice} for choice in field.choices]}


def _column(schema: Schema, collection: Collection, field: Field) -> dict[str, Any]:
    data_type, precision, scale = data_type_of(field)
    relation = field.relation
    target = None if relation is None or not relation.enforced else relation.to
    return {
        "name": field.name,
        "table": collection.name,
        "data_type": data_type,
        "default_value": _default(field),
        "max_length": field.max_length if data_type == "character varying" else None,
        "numeric_precision": precision,
        "numeric_scale": scale,
        "is_nullable": not (field.primary_key or field.required),
        "is_unique": field.unique or field.primary_key,
        "is_indexed": field.indexed,
        "is_primary_key": field.primary_key,
        "is_generated": False,
        "generation_expression": None,
        "has_auto_increment": field.generated == "sequence",
        "foreign_key_table": target,
        "foreign_key_column": None if target is None else schema[target].primary_key.name,
    }


def _default(field: Field) -> Any:
    return "now()" if field.generated == "now" else field.default


def data_type_of(field: Field) -> tuple[str, int | None, int | None]:
    """PostgreSQL's name, precision and scale of a field's column."""
    if field.storage is not None:
        return _STORAGE[field.storage]
    if field.type == "decimal":
        return "numeric", *(field.precision or (10, 5))
    if field.type == "integer" and field.wide:
        return _DATA_TYPES["bigInteger"]
    return _DATA_TYPES[field.type]


def relation_objects(schema: Schema, collection: Collection) -> Iterator[dict[str, Any]]:
    """The many-to-ones of a collection, each with the to-many that is its other side.

    A many-to-one with several of those is shown with each: the column belongs to the first.
    """
    for field in collection.fields:
        if field.relation is None:
            continue
        target = schema[field.relation.to]
        others = [item for item in target.fields if _lists(item, collection, field)]
        yield _relation(schema, collection, field, others[0] if others else None)
        for other in others[1:]:
            yield {**_relation(schema, collection, field, other), "schema": None}


def _lists(other: Field, collection: Collection, field: Field) -> bool:
    """Whether a to-many lists the rows of a many-to-one."""
    many = other.many
    return many is not None and (many.collection, many.field) == (collection.name, field.name)


def _relation(
    schema: Schema, collection: Collection, field: Field, other: Field | None
) -> dict[str, Any]:
    relation = field.relation
    if relation is None:
        raise LookupError(f'"{collection.name}.{field.name}" is not a relation.')
    target = schema[relation.to]
    many = None if other is None else other.many
    junction_field = None if many is None else many.junction_field
    shown: dict[str, Any] = {
        "collection": collection.name,
        "field": field.name,
        "related_collection": target.name,
        "meta": {
            "junction_field": junction_field or _near_side(schema, collection, field),
            "many_collection": collection.name,
            "many_field": field.name,
            "one_allowed_collections": None,
            "one_collection": target.name,
            "one_collection_field": None,
            "one_deselect_action": "nullify" if many is None else many.on_deselect,
            "one_field": None if other is None else other.name,
            "sort_field": None if many is None else many.sort_field,
            **_system(collection),
        },
        "schema": None,
    }
    if relation.enforced:
        shown["schema"] = {
            "table": collection.name,
            "column": field.name,
            "foreign_key_table": target.name,
            "foreign_key_column": target.primary_key.name,
            "constraint_name": f"{collection.name}_{field.name}_foreign",
            "on_update": "NO ACTION",
            "on_delete": relation.on_delete,
        }
    return shown


def _near_side(schema: Schema, collection: Collection, field: Field) -> str | None:
    """Of a junction's many-to-one that points on: the one that points back."""
    for source in schema:
        for item in source.fields:
            many = item.many
            if many is not None and (many.collection, many.junction_field) == (
                collection.name,
                field.name,
            ):
                return many.field
    return None


def extras_of(definition: Collection | Field, plain: Collection | Field) -> dict[str, Any]:
    """What of a definition its plain form does not say: attributes by name, as JSON values."""
    mine, theirs = _attributes(definition), _attributes(plain)
    return {name: value for name, value in mine.items() if value != theirs[name]}


def _attributes(definition: Collection | Field) -> Mapping[str, Any]:
    values = asdict(definition)
    values.pop("fields", None)
    return {name: _as_json(value) for name, value in values.items()}


def _as_json(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_as_json(item) for item in value]
    if isinstance(value, Mapping):
        return {name: _as_json(item) for name, item in value.items()}
    return value
