"""`/items/:collection` and `/items/:collection/:key` (directus.md 1)."""

from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.errors import Forbidden, InvalidPayload, RouteNotFound
from app.items.items import Items
from app.items.query import All, Query, Value
from app.rest.params import parse
from app.rest.queries import META, read_back_query, read_meta, read_query
from app.rest.responses import data_response, no_content
from app.settings import Settings


async def body_of(request: Request) -> Any:
    """The JSON body; an empty object when there is none or it is of another kind."""
    if not request.headers.get("content-type", "").startswith("application/json"):
        return {}
    raw = await request.body()
    if not raw.strip():
        return {}
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise InvalidPayload(str(error)) from None


async def collection_endpoint(request: Request) -> Response:
    """GET, POST, PATCH and DELETE of a whole collection."""
    items: Items = request.state.items
    settings: Settings = request.state.settings
    name = request.path_params["collection"]
    params = parse(request.url.query)
    match request.method:
        case "GET" | "HEAD":
            return await _list(items, name, params, settings)
        case "POST":
            return await _create(items, name, params, await body_of(request))
        case "PATCH":
            return await _update_many(items, name, params, await body_of(request))
    await _delete_many(items, name, await body_of(request))
    return no_content()


async def item_endpoint(request: Request) -> Response:
    """GET, PATCH and DELETE of one item. Keys may hold slashes."""
    items: Items = request.state.items
    name, key = request.path_params["collection"], request.path_params["key"]
    if key == "":
        return await collection_endpoint(request)
    params = parse(request.url.query)
    match request.method:
        case "GET" | "HEAD":
            return await _read(items, name, key, params)
        case "PATCH":
            return await _update_one(items, name, key, params, await body_of(request))
        case "DELETE":
            _plain(items, name, "delete")
            await items.delete(name, [key])
            return no_content()
    raise RouteNotFound(request.url.path)


async def _list(items: Items, name: str, params: dict[str, Any], settings: Settings) -> Response:
    _plain(items, name, "read")
    query = read_query(items, name, params, settings.query_limit_default)
    wanted = read_meta(params)
    data = await items.many(query)
    meta = {}
    if "total_count" in wanted:
        meta["total_count"] = await items.count(Query(name, ()))
    if "filter_count" in wanted:
        only = Query(name, (), filter=query.filter, search=query.search)
        meta["filter_count"] = await items.count(only)
    return data_response(data, {name: meta[name] for name in META if name in meta} or None)


async def _read(items: Items, name: str, key: str, params: dict[str, Any]) -> Response:
    _plain(items, name, "read")
    condition = items.by_key(name, key)
    query = read_query(items, name, {**params, "limit": "1"}, 1)
    if condition is None:
        raise Forbidden
    data = await items.one(_narrowed(query, condition))
    if data is None:
        raise Forbidden
    return data_response(data)


async def _create(items: Items, name: str, params: dict[str, Any], body: Any) -> Response:
    _plain(items, name, "create")
    if not isinstance(body, list | dict):
        raise InvalidPayload("The body has to be an object or an array of objects")
    payloads = body if isinstance(body, list) else [body]
    data = await items.create(name, payloads, read_back_query(items, name, params))
    return data_response(data if isinstance(body, list) else _only(data))


async def _update_one(
    items: Items, name: str, key: str, params: dict[str, Any], body: Any
) -> Response:
    _plain(items, name, "update")
    if not isinstance(body, dict):
        raise InvalidPayload("The body has to be an object")
    data = await items.update(name, [(key, body)], read_back_query(items, name, params))
    # Nothing of that key: the write stands (it touched nothing) and there is nothing to show.
    return no_content() if data == b"[]" else data_response(_only(data))


async def _update_many(items: Items, name: str, params: dict[str, Any], body: Any) -> Response:
    _plain(items, name, "update")
    patches = await _patches(items, name, body)
    return data_response(await items.update(name, patches, read_back_query(items, name, params)))


async def _patches(items: Items, name: str, body: Any) -> list[tuple[Any, Any]]:
    """The keys and patches of an array, `{keys,data}` or `{query,data}` body (1.5)."""
    key_name = items.compiler.schema[name].primary_key.name
    if isinstance(body, list):
        if not all(isinstance(item, dict) and item.get(key_name) is not None for item in body):
            raise InvalidPayload("Item in update misses primary key")
        return [(item[key_name], item) for item in body]
    if not isinstance(body, dict) or "data" not in body:
        raise InvalidPayload('"data" is required')
    if not isinstance(body["data"], dict):
        raise InvalidPayload('"data" must be of type object')
    keys = await _chosen(items, name, body, required=True)
    return [(key, dict(body["data"])) for key in keys]


async def _delete_many(items: Items, name: str, body: Any) -> None:
    _plain(items, name, "delete")
    keys = body if isinstance(body, list) else await _chosen(items, name, body, required=True)
    await items.delete(name, keys)


async def _chosen(items: Items, name: str, body: Any, *, required: bool) -> list[Any]:
    """The keys a `{keys}` or `{query}` body picks. A query picks every match, not the first 100."""
    if not isinstance(body, dict) or (required and not {"keys", "query"} & body.keys()):
        raise InvalidPayload('"value" must contain at least one of [query, keys]')
    if "keys" in body and "query" in body:
        raise InvalidPayload('"value" contains a conflict between exclusive peers [query, keys]')
    if "keys" in body:
        if not isinstance(body["keys"], list):
            raise InvalidPayload('"keys" must be an array')
        return body["keys"]
    if not isinstance(body["query"], dict):
        raise InvalidPayload('"query" must be of type object')
    return await items.keys(read_query(items, name, body["query"], -1))


def _plain(items: Items, name: str, action: Any) -> None:
    """System collections have routes of their own (1.2)."""
    if name.startswith("directus_"):
        raise Forbidden
    items.allow(action, name)


def _narrowed(query: Query, condition: Any) -> Query:
    both = condition if query.filter is None else All((query.filter, condition))
    return Query(
        query.collection, query.selection, filter=both, search=query.search, limit=Value(1)
    )


def _only(array: bytes) -> bytes:
    """The one object of a JSON array."""
    return array.strip()[1:-1]


_MANY = ["GET", "POST", "PATCH", "DELETE"]

routes = [
    Route("/items/{collection}", collection_endpoint, methods=_MANY),
    Route("/items/{collection}/{key:path}", item_endpoint, methods=_MANY),
]
