"""Directus's global query parameters: from a request to a query tree (directus.md 2).

They come as text in the URL, as values in the body of a SEARCH or a by-query write, and as either
inside JSON; all are read alike.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from app.errors import InvalidQuery, shown
from app.items.cache.prepared import Asked, PreparedRead
from app.items.export.exports import FORMATS, Format
from app.items.items import Items
from app.items.query.filter import NOTHING
from app.items.query.groups import aggregate_query
from app.items.query.operands import as_boolean, as_number
from app.items.query.queued_reading import read_in_turn
from app.items.query.selection import Options
from app.items.query.tree import AggregateQuery, Query
from app.json_text import NotJson, TooDeep, read_json
from app.rest.params import parse

_LONGEST_NAMES = 100_000
"""Characters of a list of names: they are looked at one by one."""
_MOST_ALIASES = 100
"""Of one level: each may be a join of its own."""
META = ("total_count", "filter_count")

Params = Mapping[str, Any]


async def read_list(items: Items, collection: str, params: Params) -> Query:
    """The query of a list. Raises InvalidQuery, Forbidden and TooManyAtOnce."""
    read = partial(read_query, items, collection, params)
    return await read_in_turn(items.caller, params, read)


async def read_chosen(items: Items, collection: str, params: Params) -> Query:
    """The query that picks rows to be written: all of those that match, unless it has pages.

    Raises as `read_list`, and InvalidQuery for what would pick more than is meant: a parameter that
    is none, and a filter that says nothing.
    """
    for name in params:
        if name not in _PARAMETERS:
            raise InvalidQuery(f'"{shown(name)}" is not a query parameter')
    has_pages = params.get("page") not in (None, "")
    query = await read_list(items, collection, params if has_pages else {"limit": -1, **params})
    if query.filter is None and _filter(params.get("filter")) not in NOTHING:
        raise InvalidQuery("The filter has no condition: it would select every row")
    return query


_PARAMETERS = frozenset(
    "fields filter search sort limit offset page deep alias aggregate groupBy meta backlink export "
    "version versionRaw".split()
)
"""What a query in a body may have (directus.md 2)."""


def read_query(items: Items, collection: str, params: Params) -> Query:
    """The query of a list or single read. Raises InvalidQuery and Forbidden."""
    fields = names(params.get("fields"), "fields") or ["*"]
    backlinks = str(params.get("backlink", "true")).lower() != "false"
    return items.reader().query(collection, fields, options(params), backlinks=backlinks)


async def read_aggregate(items: Items, collection: str, params: Params) -> AggregateQuery | None:
    """The query of `aggregate` and `groupBy`; None when neither is there. Raises as `read_list`."""
    operations = _json(params.get("aggregate"), "aggregate")
    groups = names(params.get("groupBy"), "groupBy")
    if not operations and not groups:
        return None
    if operations is not None and not isinstance(operations, dict):
        raise InvalidQuery('"aggregate" has to be an object')
    wanted = {name: names(value, name) for name, value in (operations or {}).items()}

    def read() -> AggregateQuery:
        return aggregate_query(items.reader(), collection, wanted, groups, options(params))

    return await read_in_turn(items.caller, params, read)


def read_back(items: Items, collection: str, text: str) -> PreparedRead | None:
    """How a write answers what it wrote; None when the caller may not read that."""
    if not items.may_read(collection):
        return None

    def query() -> Query:
        params = parse(text)
        shaping: Params = {n: params[n] for n in ("fields", "sort", "deep", "alias") if n in params}
        return replace(read_query(items, collection, shaping), limit=None, offset=None)

    return items.reading_by_keys(Asked("rest", collection, text), query)


def read_meta(params: Params) -> tuple[str, ...]:
    """The counts asked for."""
    wanted = names(params.get("meta"), "meta")
    if "*" in wanted:
        return META
    for place, name in enumerate(wanted):
        if name not in META:
            raise InvalidQuery(f'"meta[{place}]" must be one of [{", ".join(META)}]')
    return tuple(wanted)


def read_export(params: Params) -> Format | None:
    """The format asked for; None for the ordinary answer."""
    wanted = params.get("export")
    if wanted is None:
        return None
    for form in FORMATS:
        if wanted == form:
            return form
    raise InvalidQuery(f'"export" must be one of [{", ".join(FORMATS)}]')


def read_safe(params: Params) -> bool:
    """Whether no cell of a CSV may be a formula: `export_safe=true`."""
    wanted = params.get("export_safe")
    if wanted in (None, ""):
        return False
    answer = as_boolean(wanted)
    if answer is None:
        raise InvalidQuery('"export_safe" must be a boolean')
    return answer


def options(params: Params, mark: str = "") -> Options:
    """What the parameters say of one level. In `deep` their names are marked by `_`."""
    alias = _json(params.get(f"{mark}alias"), "alias")
    deep = params if mark else _deep(params.get("deep"))
    for name in ("aggregate", "groupBy"):
        if mark and f"_{name}" in params:
            raise InvalidQuery(f'"deep" does not take "_{name}": query the collection itself')
    return Options(
        filter=_filter(params.get(f"{mark}filter")),
        search=params.get(f"{mark}search"),
        sort=tuple(names(params.get(f"{mark}sort"), "sort")),
        limit=_whole(params, f"{mark}limit", -1),
        offset=_whole(params, f"{mark}offset", 0),
        page=_whole(params, f"{mark}page", 0),
        alias=_aliases(alias),
        below={
            name: options(value, "_")
            for name, value in deep.items()
            if not name.startswith("_") and isinstance(value, dict)
        },
    )


def _deep(value: Any) -> Params:
    """The options of relations. Text that is no JSON says nothing (2.7)."""
    if isinstance(value, str):
        try:
            value = read_json(value)
        except TooDeep as error:
            raise InvalidQuery(str(error)) from None
        except NotJson:
            return {}
    return value if isinstance(value, dict) else {}


def _aliases(value: Any) -> dict[str, str]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidQuery('"alias" has to be an object')
    if len(value) > _MOST_ALIASES:
        raise InvalidQuery(f'"alias" takes {_MOST_ALIASES} names at most')
    for key, name in value.items():
        if not isinstance(name, str):
            raise InvalidQuery(f'"alias" value of "{key}" has to be a string')
        if "\x00" in key:
            raise InvalidQuery('"alias" key contains a NUL character; remove it')
        if "." in key:
            raise InvalidQuery('"alias" key can\'t contain a period character `.`')
        if "." in name.partition("(")[0] or ("." in name and not name.startswith("json(")):
            raise InvalidQuery('"alias" value can\'t contain a period character `.`')
    return value


def names(value: Any, parameter: str) -> list[str]:
    """Names from comma-separated text, a list, or a list of such text. Calls keep their commas."""
    if value is None or value == "":
        return []
    if isinstance(value, str):
        value = [value]
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise InvalidQuery(f'"{parameter}" must be a string or array')
    if sum(map(len, value)) > _LONGEST_NAMES:
        raise InvalidQuery(f'"{parameter}" takes {_LONGEST_NAMES} characters at most')
    return [name for item in value for name in _split(item)]


def _split(text: str) -> list[str]:
    found, depth, start = [], 0, 0
    for place, char in enumerate(text):
        depth += (char == "(") - (char == ")")
        if char == "," and depth == 0:
            found.append(text[start:place])
            start = place + 1
    found.append(text[start:])
    return [name.strip() for name in found if name.strip()]


def _filter(value: Any) -> Any:
    return _json(value, "filter")


def _json(value: Any, parameter: str) -> Any:
    """A value that may come as JSON text."""
    if not isinstance(value, str):
        return value
    if not value.strip():
        return None
    try:
        return read_json(value)
    except TooDeep as error:
        raise InvalidQuery(str(error)) from None
    except NotJson:
        raise InvalidQuery(f"Invalid JSON for {parameter} object") from None


def _whole(params: Params, name: str, least: int) -> int | None:
    value, shown = params.get(name), name.removeprefix("_")
    if value is None or value == "":
        return None
    number = as_number(value)
    if number is None:
        raise InvalidQuery(f'"{shown}" must be a number')
    if number != number.to_integral_value():
        raise InvalidQuery(f'"{shown}" must be an integer')
    if number < least:
        raise InvalidQuery(f'"{shown}" must be greater than or equal to {least}')
    if number > 2**31 - 1:
        raise InvalidQuery(f'"{shown}" must be less than or equal to {2**31 - 1}')
    return int(number)
