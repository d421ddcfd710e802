"""`/server/specs/oas`: the OpenAPI document of what the caller may do (directus.md 10).

Its tags, schemas and operations are named as Directus names them: clients are generated from it.
"""

from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.access.permissions import Action
from app.errors import Forbidden
from app.items.items import Items
from app.pools import DESCRIPTIONS
from app.rest.openapi import definitions
from app.rest.openapi import routes as fixed
from app.rest.openapi.items import Described, item, paths
from app.rest.openapi.names import tags
from app.rest.openapi.parts import Document, components
from app.web.requests import absolute
from app.web.responses import json_response
from schema import Collection

_ACTIONS: tuple[Action, ...] = ("create", "read", "update", "delete")


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
    caller = items.caller
    if caller.is_anonymous:
        raise Forbidden
    every = tags(items.schema)
    found = [
        shown
        for collection in items.schema.exposed()
        if (shown := _described(items, collection, every[collection.name])).actions
    ]
    known = {shown.collection.name: shown.tag for shown in found}
    described = {**fixed.paths(caller, frozenset(known.values())), **definitions.paths(caller)}
    for shown in found:
        for path, operations in paths(shown).items():
            described[path] = {**described.get(path, {}), **operations}
    schemas = {shown.tag: item(items.schema, shown, known) for shown in found}
    return {
        "openapi": "3.0.3",
        "info": {
            "title": "Mintage",
            "version": "1",
            "description": "What you may do here, by REST. Send `Authorization: Bearer <token>`.",
        },
        "servers": [{"url": url}],
        "security": [{"token": []}],
        "tags": _tags(found, described),
        "paths": described,
        "components": components({**schemas, **definitions.schemas(caller)}),
    }


def _described(items: Items, collection: Collection, tag: str) -> Described:
    # What is not read may be written all the same, so unreadable fields are in it then.
    readable = items.view().fields(collection.name)
    return Described(
        collection,
        tag,
        frozenset(_allowed(items, collection)),
        readable or items.schema.fields(collection.name),
        sees_all=items.caller.is_admin,
    )


def _allowed(items: Items, collection: Collection) -> set[Action]:
    allowed: set[Action] = set()
    for action in _ACTIONS:
        try:
            items.allow(action, collection.name)
        except Forbidden:
            continue
        allowed.add(action)
    return allowed


def _tags(found: list[Described], described: Document) -> list[dict[str, Any]]:
    """Each tag with the collection that it is about, and those of no collection."""
    shown = {
        one.tag: {
            "name": one.tag,
            "description": one.collection.note or one.collection.name,
            "x-collection": one.collection.name,
        }
        for one in found
    }
    used = {
        tag
        for operations in described.values()
        for name, operation in operations.items()
        if name != "parameters"
        for tag in operation["tags"]
    }
    return [*shown.values(), *({"name": tag} for tag in sorted(used - shown.keys()))]


routes = [Route("/server/specs/oas", specs, methods=["GET"])]
