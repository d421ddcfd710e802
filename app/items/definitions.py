"""What is defined, as one caller may see it: collections, fields, relations (directus.md 8.3)."""

from collections.abc import Iterator
from typing import Any

from app.errors import Forbidden
from app.items.items import Items
from schema import Collection, Field, Schema
from schema.snapshot_writing import collection_object, field_object, relation_objects

Shown = dict[str, Any]
"""A definition as the wire has it."""


def collections(items: Items) -> list[Shown]:
    """The collections the caller may read. Raises Forbidden for who may not look at all."""
    return [collection_object(item) for item in _readable(items)]


def collection(items: Items, name: str) -> Shown:
    """One collection. Raises Forbidden for one that the caller can't read."""
    return collection_object(_one(items, name))


def fields(items: Items) -> list[Shown]:
    """The fields of every collection that the caller may read."""
    return [shown for item in _readable(items) for shown in _fields(items, item)]


def fields_of(items: Items, name: str) -> list[Shown]:
    """The fields of a collection, the key first: some clients take the first one for it."""
    return list(_fields(items, _one(items, name)))


def field_of(items: Items, name: str, field: str) -> Shown:
    """One field. Raises Forbidden for one that the caller can't read."""
    return _named(field, _fields(items, _one(items, name)))


def relations(items: Items) -> list[Shown]:
    """The relations that the caller may read from either side."""
    return [shown for item in _readable(items) for shown in _relations(items, item)]


def relations_of(items: Items, name: str) -> list[Shown]:
    """The relations of a collection."""
    return list(_relations(items, _one(items, name)))


def relation_of(items: Items, name: str, field: str) -> Shown:
    """One relation, by its many-to-one. Raises Forbidden for one that the caller can't read."""
    return _named(field, _relations(items, _one(items, name)))


def _readable(items: Items) -> list[Collection]:
    """The collections the caller sees. Raises Forbidden for who may not look at all."""
    caller = items.caller
    if not (caller.is_admin or caller.has_app_access):
        raise Forbidden
    view = items.view()
    return [item for item in items.schema.exposed() if view.may_read(item.name)]


def _one(items: Items, name: str) -> Collection:
    for collection in _readable(items):
        if collection.name == name:
            return collection
    raise Forbidden


def _named(field: str, objects: Iterator[Shown]) -> Shown:
    for shown in objects:
        if shown["field"] == field:
            return shown
    raise Forbidden


def _fields(items: Items, collection: Collection) -> Iterator[Shown]:
    readable = items.view().fields(collection.name)
    ordered = sorted(collection.fields, key=lambda field: not field.primary_key)
    for field in ordered:
        if field.name in readable:
            yield _field(items.schema, collection, field)


def _field(schema: Schema, collection: Collection, field: Field) -> Shown:
    """A field as `/fields` shows it: with an id, and all a column has to say."""
    shown = field_object(schema, collection, field)
    column = shown.get("schema")
    meta = {"id": _number(schema, collection, field), **shown["meta"]}
    if column is not None:
        target = column["foreign_key_table"]
        column = {
            **column,
            "foreign_key_schema": None if target is None else "public",
            "comment": field.note or None,
        }
    return {**shown, "meta": meta, "schema": column}


def _number(schema: Schema, collection: Collection, field: Field) -> int:
    """A number that stays as long as the definitions do."""
    before = 0
    for item in schema:
        if item.name == collection.name:
            return before + item.fields.index(field) + 1
        before += len(item.fields)
    raise LookupError(collection.name)


def _relations(items: Items, collection: Collection) -> Iterator[Shown]:
    view = items.view()
    readable = view.fields(collection.name)
    for shown in relation_objects(items.schema, collection):
        other, one_field = shown["related_collection"], shown["meta"]["one_field"]
        if shown["field"] not in readable or not view.may_read(other):
            continue
        if one_field is None or one_field in view.fields(other):
            yield _relation(items.schema, collection, shown)


def _relation(schema: Schema, collection: Collection, shown: Shown) -> Shown:
    """A relation as `/relations` shows it. Those of the system have no number, as in Directus."""
    meta, key = shown["meta"], shown["schema"]
    if not collection.system:
        field = schema.fields(collection.name)[shown["field"]]
        meta = {"id": _number(schema, collection, field), **meta}
    return {
        **shown,
        "meta": meta,
        "schema": None if key is None else {**key, "foreign_key_schema": "public"},
    }
