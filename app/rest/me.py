"""What a caller is and may do: `/users/me`, `/roles/me`, `/permissions/me`, ... (5.4, 6.6)."""

from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.access.caller import Caller
from app.errors import Forbidden, InvalidCredentials, InvalidPayload
from app.items.items import Items
from app.items.policy.actions import described, flags_of, may
from app.items.policy.write_policy import Grant
from app.items.write.values import as_key
from app.json_text import written
from app.rest.items import read_many, read_one
from app.rest.params import parse
from app.rest.queries import read_back
from app.web.requests import body_of, query_of
from app.web.responses import data_response
from schema import Collection

USERS = "directus_users"


def _user(items: Items) -> str:
    if items.caller.user is None:
        raise InvalidCredentials
    return items.caller.user


async def users_me(request: Request) -> Response:
    """GET and PATCH of the caller's own user. Who may not read it learns its key."""
    items: Items = request.state.items
    user, text = _user(items), query_of(request)
    if request.method == "PATCH":
        body = await body_of(request)
        if not isinstance(body, dict):
            raise InvalidPayload("The body has to be an object")
        data = await items.update(USERS, [(user, body)], read_back(items, USERS, text))
        if data is None or data == b"[]":
            return data_response(orjson.dumps({"id": user}))
        return data_response(data.strip()[1:-1])
    try:
        return await read_one(items, USERS, user, text)
    except Forbidden:
        if "fields" in parse(text) and items.may_read(USERS):
            raise
        return data_response(orjson.dumps({"id": user}))


async def roles_me(request: Request) -> Response:
    """The caller's role and its ancestors, as far as it may read roles."""
    items: Items = request.state.items
    _user(items)
    if not items.may_read("directus_roles"):
        keys = [{"id": role} for role in items.caller.roles]
        return data_response(orjson.dumps(keys))
    own = {"id": {"_in": list(items.caller.roles)}}
    if not items.caller.roles:
        return data_response(b"[]")
    params = parse(query_of(request))
    return await read_many(items, "directus_roles", {**params, "filter": own})


async def policies_me_globals(request: Request) -> Response:
    caller: Caller = request.state.items.caller
    if caller.is_anonymous:
        return data_response(orjson.dumps({"app_access": False}))
    return data_response(orjson.dumps(flags_of(caller)))


async def permissions_me(request: Request) -> Response:
    """For every collection what the caller may do: full, partial (some rows) or none."""
    items: Items = request.state.items
    if items.caller.is_anonymous:
        raise Forbidden
    return data_response(written(items.permissions()))


async def permissions_me_item(request: Request) -> Response:
    """What the caller may do with one item (or with a collection's items at all)."""
    items: Items = request.state.items
    if items.caller.is_anonymous:
        raise Forbidden
    collection = items.known(request.path_params["collection"])
    key = request.path_params.get("key")
    shown: dict[str, dict[str, Any]] = {}
    for action in ("update", "delete", "share"):
        shown[action] = {"access": await _may(items, collection, action, key)}
    if collection.singleton:
        updated = described(items.caller, collection)["update"]
        shown["update"]["fields"] = updated.get("fields", [])
        shown["update"]["presets"] = updated.get("presets", {})
    return data_response(orjson.dumps(shown))


async def _may(items: Items, collection: Collection, action: Any, key: str | None) -> bool:
    if not may(items.caller, action, collection):
        return False
    if key is None:
        return True
    known = as_key(collection.primary_key, key)
    if known is None:
        return False
    async with items.database.write() as session:
        grant = Grant(items.compiler, session, items.caller)
        return known in await grant.touchable(collection, action, [known])


routes = [
    Route("/users/me", users_me, methods=["GET", "PATCH"]),
    Route("/roles/me", roles_me, methods=["GET"]),
    Route("/policies/me/globals", policies_me_globals, methods=["GET"]),
    Route("/permissions/me", permissions_me, methods=["GET"]),
    Route("/permissions/me/{collection}", permissions_me_item, methods=["GET"]),
    Route("/permissions/me/{collection}/{key:path}", permissions_me_item, methods=["GET"]),
]
