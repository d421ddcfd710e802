"""The items of a collection in the OpenAPI document: their schema, and what may be done to them."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.access.permissions import Action
from app.rest.openapi.names import operations
from app.rest.openapi.parts import (
    EVERY,
    NOTHING,
    SHAPING,
    Document,
    answer,
    answers,
    body,
    data,
    in_path,
    json_of,
    object_of,
    operation,
    parameters,
    reference,
)
from schema import Collection, Field, Schema

_TYPES: dict[str, Document] = {
    "string": {"type": "string"},
    "text": {"type": "string"},
    "hash": {"type": "string"},
    "uuid": {"type": "string", "format": "uuid"},
    "boolean": {"type": "boolean"},
    "integer": {"type": "integer"},
    "bigInteger": {"type": "string", "pattern": "^-?[0-9]+$"},
    "float": {"type": "number"},
    "decimal": {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"},
    "timestamp": {"type": "string", "format": "date-time"},
    "dateTime": {"type": "string"},
    "date": {"type": "string", "format": "date"},
    "time": {"type": "string"},
    "json": {},
    "csv": {"type": "array", "items": {"type": "string"}},
}
_DONE = answers(_204=NOTHING)
_UPLOADS = json_of(
    object_of("file", title={"type": "string"}, file={"type": "string", "format": "binary"}),
    "multipart/form-data",
)
"""A form: what is said of a file, then its bytes."""


@dataclass(frozen=True, slots=True)
class Described:
    """A collection as one caller has it: what it may do, and the fields that it sees.

    `sees_all`: whether whatever it writes is shown to it.
    """

    collection: Collection
    tag: str
    actions: frozenset[Action]
    fields: Mapping[str, Field]
    sees_all: bool

    @property
    def route(self) -> str:
        name = self.collection.name
        return f"/{name.removeprefix('directus_')}" if self.collection.system else f"/items/{name}"


def item(schema: Schema, shown: Described, tags: Mapping[str, str]) -> Document:
    """The schema of an item. `tags`: of the collections that the document has."""
    return {
        "type": "object",
        "description": shown.collection.note or shown.collection.name,
        "properties": {
            name: _property(schema, field, tags) for name, field in shown.fields.items()
        },
        "x-collection": shown.collection.name,
    }


def _property(schema: Schema, field: Field, tags: Mapping[str, str]) -> Document:
    shown: Document = {"nullable": not (field.primary_key or field.required)}
    if field.many is not None:
        rows = schema[field.many.collection]
        shown |= {"type": "array", "items": _related(rows, tags)}
    elif field.relation is not None:
        shown |= _related(schema[field.relation.to], tags)
    else:
        shown |= value(field)
    if field.note:
        shown["description"] = field.note
    if field.readonly:
        shown["readOnly"] = True
    return shown


def _related(collection: Collection, tags: Mapping[str, str]) -> Document:
    """A row of another collection: its key, or as much of it as is asked for."""
    key = value(collection.primary_key)
    if collection.name not in tags:
        return key
    return {"oneOf": [key, reference(tags[collection.name])]}


def value(field: Field) -> Document:
    """What a field with a value of its own holds."""
    shown = dict(_TYPES[field.type])
    if field.max_length and shown.get("type") == "string":
        shown["maxLength"] = field.max_length
    return shown


def paths(shown: Described) -> Document:
    """The paths of a collection, with the operations that the caller may do."""
    whole, single = _whole(shown), {} if shown.collection.singleton else _single(shown)
    found: Document = {}
    if whole:
        found[shown.route] = whole
    if single:
        key = in_path("id", value(shown.collection.primary_key))
        found[f"{shown.route}/{{id}}"] = {"parameters": [key], **single}
    return found


def _whole(shown: Described) -> Document:
    name, ids = shown.collection.name, operations(shown.collection, shown.tag)
    one = reference(shown.tag)
    shaping = parameters(SHAPING)
    if shown.collection.singleton:
        read = operation(ids.read, f"Read {name}", shown.tag, data(one), None, shaping)
        update = operation(
            ids.update, f"Update {name}", shown.tag, _written(shown, one), body(one), shaping
        )
        return _allowed(shown, get=("read", read), patch=("update", update))
    several: Document = {"type": "array", "items": one}
    either: Document = {"oneOf": [several, one]}
    keys: Document = {"type": "array", "items": value(shown.collection.primary_key)}
    query: Document = {"type": "object"}
    changes = {"oneOf": [several, object_of("data", keys=keys, query=query, data=one)]}
    changed = data(several) if "read" in shown.actions else _DONE
    listed = answers(_200=answer(several, meta=reference("x-metadata")))
    uploads = _UPLOADS if name == "directus_files" else {}
    made = body(either, **uploads)
    picked = body({"oneOf": [keys, object_of(keys=keys, query=query)]})
    summary, tag = f"of {name}", shown.tag
    return _allowed(
        shown,
        get=("read", operation(ids.read, f"List {name}", tag, listed, None, parameters(EVERY))),
        post=(
            "create",
            operation(ids.create, f"Create {name}", tag, _written(shown, either), made, shaping),
        ),
        patch=(
            "update",
            operation(ids.update, f"Update many {summary}", tag, changed, body(changes), shaping),
        ),
        delete=("delete", operation(ids.delete, f"Delete many {summary}", tag, _DONE, picked)),
    )


def _single(shown: Described) -> Document:
    ids, tag = operations(shown.collection, shown.tag), shown.tag
    one, summary = reference(tag), f"one of {shown.collection.name}"
    shaping = parameters(SHAPING)
    # Where nothing has the key, nothing was changed, and there is nothing to show.
    changed = data(one) | _DONE if "read" in shown.actions else _DONE
    return _allowed(
        shown,
        get=("read", operation(ids.read_one, f"Read {summary}", tag, data(one), None, shaping)),
        patch=(
            "update",
            operation(ids.update_one, f"Update {summary}", tag, changed, body(one), shaping),
        ),
        delete=("delete", operation(ids.delete_one, f"Delete {summary}", tag, _DONE)),
    )


def _written(shown: Described, schema: Document) -> Document:
    """The answers to a write: what was written, or nothing where the caller doesn't see it."""
    if "read" not in shown.actions:
        return _DONE
    return data(schema) if shown.sees_all else data(schema) | _DONE


def _allowed(shown: Described, **methods: tuple[Action, Document]) -> Document:
    return {
        method: described
        for method, (action, described) in methods.items()
        if action in shown.actions
    }
