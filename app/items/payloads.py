"""What a request may ask to be written, before any of it is looked at."""

from typing import Any

import orjson

from app.errors import InvalidPayload
from app.items.rules import Row

_MOST_FIELDS = 1000
"""Of one item: looking at each is a single step, that all others wait for."""
_MOST_WRITTEN = 64 * 1024 * 1024
"""Characters that a request changes: what it says once of many rows counts for each of them."""


def objects(payloads: list[Any]) -> list[Row]:
    """The payloads, each an object. Raises InvalidPayload for others, and for too many fields."""
    if not all(isinstance(payload, dict) for payload in payloads):
        raise InvalidPayload("Each item has to be an object")
    if any(len(payload) > _MOST_FIELDS for payload in payloads):
        raise InvalidPayload(f"An item has {_MOST_FIELDS} fields at most")
    return payloads


def require_light(patches: list[tuple[Any, Any]]) -> None:
    """Raises InvalidPayload for a change that says little and writes much."""
    known: dict[int, int] = {}
    total = 0
    for _, patch in patches if len(patches) > 1 else ():
        for value in patch.values() if isinstance(patch, dict) else ():
            if isinstance(value, str):
                total += len(value)
            elif isinstance(value, dict | list):
                if id(value) not in known:
                    known[id(value)] = len(orjson.dumps(value, default=str))
                total += known[id(value)]
    if total > _MOST_WRITTEN:
        raise InvalidPayload(f"The change writes more than {_MOST_WRITTEN} characters: take parts")
