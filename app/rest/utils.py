"""`/utils`: random strings, hashes, manual order, revert, import, export (directus.md 10)."""

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.domains.server.hashes import hash_of, is_hash_of
from app.domains.server.random_text import random_text
from app.errors import Forbidden, InvalidPayload
from app.items.items import Items
from app.items.query.operands import as_number
from app.items.revert import revert
from app.rest.export_files import export_endpoint
from app.rest.imports import import_endpoint
from app.web.requests import body_of
from app.web.responses import data_response, no_content, nothing


async def random_string(request: Request) -> Response:
    """`length` random letters and digits."""
    given = request.query_params.get("length")
    return data_response(orjson.dumps(random_text(as_number(given)) if given else random_text()))


async def generate_hash(request: Request) -> Response:
    """The argon2 hash of `string`."""
    body = await body_of(request)
    given = body if isinstance(body, dict) else {}
    hashed = await hash_of(given.get("string"), request.state.items.caller)
    return data_response(orjson.dumps(hashed))


async def verify_hash(request: Request) -> Response:
    """Whether `hash` is an argon2 hash of `string`."""
    body = await body_of(request)
    given = body if isinstance(body, dict) else {}
    is_one = await is_hash_of(given.get("string"), given.get("hash"), request.state.items.caller)
    return data_response(orjson.dumps(is_one))


async def sort_endpoint(request: Request) -> Response:
    """Put `item` at the place of `to` in the manual order of its collection."""
    items: Items = request.state.items
    body = await body_of(request)
    for name in ("item", "to"):
        if not isinstance(body, dict) or body.get(name) is None:
            raise InvalidPayload(f'"{name}" is required')
    await items.reorder(request.path_params["collection"], body["item"], body["to"])
    return nothing()


async def revert_endpoint(request: Request) -> Response:
    """Make an item what a revision says it was."""
    await revert(request.state.items, request.path_params["revision"])
    return no_content()


async def clear_cache(request: Request) -> Response:
    """There is no cache of answers to clear; admins are told that it is empty."""
    if not request.state.items.caller.is_admin:
        raise Forbidden
    return nothing()


routes = [
    Route("/utils/random/string", random_string, methods=["GET"]),
    Route("/utils/hash/generate", generate_hash, methods=["POST"]),
    Route("/utils/hash/verify", verify_hash, methods=["POST"]),
    Route("/utils/sort/{collection}", sort_endpoint, methods=["POST"]),
    Route("/utils/revert/{revision}", revert_endpoint, methods=["POST"]),
    Route("/utils/cache/clear", clear_cache, methods=["POST"]),
    Route("/utils/export/{collection}", export_endpoint, methods=["POST"]),
]
upload_routes = [Route("/utils/import/{collection}", import_endpoint, methods=["POST"])]
