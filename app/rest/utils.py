"""`/utils`: random strings, hashes, manual order, revert, import, export (directus.md 10)."""

import secrets
import string
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.access.caller import Caller
from app.access.secrets import is_costly, is_password, password_hash
from app.errors import Forbidden, InvalidPayload, InvalidQuery
from app.items.items import Items
from app.items.operands import as_number
from app.items.query import Leaf, Query
from app.items.reorder import move
from app.pools import Asker
from app.rest.export_files import export_endpoint
from app.rest.imports import import_endpoint
from app.rest.requests import body_of
from app.rest.responses import data_response, no_content, nothing

REVISIONS = "directus_revisions"
_ALPHABET = string.ascii_letters + string.digits
_LONGEST = 500
_LONGEST_HASHED = 4096


async def random_string(request: Request) -> Response:
    """`length` random letters and digits."""
    given = request.query_params.get("length") or "32"
    length = as_number(given)
    if length is None or not 1 <= length <= _LONGEST or length != int(length):
        raise InvalidQuery(f'"length" must be between 1 and {_LONGEST}')
    text = "".join(secrets.choice(_ALPHABET) for _ in range(int(length)))
    return data_response(orjson.dumps(text))


async def generate_hash(request: Request) -> Response:
    """The argon2 hash of `string`. For users: it costs what a login costs."""
    by = _require_user(request)
    body = await body_of(request)
    return data_response(orjson.dumps(await password_hash(_text(body, "string"), by)))


async def verify_hash(request: Request) -> Response:
    """Whether `hash` is an argon2 hash of `string`."""
    by = _require_user(request)
    body = await body_of(request)
    given, hashed = _text(body, "string"), _text(body, "hash")
    if is_costly(hashed):
        raise InvalidPayload(
            '"hash" must be argon2id with at most the costs of /utils/hash/generate'
        )
    return data_response(orjson.dumps(await is_password(given, hashed, by)))


async def sort_endpoint(request: Request) -> Response:
    """Put `item` at the place of `to` in the manual order of its collection."""
    items: Items = request.state.items
    body = await body_of(request)
    for name in ("item", "to"):
        if not isinstance(body, dict) or body.get(name) is None:
            raise InvalidPayload(f'"{name}" is required')
    await move(items, request.path_params["collection"], body["item"], body["to"])
    return nothing()


async def revert_endpoint(request: Request) -> Response:
    """Make an item what a revision says it was."""
    items: Items = request.state.items
    items.allow("read", REVISIONS)
    condition = items.by_key(REVISIONS, request.path_params["revision"])
    if condition is None:
        raise Forbidden
    names = ("collection", "item", "data")
    if hidden := [name for name in names if name not in items.view().fields(REVISIONS)]:
        raise Forbidden.fields(hidden, REVISIONS)
    shown = tuple(Leaf(name, name) for name in names)
    found = await items.one(Query(REVISIONS, shown), condition)
    if found is None:
        raise Forbidden
    revision = orjson.loads(found)
    if not isinstance(revision["data"], dict):
        raise InvalidPayload("Revision doesn't contain data to revert to")
    collection = items.allow("update", revision["collection"])
    writable = {
        field.name for field in collection.fields if field.stored and not field.readonly
    } - {collection.primary_key.name}
    patch = {name: value for name, value in revision["data"].items() if name in writable}
    await items.update(collection.name, [(revision["item"], patch)], None)
    return no_content()


async def clear_cache(request: Request) -> Response:
    """There is no cache of answers to clear; admins are told that it is empty."""
    if not request.state.items.caller.is_admin:
        raise Forbidden
    return nothing()


def _require_user(request: Request) -> Asker:
    """Whose share of costly work it is. Raises Forbidden for nobody."""
    caller: Caller = request.state.items.caller
    if caller.is_anonymous:
        raise Forbidden
    return Asker(caller.share)


def _text(body: Any, name: str) -> str:
    given = body.get(name) if isinstance(body, dict) else None
    if given is None or given == "":
        raise InvalidPayload(f'"{name}" is required')
    if not isinstance(given, str):
        raise InvalidPayload(f'"{name}" must be a string')
    if len(given) > _LONGEST_HASHED:
        raise InvalidPayload(f'"{name}" must be at most {_LONGEST_HASHED} characters long')
    return given


routes = [
    Route("/utils/random/string", random_string, methods=["GET"]),
    Route("/utils/hash/generate", generate_hash, methods=["POST"]),
    Route("/utils/hash/verify", verify_hash, methods=["POST"]),
    Route("/utils/sort/{collection}", sort_endpoint, methods=["POST"]),
    Route("/utils/revert/{revision}", revert_endpoint, methods=["POST"]),
    Route("/utils/cache/clear", clear_cache, methods=["POST"]),
    Route("/utils/export/{collection}", export_endpoint, methods=["POST"]),
    Route("/utils/import/{collection}", import_endpoint, methods=["POST"]),
]
