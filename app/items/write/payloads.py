"""What a request may ask to be written, before any of it is looked at."""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from app.errors import InvalidPayload
from app.items.hooks import Row
from app.json_text import written

_MOST_FIELDS = 1000
"""Of one item: looking at each is a single step, that all others wait for."""
MOST_WRITTEN = 64 * 1024 * 1024
"""Characters that a request changes: what it says once of many rows counts for each of them."""


def objects(payloads: list[Any]) -> list[Row]:
    """The payloads, each an object. Raises InvalidPayload for others, and for too many fields."""
    if not all(isinstance(payload, dict) for payload in payloads):
        raise InvalidPayload("Each item has to be an object")
    if any(len(payload) > _MOST_FIELDS for payload in payloads):
        raise InvalidPayload(f"An item has {_MOST_FIELDS} fields at most")
    return payloads


def weights(payloads: Iterable[Any]) -> list[int]:
    """The characters that each of the payloads writes.

    Raises InvalidPayload for what says little and writes much.
    """
    known: dict[int, int] = {}
    found = [_weight_of(payload, known) for payload in payloads]
    if len(found) > 1:
        require_light(sum(found))
    return found


def require_light(written: int) -> None:
    """Raises InvalidPayload where so many characters are too many for one change.

    The one rule of all ways to say something once of many rows: changes by keys or query, nested
    ones, variables that a GraphQL document names again and again, SCM uploads.
    """
    if written > MOST_WRITTEN:
        raise InvalidPayload(f"The change writes more than {MOST_WRITTEN} characters: take parts")


def weight_of(payload: Mapping[str, Any]) -> int:
    """The characters that one payload writes."""
    return _weight_of(payload, {})


def _weight_of(payload: Any, known: dict[int, int]) -> int:
    """What several payloads share is looked at once: `known`, by what it is."""
    if not isinstance(payload, Mapping):
        return 0
    if id(payload) not in known:
        known[id(payload)] = sum(_characters(value, known) for value in payload.values())
    return known[id(payload)]


def _characters(value: Any, known: dict[int, int]) -> int:
    if isinstance(value, str):
        return len(value)
    if not isinstance(value, dict | list):
        return 1
    if id(value) not in known:
        known[id(value)] = _length(value)
    return known[id(value)]


def _length(value: Any) -> int:
    try:
        return len(written(value))
    except orjson.JSONEncodeError:  # it is refused where it is to be stored
        return 0
