"""What filter values stand for: $NOW, $CURRENT_USER, true, false, null (directus.md 2.2, 3.4)."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from app.access.caller import Caller
from app.errors import InvalidQuery, shown
from app.items.query.operands import items_of
from app.items.query.tree import Current, Value

_WORDS = {"true": True, "false": False, "null": None, "NULL": None}
_NOW = re.compile(
    r"\$NOW(?:\(\s*(?:([+-])\s*)?(\d+(?:\.\d+)?)\s*(?:([a-z]+)\s*)?\))?", re.IGNORECASE
)
_LONGEST_NOW = 64
_SECONDS = {
    "ms": 0.001,
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1.0),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3600.0),
    **dict.fromkeys(("", "d", "day", "days"), 86400.0),
    **dict.fromkeys(("w", "wk", "wks", "week", "weeks"), 604800.0),
    **dict.fromkeys(("mo", "mth", "mths", "month", "months"), 2592000.0),
    **dict.fromkeys(("y", "yr", "yrs", "year", "years"), 31557600.0),
}


_OF_CALLER: dict[str, Callable[[Caller], Any]] = {
    "$CURRENT_USER": lambda caller: caller.user,
    "$CURRENT_ROLE": lambda caller: caller.role,
    "$CURRENT_ROLES": lambda caller: list(caller.roles),
    "$CURRENT_POLICIES": lambda caller: list(caller.policies),
    "$CURRENT_ACCOUNT": lambda caller: caller.account,
}
_PATHS: dict[str, tuple[str, Callable[[Caller], Any]]] = {
    "$CURRENT_USER": ("directus_users", lambda caller: caller.user),
    "$CURRENT_ROLE": ("directus_roles", lambda caller: caller.role),
    "$CURRENT_ROLES": ("directus_roles", lambda caller: list(caller.roles)),
    "$CURRENT_POLICIES": ("directus_policies", lambda caller: list(caller.policies)),
}
_CURRENT = "$CURRENT_"
_PATH = re.compile(r"(\$CURRENT_(?:USER|ROLES?|POLICIES))\.(\w+(?:\.\w+)*)")


def is_current(text: str) -> bool:
    """Whether a text says that it stands for something of the caller."""
    return text.startswith(_CURRENT)


def current(value: Any, caller: Caller) -> Current | None:
    """What `$CURRENT_USER.role.name` stands for: a value of the caller's own row, or None."""
    match = _PATH.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return None
    collection, key_of = _PATHS[match[1]]
    key = key_of(caller)
    return Current(collection, tuple(match[2].split(".")), Value(key), many=isinstance(key, list))


def with_own_values(operator: str, value: Any, caller: Caller) -> list[Any]:
    """The values of a list, where one of them is of the caller's own row; else none."""
    if not value or not isinstance(value, list | dict | str):
        return []
    if isinstance(value, str) and _CURRENT not in value:
        return []
    items = items_of(operator, value)
    named = (item for item in items if type(item) is str and is_current(item))
    return items if any(current(item, caller) is not None for item in named) else []


def resolve(value: Any, caller: Caller) -> Any:
    """The value a word or a dynamic variable stands for now; any other value as it is."""
    if isinstance(value, list):
        return [resolve(item, caller) for item in value]
    if isinstance(value, dict):
        return {name: resolve(item, caller) for name, item in value.items()}
    if not isinstance(value, str):
        return value
    if value in _WORDS:
        return _WORDS[value]
    if value in _OF_CALLER:
        return _OF_CALLER[value](caller)
    if value.startswith("$NOW"):
        return _moment(value).isoformat()
    return value


def _moment(text: str) -> datetime:
    """`$NOW`, `$NOW(-1 day)`, `$NOW(+2 hours)`. Raises InvalidQuery for what is not a time."""
    now = datetime.now(UTC)
    match = _NOW.fullmatch(text) if len(text) <= _LONGEST_NOW else None
    unit = None if match is None else _SECONDS.get((match[3] or "").lower())
    if match is None or unit is None:
        raise InvalidQuery(f'"{shown(text)}" is not a time: write it as in "$NOW(-1 day)"')
    if match[2] is None:
        return now
    seconds = float(match[2]) * unit
    try:
        return now + timedelta(seconds=-seconds if match[1] == "-" else seconds)
    except OverflowError:
        raise InvalidQuery(f'"{shown(text)}" is out of range') from None
