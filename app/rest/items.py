"""Items over REST: reading and writing the items of one collection (directus.md 1).

`/items/:collection` serves whatever is defined; `app.rest.system` serves the system collections
under names of their own (`/users`), by the same functions.
"""

from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.errors import Forbidden, InvalidPayload, RouteNotFound
from app.items.cache.prepared import Asked
from app.items.items import Items
from app.items.query.tree import AggregateQuery, Query
from app.json_text import loaded
from app.rest.exports import export_response, file_response
from app.rest.params import parse
from app.rest.queries import (
    META,
    Params,
    read_aggregate,
    read_back,
    read_chosen,
    read_export,
    read_list,
    read_meta,
    read_query,
    read_safe,
)
from app.web.requests import body_of, query_of
from app.web.responses import data_response, no_content


async def serve_collection(request: Request, name: str) -> Response:
    """GET, SEARCH, POST, PATCH and DELETE of a whole collection."""
    items: Items = request.state.items
    match request.method:
        case "GET" | "HEAD":
            return await _list(items, name, query_of(request))
        case "SEARCH":
            return await _search(items, name, parse(query_of(request)), await body_of(request))
        case "POST":
            return await _create(request, items, name)
        case "PATCH":
            return await _update_many(request, items, name)
    await _delete_many(items, name, await body_of(request))
    return no_content()


async def serve_item(request: Request, name: str, key: str) -> Response:
    """GET, PATCH and DELETE of one item. Keys may hold slashes."""
    items: Items = request.state.items
    if key == "":
        return await serve_collection(request, name)
    match request.method:
        case "GET" | "HEAD":
            return await read_one(items, name, key, query_of(request))
        case "PATCH":
            return await _update_one(request, items, name, key)
        case "DELETE":
            items.allow("delete", name)
            await items.delete(name, [key])
            return no_content()
    raise RouteNotFound(request.url.path)


async def _list(items: Items, name: str, text: str) -> Response:
    """GET of a collection."""
    asked = Asked("rest", name, text)
    known = items.known_reading(asked)
    if known is not None:
        return data_response(await items.run(known))
    return await read_many(items, name, parse(text), asked)


async def read_many(
    items: Items, name: str, params: Params, asked: Asked | None = None
) -> Response:
    """A list with its counts, groups, an export, or the one item of a singleton.

    `asked` stands for the parameters, where a plain list of them is to be known again.
    """
    collection = items.allow("read", name)
    wanted = read_meta(params)
    groups = await read_aggregate(items, name, params)
    export = read_export(params)
    if groups is not None:
        data = await items.aggregate(groups)
        if export is not None:
            return file_response(loaded(data), name, export, safe=read_safe(params))
        return _with_meta(data, await _counts(items, groups, wanted))
    query = await read_list(items, name, params)
    if collection.singleton and export is None:
        return data_response(await items.singleton(query))
    if export is not None:
        chosen = await items.item_of_singleton(name) if collection.singleton else None
        if collection.singleton and chosen is None:
            data = await items.singleton(query)
            return file_response([loaded(data)], name, export, safe=read_safe(params))
        blocks = items.export(query, export, safe=read_safe(params), chosen=chosen)
        return export_response(blocks, name, export)
    data = await items.run(items.reading(None if wanted else asked, lambda: query))
    return _with_meta(data, await _counts(items, query, wanted))


def _with_meta(data: bytes, counts: dict[str, int]) -> Response:
    return data_response(data, {name: counts[name] for name in META if name in counts} or None)


async def _counts(
    items: Items, query: Query | AggregateQuery, wanted: tuple[str, ...]
) -> dict[str, int]:
    counts = {}
    if "total_count" in wanted:
        counts["total_count"] = await items.count(Query(query.collection, ()))
    if "filter_count" in wanted:
        only = Query(query.collection, (), filter=query.filter, search=query.search)
        counts["filter_count"] = await items.count(only)
    return counts


async def _search(items: Items, name: str, params: Params, body: Any) -> Response:
    """SEARCH: the query comes in the body; `keys` picks rows (1.3)."""
    body = {} if body is None else body
    if not isinstance(body, dict):
        raise InvalidPayload('"value" must be of type object')
    for key in body:
        if key not in {"query", "keys"}:
            raise InvalidPayload(f'"{key}" is not allowed')
    query = body.get("query")
    if query is not None and not isinstance(query, dict):
        raise InvalidPayload('"query" must be of type object')
    if body.get("keys") is None:
        return await read_many(items, name, params if query is None else query)
    if not isinstance(body["keys"], list):
        raise InvalidPayload('"keys" must be an array')
    items.allow("read", name)
    keys = body["keys"]
    chosen = {"limit": max(len(keys), 1), **(params if query is None else query)}
    read = await read_list(items, name, chosen)
    return data_response(await items.many_of(read, keys))


async def read_one(items: Items, name: str, key: Any, text: str) -> Response:
    """One item. Raises Forbidden when the caller sees none of that key."""

    def query() -> Query:
        items.allow("read", name)
        params = {**parse(text), "limit": "1", "page": None, "offset": None}
        return replace(read_query(items, name, params), sort=())

    data = await items.find(items.reading_by_key(Asked("rest", name, text), query), key)
    if data is None:
        raise Forbidden
    params = parse(text) if "export" in text else {}
    export = read_export(params)
    if export is None:
        return data_response(data)
    blocks = items.export(query(), export, safe=read_safe(params), chosen=items.by_key(name, key))
    return export_response(blocks, name, export)


async def _create(request: Request, items: Items, name: str) -> Response:
    body = await body_of(request)
    if items.allow("create", name).singleton:
        raise RouteNotFound(request.url.path)
    if not isinstance(body, list | dict):
        raise InvalidPayload("The body has to be an object or an array of objects")
    payloads = body if isinstance(body, list) else [body]
    data = await items.create(name, payloads, read_back(items, name, query_of(request)))
    return _shown(data, many=isinstance(body, list))


async def _update_one(request: Request, items: Items, name: str, key: str) -> Response:
    body = await body_of(request)
    items.allow("update", name)
    if not isinstance(body, dict):
        raise InvalidPayload("The body has to be an object")
    back = read_back(items, name, query_of(request))
    data = await items.update(name, [(key, body)], back)
    # Nothing of that key: the write stands (it touched nothing) and there is nothing to show.
    return no_content() if data == b"[]" else _shown(data, many=False)


async def _update_many(request: Request, items: Items, name: str) -> Response:
    body = await body_of(request)
    is_singleton = items.allow("update", name).singleton
    back = read_back(items, name, query_of(request))
    if is_singleton:
        if not isinstance(body, dict):
            raise InvalidPayload("The body has to be an object")
        return _shown(await items.update_singleton(name, body, back), many=False)
    patches = await _patches(items, name, body)
    by_query = isinstance(body, dict) and "query" in body
    return _shown(await items.update(name, patches, back, by_query=by_query), many=True)


async def _patches(items: Items, name: str, body: Any) -> list[tuple[Any, Any]]:
    """The keys and patches of an array, `{keys,data}` or `{query,data}` body (1.5)."""
    key_name = items.schema[name].primary_key.name
    if isinstance(body, list):
        if not all(isinstance(item, dict) and item.get(key_name) is not None for item in body):
            raise InvalidPayload("Item in update misses primary key")
        return [(item[key_name], item) for item in body]
    if not isinstance(body, dict) or "data" not in body:
        raise InvalidPayload('"data" is required')
    if not isinstance(body["data"], dict):
        raise InvalidPayload('"data" must be of type object')
    keys = await _chosen(items, name, body)
    return [(key, body["data"]) for key in keys]


async def _delete_many(items: Items, name: str, body: Any) -> None:
    items.allow("delete", name)
    keys = body if isinstance(body, list) else await _chosen(items, name, body)
    await items.delete(name, keys, by_query=isinstance(body, dict) and "query" in body)


async def _chosen(items: Items, name: str, body: Any) -> list[Any]:
    """The keys a `{keys}` or `{query}` body picks. A query picks every match, not the first 100."""
    if not isinstance(body, dict) or not {"keys", "query"} & body.keys():
        raise InvalidPayload('"value" must contain at least one of [query, keys]')
    if "keys" in body and "query" in body:
        raise InvalidPayload('"value" contains a conflict between exclusive peers [query, keys]')
    if "keys" in body:
        if not isinstance(body["keys"], list):
            raise InvalidPayload('"keys" must be an array')
        return body["keys"]
    if not isinstance(body["query"], dict):
        raise InvalidPayload('"query" must be of type object')
    items.allow("read", name)
    return await items.keys(await read_chosen(items, name, body["query"]))


def _shown(array: bytes | None, *, many: bool) -> Response:
    """What was written; 204 when the caller can't see it (1.1)."""
    if array is None or (not many and array == b"[]"):
        return no_content()
    return data_response(array if many else array.strip()[1:-1])


METHODS = ["GET", "SEARCH", "POST", "PATCH", "DELETE"]


async def _collection(request: Request) -> Response:
    return await serve_collection(request, _own(request.path_params["collection"]))


async def _item(request: Request) -> Response:
    name = _own(request.path_params["collection"])
    return await serve_item(request, name, request.path_params["key"])


def _own(name: str) -> str:
    """System collections have routes of their own (1.2)."""
    if name.startswith("directus_"):
        raise Forbidden
    return name


routes = [
    Route("/items/{collection}", _collection, methods=METHODS),
    Route("/items/{collection}/{key:path}", _item, methods=METHODS),
]
