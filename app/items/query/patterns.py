"""Regular expressions that people wrote, on values that other people send: with a time limit.

Our own patterns are linear (`make lint` looks). Of these nobody knows, so each has its size and its
time bounded, and whoever meets one that runs out of it is told so.
"""

import re
import time
from contextvars import ContextVar
from functools import lru_cache
from re import _constants as kinds  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

import regex

from app.errors import UnprocessableContent

_LONGEST = 1000
"""Characters of a pattern."""
_LARGEST = 5000
"""Parts of a pattern with every counted repetition written out: what keeping it costs."""
_SECONDS = 0.05
"""Of one match."""
_SECONDS_OF_ALL = 0.25
"""Of all slow matches of one request."""
_FAST = 0.001
"""Seconds that every match may have. What is done by then is not counted."""

_spent: ContextVar[float] = ContextVar("seconds spent in slow matches", default=0.0)


class BadPattern(ValueError):
    """The text is not a regular expression, or too large a one."""


def matches(pattern: str, text: str) -> bool:
    """Whether a pattern is found in a text.

    Raises BadPattern, and UnprocessableContent where the match takes too long.
    """
    return _found(pattern, "", text)


def matches_written(pattern: str, text: str) -> bool:
    """As `matches`, of a pattern that may come as `/.../flags`, of which `i` counts."""
    start, begun, rest = pattern.strip().partition("/")
    inner, ended, flags = rest.rpartition("/")
    if start == "" and begun and ended and (flags == "" or flags.isalpha()):
        return _found(inner, flags, text)
    return _found(pattern, "", text)


def _found(pattern: str, flags: str, text: str) -> bool:
    compiled = _compiled(pattern, "i" in flags)
    spent, start = _spent.get(), time.thread_time()
    seconds = max(min(_SECONDS, _SECONDS_OF_ALL - spent), _FAST)
    try:
        return compiled.search(text, timeout=seconds) is not None
    except TimeoutError:
        raise UnprocessableContent(
            f'The pattern "{pattern}" takes too long to be matched with a value: send a shorter '
            "value, or let an administrator simplify the pattern"
        ) from None
    finally:
        took = time.thread_time() - start
        if took > _FAST:
            _spent.set(spent + took)


def _to_the_end(pattern: str) -> str:
    """A `$` at the end is the end of the text, as in JavaScript: Python lets a newline follow."""
    escapes = len(pattern) - 1 - len(pattern[:-1].rstrip("\\"))
    return f"{pattern[:-1]}\\Z" if pattern.endswith("$") and escapes % 2 == 0 else pattern


@lru_cache(maxsize=256)
def _compiled(pattern: str, ignore_case: bool) -> Any:
    if len(pattern) > _LONGEST:
        raise BadPattern(f"a pattern may have {_LONGEST} characters")
    try:
        # `regex` writes repetitions out, so their size is looked at before.
        if _size(parser.parse(pattern)) > _LARGEST:
            raise BadPattern("its repetitions make it too large")
        return regex.compile(_to_the_end(pattern), regex.IGNORECASE if ignore_case else 0)
    except (re.error, regex.error, RecursionError, OverflowError) as error:
        raise BadPattern(str(error)) from None


def _size(tree: Any) -> int:
    """The parts of a parsed pattern, counted repetitions written out."""
    size = 0
    for kind, argument in tree:
        if kind in _REPEATS:
            least, most, inner = argument
            times = least if most is kinds.MAXREPEAT else most
            size += max(times, 1) * _size(inner)
        elif kind is kinds.BRANCH:
            size += sum(map(_size, argument[1]))
        elif kind is kinds.IN:
            size += len(argument)
        elif isinstance(argument, tuple):
            size += 1 + sum(_size(part) for part in argument if isinstance(part, parser.SubPattern))
        else:
            size += 1 + (_size(argument) if isinstance(argument, parser.SubPattern) else 0)
        if size > _LARGEST:
            return size
    return size


_REPEATS = frozenset({kinds.MAX_REPEAT, kinds.MIN_REPEAT, kinds.POSSESSIVE_REPEAT})
