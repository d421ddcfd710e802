"""Directus's global query parameters: from a request to a query tree (directus.md 2)."""

from typing import Any

import orjson

from app.errors import InvalidQuery
from app.items.items import Items
from app.items.operands import as_number
from app.items.query import Query, Value
from app.items.search import search_condition
from app.items.selection import FieldReader

META = ("total_count", "filter_count")


def read_query(items: Items, collection: str, params: dict[str, Any], default_limit: int) -> Query:
    """The query of a list or single read. Raises InvalidQuery and Forbidden."""
    schema = items.compiler.schema
    reader = FieldReader(schema, items.depth)
    limit, offset = _page(params, default_limit)
    fields = _names(params.get("fields"), "fields") or ["*"]
    return Query(
        collection,
        reader.selection(collection, fields),
        filter=items.filters().read(collection, _filter(params.get("filter"))),
        search=search_condition(schema, collection, params.get("search")),
        sort=reader.sort(collection, _names(params.get("sort"), "sort")),
        limit=None if limit is None else Value(limit),
        offset=None if offset is None else Value(offset),
    )


def read_back_query(items: Items, collection: str, params: dict[str, Any]) -> Query:
    """The query that shapes what a write answers: its fields and order, all its rows."""
    shaping: dict[str, Any] = {name: params[name] for name in ("fields", "sort") if name in params}
    return read_query(items, collection, {**shaping, "limit": "-1"}, -1)


def read_meta(params: dict[str, Any]) -> tuple[str, ...]:
    """The counts asked for."""
    names = _names(params.get("meta"), "meta")
    if "*" in names:
        return META
    for place, name in enumerate(names):
        if name not in META:
            raise InvalidQuery(f'"meta[{place}]" must be one of [{", ".join(META)}]')
    return tuple(names)


def _names(value: Any, parameter: str) -> list[str]:
    """Names from comma-separated text, a list, or a list of such text. Calls keep their commas."""
    if value is None or value == "":
        return []
    if isinstance(value, str):
        return _split(value)
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise InvalidQuery(f'"{parameter}" must be a string or array')
    return [name for item in value for name in _split(item)]


def _split(text: str) -> list[str]:
    names, depth, start = [], 0, 0
    for place, char in enumerate(text):
        depth += (char == "(") - (char == ")")
        if char == "," and depth == 0:
            names.append(text[start:place])
            start = place + 1
    names.append(text[start:])
    return [name.strip() for name in names if name.strip()]


def _filter(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if not value.strip():
        return None
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        raise InvalidQuery("Invalid JSON for filter object") from None


def _page(params: dict[str, Any], default_limit: int) -> tuple[int | None, int | None]:
    """Limit and offset; `page` counts in limits from 1 and overrides `offset` (2.5)."""
    limit = _whole(params, "limit", -1)
    offset = _whole(params, "offset", 0)
    page = _whole(params, "page", 0)
    rows = default_limit if limit is None else limit
    if page and rows != -1:
        offset = rows * (page - 1)
    return (None if rows == -1 else rows), offset


def _whole(params: dict[str, Any], name: str, least: int) -> int | None:
    value = params.get(name)
    if value is None or value == "":
        return None
    number = as_number(value)
    if number is None:
        raise InvalidQuery(f'"{name}" must be a number')
    if number != number.to_integral_value():
        raise InvalidQuery(f'"{name}" must be an integer')
    if number < least:
        raise InvalidQuery(f'"{name}" must be greater than or equal to {least}')
    if number > 2**31 - 1:
        raise InvalidQuery(f'"{name}" must be less than or equal to {2**31 - 1}')
    return int(number)
