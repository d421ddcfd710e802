"""`/collections`, `/fields`, `/relations`, `/schema/snapshot`: what is defined (directus.md 8.4).

Read-only: definitions are files (docs/schema.md). Who is no admin sees what it may read.
"""

from collections.abc import Iterator
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.errors import Forbidden
from app.items.items import Items
from app.rest.responses import data_response
from schema import Collection, Field, Schema
from schema.snapshot_reading import full_snapshot_of
from schema.snapshot_writing import collection_object, field_object, relation_object

_NOT_HERE = (
    "The schema is defined by files, so it can't be changed here: change the snapshot that SCHEMA "
    "names (or the definitions in schema/) and run `mintage migrate`."
)


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


def _fields(items: Items, collection: Collection) -> Iterator[dict[str, Any]]:
    """The fields the caller may read, the key first: some clients take the first one for it."""
    readable = items.view().fields(collection.name)
    ordered = sorted(collection.fields, key=lambda field: not field.primary_key)
    for field in ordered:
        if field.name in readable:
            yield _field(items.schema, collection, field)


def _field(schema: Schema, collection: Collection, field: Field) -> dict[str, Any]:
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


def _relations(items: Items, only: Collection | None = None) -> Iterator[dict[str, Any]]:
    view = items.view()
    for collection in [only] if only is not None else _readable(items):
        for field in collection.fields:
            target = None if field.relation is None else field.relation.to
            if (
                target is None
                or not view.may_read(target)
                or field.name not in view.fields(collection.name)
            ):
                continue
            yield _relation(items.schema, collection, field)


def _relation(schema: Schema, collection: Collection, field: Field) -> dict[str, Any]:
    shown = relation_object(schema, collection, field)
    meta = {"id": _number(schema, collection, field), **shown["meta"]}
    key = shown["schema"]
    return {
        **shown,
        "meta": meta,
        "schema": None if key is None else {**key, "foreign_key_schema": "public"},
    }


def _answer(data: Any) -> Response:
    return data_response(orjson.dumps(data))


async def collections(request: Request) -> Response:
    items = _read_only(request)
    return _answer([collection_object(item) for item in _readable(items)])


async def collection(request: Request) -> Response:
    items = _read_only(request)
    return _answer(collection_object(_one(items, request.path_params["collection"])))


async def fields(request: Request) -> Response:
    items = _read_only(request)
    return _answer([field for item in _readable(items) for field in _fields(items, item)])


async def fields_of(request: Request) -> Response:
    items = _read_only(request)
    return _answer(list(_fields(items, _one(items, request.path_params["collection"]))))


async def field(request: Request) -> Response:
    items = _read_only(request)
    for shown in _fields(items, _one(items, request.path_params["collection"])):
        if shown["field"] == request.path_params["field"]:
            return _answer(shown)
    raise Forbidden


async def relations(request: Request) -> Response:
    return _answer(list(_relations(_read_only(request))))


async def relations_of(request: Request) -> Response:
    items = _read_only(request)
    return _answer(list(_relations(items, _one(items, request.path_params["collection"]))))


async def relation(request: Request) -> Response:
    items = _read_only(request)
    for shown in _relations(items, _one(items, request.path_params["collection"])):
        if shown["field"] == request.path_params["field"]:
            return _answer(shown)
    raise Forbidden


async def snapshot(request: Request) -> Response:
    items = _read_only(request)
    if not items.caller.is_admin:
        raise Forbidden
    return _answer(full_snapshot_of(items.schema))


async def change(request: Request) -> Response:
    """`/schema/diff` and `/schema/apply`, which only change."""
    raise Forbidden(_NOT_HERE) if request.state.items.caller.is_admin else Forbidden


def _read_only(request: Request) -> Items:
    items: Items = request.state.items
    if request.method not in {"GET", "HEAD", "SEARCH"}:
        raise Forbidden(_NOT_HERE) if items.caller.is_admin else Forbidden
    return items


_METHODS = ["GET", "SEARCH", "POST", "PATCH", "DELETE"]

routes = [
    Route("/collections", collections, methods=_METHODS),
    Route("/collections/{collection}", collection, methods=_METHODS),
    Route("/fields", fields, methods=_METHODS),
    Route("/fields/{collection}", fields_of, methods=_METHODS),
    Route("/fields/{collection}/{field}", field, methods=_METHODS),
    Route("/relations", relations, methods=_METHODS),
    Route("/relations/{collection}", relations_of, methods=_METHODS),
    Route("/relations/{collection}/{field}", relation, methods=_METHODS),
    Route("/schema/snapshot", snapshot, methods=["GET"]),
    Route("/schema/diff", change, methods=["POST"]),
    Route("/schema/apply", change, methods=["POST"]),
]
