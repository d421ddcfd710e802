"""Query strings with brackets: `filter[a][_eq]=x` becomes nested objects (directus.md 0, 2)."""

import re
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qsl

from app.errors import InvalidQuery

_PART = re.compile(r"\[([^\[\]]*)\]")
_MAX_DEPTH = 10
_MAX_ITEMS = 500
_INDEX = re.compile(r"[0-9]{1,3}")


def parse(query_string: str) -> dict[str, Any]:
    """The parameters by name: strings, lists (`a[]=`, repeated names) and objects (`a[b]=`)."""
    root: dict[str, Any] = {}
    if "%00" in query_string or "\x00" in query_string:
        raise InvalidQuery("A parameter contains a NUL character; remove it")
    for name, value in parse_qsl(query_string, keep_blank_values=True):
        head, bracket, _ = name.partition("[")
        parts = _PART.findall(name[len(head) :]) if bracket else []
        if len(parts) > _MAX_DEPTH:
            raise InvalidQuery(f'"{head}" is nested deeper than {_MAX_DEPTH} levels')
        _put(root, [head, *parts], value)
    return {name: _lists(value) for name, value in root.items()}


def _put(into: dict[str, Any], path: list[str], value: str) -> None:
    """Store a value; an empty last part appends, a repeated name makes a list."""
    for here, following in pairwise(path):
        child = into.get(here)
        if not isinstance(child, dict):
            child = {} if child is None else {"0": child}
            into[here] = child
        if following == "":
            path = [*path[:-1], str(len(child))]
        into = child
    last = path[-1]
    held = into.get(last)
    if held is None:
        into[last] = value
    elif isinstance(held, list):
        held.append(value)
    else:
        into[last] = [held, value]


def _lists(value: Any) -> Any:
    """Objects whose names are numbers are lists in that order, up to the array limit."""
    if not isinstance(value, dict):
        return value
    items = {name: _lists(item) for name, item in value.items()}
    if items and all(_INDEX.fullmatch(name) and int(name) < _MAX_ITEMS for name in items):
        return [items[name] for name in sorted(items, key=int)]
    return items
