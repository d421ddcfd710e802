"""`/collections`, `/fields`, `/relations`: what is defined (directus.md 8.4).

Read-only: definitions are files (docs/schema.md). Who is no admin sees what it may read.
"""

from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.errors import Forbidden
from app.items import definitions
from app.items.items import Items
from app.web.responses import data_response

NOT_HERE = (
    "The schema is defined by files, so it can't be changed here: change the snapshot that SCHEMA "
    "names (or the definitions in schema/) and run `mintage migrate`."
)


def _answer(data: Any) -> Response:
    return data_response(orjson.dumps(data))


def _place(request: Request) -> tuple[Items, str]:
    return _read_only(request), request.path_params["collection"]


async def collections(request: Request) -> Response:
    return _answer(definitions.collections(_read_only(request)))


async def collection(request: Request) -> Response:
    return _answer(definitions.collection(*_place(request)))


async def fields(request: Request) -> Response:
    return _answer(definitions.fields(_read_only(request)))


async def fields_of(request: Request) -> Response:
    return _answer(definitions.fields_of(*_place(request)))


async def field(request: Request) -> Response:
    return _answer(definitions.field_of(*_place(request), request.path_params["field"]))


async def relations(request: Request) -> Response:
    return _answer(definitions.relations(_read_only(request)))


async def relations_of(request: Request) -> Response:
    return _answer(definitions.relations_of(*_place(request)))


async def relation(request: Request) -> Response:
    return _answer(definitions.relation_of(*_place(request), request.path_params["field"]))


def _read_only(request: Request) -> Items:
    items: Items = request.state.items
    if request.method not in {"GET", "HEAD", "SEARCH"}:
        raise Forbidden(NOT_HERE) if items.caller.is_admin else Forbidden
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
]
