"""`/server/specs/oas`: the OpenAPI document of what the caller may do (directus.md 10)."""

from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.access.permissions import Action
from app.errors import Forbidden
from app.items.items import Items
from app.pools import DESCRIPTIONS
from app.rest.requests import absolute
from app.rest.responses import json_response
from schema import Collection, Field

Document = dict[str, Any]

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
    "alias": {"type": "array", "items": {}},
}
_TEXT: Document = {"type": "string"}
_PARAMETERS: dict[str, tuple[str, Document]] = {
    "fields": ("The fields of each item, comma-separated: `*`, `account.account_name`.", _TEXT),
    "filter": ('Which items, as JSON: `{"status": {"_eq": "new"}}`.', _TEXT),
    "search": ("A text that any field contains.", _TEXT),
    "sort": ("The order, comma-separated; `-` is descending.", _TEXT),
    "limit": ("Most items; -1: all.", {"type": "integer", "minimum": -1}),
    "offset": ("Items to leave out at the start.", {"type": "integer", "minimum": 0}),
    "page": ("The page, counted in limits from 1.", {"type": "integer", "minimum": 0}),
    "aggregate": ('Sums and counts, as JSON: `{"count": "*"}`.', _TEXT),
    "groupBy": ("What to group by, comma-separated.", _TEXT),
    "deep": ("Options for each relation, as JSON.", _TEXT),
    "alias": ("Other keys for relations, as JSON.", _TEXT),
    "meta": ("Counts: `total_count`, `filter_count`, `*`.", _TEXT),
    "export": (
        "A file instead.",
        {"type": "string", "enum": ["csv", "csv_utf8", "json", "xml", "yaml"]},
    ),
    "export_safe": ("No cell of a CSV is a formula to a spreadsheet.", {"type": "boolean"}),
}
_SHAPING = ("fields", "deep", "alias")
_ERRORS = {
    "400": "What was sent is wrong; every error says what.",
    "401": "The token or login is none.",
    "403": "Not allowed, or not there.",
}


async def specs(request: Request) -> Response:
    """The document, for callers with a token."""
    items: Items = request.state.items
    url = absolute(request)
    # Many collections are a second's work: beside the requests of others.
    text = await DESCRIPTIONS.run(lambda: orjson.dumps(document(items, url)))
    return json_response(text)


def document(items: Items, url: str) -> Document:
    """The OpenAPI 3.0 document of one caller: only what it may do is in it.

    Raises Forbidden for anonymous callers.
    """
    if items.caller.is_anonymous:
        raise Forbidden
    paths: Document = {}
    schemas: Document = {"Error": _error()}
    for collection in items.schema.exposed():
        actions = _actions(items, collection)
        if not actions:
            continue
        schemas[collection.name] = _item(items, collection)
        route = f"/items/{collection.name}"
        if collection.system:
            route = "/" + collection.name.removeprefix("directus_")
        paths |= _paths(collection, route, actions)
    return {
        "openapi": "3.0.3",
        "info": {
            "title": "Mintage",
            "version": "1",
            "description": "What you may do here, by REST. Send `Authorization: Bearer <token>`.",
        },
        "servers": [{"url": url}],
        "security": [{"token": []}],
        "paths": {**_OWN_PATHS, **paths},
        "components": {
            "schemas": schemas,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _actions(items: Items, collection: Collection) -> set[Action]:
    wanted: tuple[Action, ...] = ("create", "read", "update", "delete")
    allowed: set[Action] = set()
    for action in wanted:
        try:
            items.allow(action, collection.name)
        except Forbidden:
            continue
        allowed.add(action)
    return allowed


def _item(items: Items, collection: Collection) -> Document:
    """An item. What is not read may be written all the same, so unreadable fields are in it too."""
    readable = items.view().fields(collection.name) or {
        field.name: field for field in collection.fields
    }
    return {
        "type": "object",
        "description": collection.note or collection.name,
        "properties": {name: _value(field) for name, field in readable.items()},
    }


def _value(field: Field) -> Document:
    shown: Document = {**_TYPES[field.type], "nullable": True}
    if field.relation is not None:
        shown = {"description": f"A key of {field.relation.to}, or the item.", "nullable": True}
    if field.note:
        shown["description"] = field.note
    if field.max_length and shown.get("type") == "string":
        shown["maxLength"] = field.max_length
    if field.readonly:
        shown["readOnly"] = True
    return {key: value for key, value in shown.items() if "type" in shown or key != "nullable"}


def _paths(collection: Collection, route: str, actions: set[Action]) -> Document:
    name = collection.name
    one = {"$ref": f"#/components/schemas/{name}"}
    many = {"type": "array", "items": one}
    if collection.singleton:
        methods = _kept(
            actions,
            get=("read", _operation(name, "Read", one, _SHAPING)),
            patch=("update", _operation(name, "Update", one, _SHAPING, body=one)),
        )
        return {route: methods}
    several = {"oneOf": [many, {"type": "object"}]}
    keys = {"oneOf": [{"type": "array", "items": {}}, {"type": "object"}]}
    whole = _kept(
        actions,
        get=("read", _operation(name, "List", many, tuple(_PARAMETERS))),
        post=("create", _operation(name, "Create", {"oneOf": [one, many]}, _SHAPING, body=several)),
        patch=("update", _operation(name, "Update many", many, _SHAPING, body=several)),
        delete=("delete", _operation(name, "Delete many", None, (), body=keys)),
    )
    single = _kept(
        actions,
        get=("read", _operation(name, "Read", one, _SHAPING)),
        patch=("update", _operation(name, "Update", one, _SHAPING, body=one)),
        delete=("delete", _operation(name, "Delete", None, ())),
    )
    found: Document = {}
    if whole:
        found[route] = whole
    if single:
        key = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
        found[f"{route}/{{id}}"] = {"parameters": [key], **single}
    return found


def _kept(actions: set[Action], **methods: tuple[Action, Document]) -> Document:
    return {method: shown for method, (action, shown) in methods.items() if action in actions}


def _operation(
    name: str,
    verb: str,
    data: Document | None,
    parameters: tuple[str, ...],
    body: Document | None = None,
) -> Document:
    shown: Document = {
        "summary": f"{verb}: {name}",
        "operationId": f"{verb.lower().replace(' ', '_')}_{name}",
        "tags": [name],
        "responses": _responses(data),
    }
    if parameters:
        shown["parameters"] = [_parameter(parameter) for parameter in parameters]
    if body is not None:
        shown["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    return shown


def _parameter(name: str) -> Document:
    note, kind = _PARAMETERS[name]
    return {"name": name, "in": "query", "description": note, "schema": kind}


def _responses(data: Document | None) -> Document:
    nothing = {"description": "Done; there is nothing to show."}
    shown: Document = {"204": nothing}
    if data is not None:
        inner = {"type": "object", "properties": {"data": data, "meta": {"type": "object"}}}
        shown["200"] = {
            "description": "What was asked for.",
            "content": {"application/json": {"schema": inner}},
        }
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    for status, note in _ERRORS.items():
        shown[status] = {"description": note, "content": content}
    return shown


def _error() -> Document:
    facts = {"type": "object", "properties": {"code": {"type": "string"}}, "required": ["code"]}
    one = {
        "type": "object",
        "properties": {"message": {"type": "string"}, "extensions": facts},
        "required": ["message", "extensions"],
    }
    errors = {"type": "array", "items": one}
    return {"type": "object", "properties": {"errors": errors}, "required": ["errors"]}


_OBJECT: Document = {"type": "object"}
_OWN_PATHS: Document = {
    "/server/ping": {
        "get": {
            "summary": "Whether the server is there.",
            "security": [],
            "responses": {"200": {"description": "pong"}},
        }
    },
    "/auth/login": {
        "post": {
            "summary": "Log in.",
            "security": [],
            "requestBody": {
                "required": True,
                "content": {
                    "application/json": {
                        "schema": {
                            "type": "object",
                            "required": ["email", "password"],
                            "properties": {
                                "email": {"type": "string", "format": "email"},
                                "password": {"type": "string"},
                                "otp": {"type": "string"},
                                "mode": {"type": "string", "enum": ["json", "cookie", "session"]},
                            },
                        }
                    }
                },
            },
            "responses": _responses(_OBJECT),
        }
    },
    "/users/me": {"get": {"summary": "Who you are.", "responses": _responses(_OBJECT)}},
    "/permissions/me": {"get": {"summary": "What you may do.", "responses": _responses(_OBJECT)}},
}
"""Routes that are no collection's."""

routes = [Route("/server/specs/oas", specs, methods=["GET"])]
