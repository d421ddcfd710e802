"""JSON from outside: read whole or refused, before anybody works on it."""

import json
import re
import sys
from decimal import Decimal
from typing import Any

import orjson

DEEPEST = 100
"""Objects and lists inside each other. What reads them later calls itself once for each level."""


_MOST_PARTS, _MOST_COMMAS = 200_000, 600_000
_FEW_PARTS, _FEW_COMMAS = 2_000, 20_000
"""Objects and lists, and commas, of a text; and of one from nobody. Counting them is quick, making
values of them is not, and all others wait for it.
"""


_DIGITS_OF_DOUBLES = 15
_LONG_NUMBER = re.compile(r"(?:^|[:,\[\s])-?[0-9](?:[0-9.]{15}|[0-9.]{0,15}[eE]-[0-9]{3})")
_LONG_NUMBER_IN_BYTES = re.compile(_LONG_NUMBER.pattern.encode())
"""A number that may have more digits than a double keeps, or be less than any. No text begins like
that.
"""


class NotJson(ValueError):
    """The text is no JSON; the message says why."""


class TooDeep(NotJson):
    """Objects and lists lie deeper in each other than DEEPEST levels."""

    def __init__(self) -> None:
        super().__init__(f"JSON can be nested {DEEPEST} levels deep at most")


class TooMuch(NotJson):
    """There are more values in the text than one request may have."""


def read_json(text: bytes | str, *, of_nobody: bool = False) -> Any:
    """The value of a JSON text; `of_nobody`: of who has no token.

    Every number keeps its digits: those that no double has are Decimals. Raises NotJson, TooMuch,
    and TooDeep below DEEPEST levels.
    """
    if len(text) > _FEW_PARTS:  # a shorter text has no more of anything
        _require_few(text, of_nobody=of_nobody)
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        # The only thing orjson refuses that is JSON: more than a thousand levels.
        raise TooDeep if "depth limit" in str(error) else NotJson(str(error)) from None
    # Nearly all texts have fewer brackets than a deep one needs.
    if len(text) > DEEPEST and _opened(text) > DEEPEST and is_deep(value):
        raise TooDeep
    return _exact(text) if _has_long_number(text) else value


def loaded(text: bytes | str) -> Any:
    """The value of JSON text of our own, as `read_json`. Raises orjson.JSONDecodeError."""
    return _exact(text) if _has_long_number(text) else orjson.loads(text)


def _has_long_number(text: bytes | str) -> bool:
    if isinstance(text, str):
        return _LONG_NUMBER.search(text) is not None
    return _LONG_NUMBER_IN_BYTES.search(text) is not None


def _exact(text: bytes | str) -> Any:
    """The same value, its numbers with all of their digits. Slower: few texts have such numbers."""
    return json.loads(text, parse_float=exact, parse_int=exact_integer)


def exact_integer(number: str) -> int | Decimal:
    """An integer as it was written: a Decimal, where it has more than 64 bits.

    So whoever can write a number of JSON can write this one.
    """
    value = Decimal(number)
    return int(value) if -(2**63) <= value < 2**64 else value


def exact(number: str) -> float | Decimal:
    """A number as it was written: a double, where that has all of its digits.

    >>> exact("0.1"), exact("123456789012345.12345")
    (0.1, Decimal('123456789012345.12345'))
    """
    if len(number) > _DIGITS_OF_DOUBLES:
        return Decimal(number)
    double = float(number)
    is_whole = abs(double) >= sys.float_info.min or not Decimal(number)
    return double if is_whole else Decimal(number)


def written(value: Any, option: int | None = None) -> bytes:
    """A value as JSON text, Decimals as the numbers they are. Raises orjson.JSONEncodeError."""
    return orjson.dumps(value, _number, option)


def _number(value: object) -> orjson.Fragment:
    if isinstance(value, Decimal) and value.is_finite():
        return orjson.Fragment(str(value))
    raise TypeError(f"{type(value).__name__} is not a JSON value")


def _require_few(text: bytes | str, *, of_nobody: bool) -> None:
    most = _FEW_PARTS if of_nobody else _MOST_PARTS
    if _opened(text) > most:
        raise TooMuch(f"JSON can have {most} objects and lists at most")
    most = _FEW_COMMAS if of_nobody else _MOST_COMMAS
    if (text.count(",") if isinstance(text, str) else text.count(b",")) > most:
        raise TooMuch(f"JSON can have {most} commas at most")


def _opened(text: bytes | str) -> int:
    if isinstance(text, str):
        return text.count("[") + text.count("{")
    return text.count(b"[") + text.count(b"{")


def is_deep(value: Any, most: int = DEEPEST) -> bool:
    """Whether objects and lists lie deeper in each other than `most` levels."""
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(most):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return bool(level)


def listed(value: Any) -> int:
    """How many values its lists have in all, apart from objects and lists."""
    total, level = 0, [value]
    while level:
        inner: list[Any] = []
        for outer in level:
            below = outer.values() if isinstance(outer, dict) else outer
            found = [one for one in below if isinstance(one, dict | list)]
            if isinstance(outer, list):
                total += len(outer) - len(found)
            inner += found
        level = inner
    return total
