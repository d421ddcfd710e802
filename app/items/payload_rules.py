"""Filters as rules for what is written: judged on the payload, in Python (directus.md 6.4).

Only what is submitted is judged: a field that is absent passes, unless `_submitted` asks for it.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from app.access.caller import Caller
from app.errors import AppError, FailedValidation
from app.items.operands import as_number, is_email
from app.items.patterns import BadPattern, matches_written
from app.items.variables import resolve

Path = tuple[str, ...]
Payload = Mapping[str, Any]


def broken(
    rule: Mapping[str, Any], payload: Payload, caller: Caller, path: Path = ()
) -> list[AppError]:
    """What of a rule the payload breaks, one error for each field and operator."""
    return list(_object(rule, payload, caller, path))


def _object(rule: Any, payload: Payload, caller: Caller, path: Path) -> Iterator[AppError]:
    if not isinstance(rule, Mapping):
        return
    for key, value in rule.items():
        if key == "_and":
            for part in value:
                yield from _object(part, payload, caller, path)
        elif key == "_or":
            each = [list(_object(part, payload, caller, path)) for part in value]
            if each and all(each):
                yield from (error for errors in each for error in errors)
        else:
            yield from _field(key, value, payload, caller, path)


def _field(
    name: str, rule: Any, payload: Payload, caller: Caller, path: Path
) -> Iterator[AppError]:
    rule = rule if isinstance(rule, Mapping) else {"_eq": rule}
    value = payload.get(name)
    for operator, wanted in rule.items():
        if operator == "_submitted":
            if bool(wanted) != (name in payload):
                yield FailedValidation(name, "required", "Value is required.", path=path)
        elif operator in {"_and", "_or"}:
            nested = {operator: [{name: part} for part in wanted]}
            yield from _object(nested, payload, caller, path)
        elif not operator.startswith("_"):
            if isinstance(value, Mapping):
                yield from _field(operator, wanted, value, caller, (*path, name))
        elif name in payload:
            yield from _judge(name, operator, value, resolve(wanted, caller), path)


def _judge(name: str, operator: str, value: Any, wanted: Any, path: Path) -> Iterator[AppError]:
    if operator in {"_null", "_nnull", "_empty", "_nempty"} and wanted is False:
        operator = _OPPOSITE[operator]
    check = _CHECKS.get(operator)
    if check is None or (value is None and operator not in _OF_NULL):
        return
    if not check(value, wanted):
        kind = operator.removeprefix("_")
        yield FailedValidation(
            name, kind, _detail(kind, wanted), path=path, **_fact(kind, value, wanted)
        )


_OPPOSITE = {"_null": "_nnull", "_nnull": "_null", "_empty": "_nempty", "_nempty": "_empty"}
_OF_NULL = frozenset({"_null", "_nnull", "_empty", "_nempty"})


def _same(value: Any, wanted: Any) -> bool:
    return value == wanted or str(value) == str(wanted)


def _listed(wanted: Any) -> list[Any]:
    return wanted.split(",") if isinstance(wanted, str) else list(wanted or ())


def _order(value: Any, wanted: Any) -> int:
    """-1, 0 or 1, by number where both are numbers, by text otherwise."""
    left, right = as_number(value), as_number(wanted)
    if left is None or right is None:
        return (str(value) > str(wanted)) - (str(value) < str(wanted))
    return (left > right) - (left < right)


def _within(value: Any, wanted: Any) -> bool:
    low, high = (*_listed(wanted), None, None)[:2]
    return _order(value, low) >= 0 and _order(value, high) <= 0


def _matches(value: Any, pattern: Any) -> bool:
    """A regular expression, also in the form `/.../flags`. One that is none lets nothing pass.

    Raises UnprocessableContent where it takes too long.
    """
    try:
        return matches_written(str(pattern), str(value))
    except BadPattern:
        return False


_CHECKS: dict[str, Callable[[Any, Any], bool]] = {
    "_eq": _same,
    "_neq": lambda value, wanted: not _same(value, wanted),
    "_lt": lambda value, wanted: _order(value, wanted) < 0,
    "_lte": lambda value, wanted: _order(value, wanted) <= 0,
    "_gt": lambda value, wanted: _order(value, wanted) > 0,
    "_gte": lambda value, wanted: _order(value, wanted) >= 0,
    "_in": lambda value, wanted: any(_same(value, item) for item in _listed(wanted)),
    "_nin": lambda value, wanted: not any(_same(value, item) for item in _listed(wanted)),
    "_between": _within,
    "_nbetween": lambda value, wanted: not _within(value, wanted),
    "_null": lambda value, _: value is None,
    "_nnull": lambda value, _: value is not None,
    "_empty": lambda value, _: value in (None, ""),
    "_nempty": lambda value, _: value not in (None, ""),
    "_contains": lambda value, wanted: str(wanted) in str(value),
    "_ncontains": lambda value, wanted: str(wanted) not in str(value),
    "_icontains": lambda value, wanted: str(wanted).lower() in str(value).lower(),
    "_starts_with": lambda value, wanted: str(value).startswith(str(wanted)),
    "_nstarts_with": lambda value, wanted: not str(value).startswith(str(wanted)),
    "_istarts_with": lambda value, wanted: str(value).lower().startswith(str(wanted).lower()),
    "_ends_with": lambda value, wanted: str(value).endswith(str(wanted)),
    "_nends_with": lambda value, wanted: not str(value).endswith(str(wanted)),
    "_iends_with": lambda value, wanted: str(value).lower().endswith(str(wanted).lower()),
    "_regex": _matches,
    "_email": lambda value, _: is_email(str(value)),
}

_DETAILS = {
    "eq": 'Value has to be "{}".',
    "neq": 'Value can\'t be "{}".',
    "lt": 'Value has to be less than "{}".',
    "lte": 'Value has to be less than or equal to "{}".',
    "gt": 'Value has to be greater than "{}".',
    "gte": 'Value has to be greater than or equal to "{}".',
    "in": "Value has to be one of {}.",
    "nin": "Value can't be one of {}.",
    "null": "Value has to be null.",
    "nnull": "Value can't be null.",
    "empty": "Value has to be empty.",
    "nempty": "Value can't be empty.",
    "contains": 'Value has to contain "{}".',
    "icontains": 'Value has to contain "{}".',
    "ncontains": 'Value can\'t contain "{}".',
    "starts_with": 'Value has to start with "{}".',
    "ends_with": 'Value has to end with "{}".',
    "email": "Value has to be a valid email address.",
}


def _detail(kind: str, wanted: Any) -> str:
    """The sentence of directus.md 6.4."""
    text = _DETAILS.get(kind, "Value doesn't have the correct format.")
    if kind in {"in", "nin"}:
        return text.format(", ".join(f'"{item}"' for item in _listed(wanted)))
    return text.format(wanted)


def _fact(kind: str, value: Any, wanted: Any) -> dict[str, Any]:
    if kind in {"contains", "icontains", "ncontains", "starts_with", "ends_with"}:
        return {"substring": wanted}
    if kind == "neq":
        return {"invalid": wanted}
    if kind == "nin":
        return {"invalid": _listed(wanted)}
    if kind in {"regex", "email"}:
        return {"invalid": value}
    if kind in {"null", "nnull", "empty", "nempty"}:
        return {}
    return {"valid": _listed(wanted) if kind == "in" else wanted}
