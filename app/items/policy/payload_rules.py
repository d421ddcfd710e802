"""Rules for what is written: filters, judged by PostgreSQL on the rows as they are then.

A permission's validation and a field's (directus.md 6.4). Only what is submitted is judged: a field
that is absent passes, unless `_submitted` asks for it. Null passes only what asks for null.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.errors import AppError, FailedValidation, InvalidQuery, shown
from app.items.query.filter import NOTHING, FilterReader
from app.items.query.operands import is_email
from app.items.query.operators import CLAIMS, OPPOSITE
from app.items.query.patterns import BadPattern, matches_written
from app.items.query.tree import Condition
from app.items.query.variables import resolve
from app.json_text import written

Path = tuple[str, ...]
Payload = Mapping[str, Any]

_FIELD = re.compile(r"(?:\w+\()?(\w+?)(?:_func)?(?:\)|\.[\w.]+\))?")


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison of a rule: of a field of the row, or of rows that it leads to by `names`."""

    field: str
    names: Path
    operator: str
    wanted: Any
    condition: Condition | None = None
    """What PostgreSQL is asked; None: nothing, it always holds."""
    is_told: bool = False
    """Whether what was submitted tells it, and PostgreSQL is not asked."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Parts of which all have to hold, or any one."""

    parts: "tuple[Rule | Comparison, ...]"
    is_any: bool = False

    def tests(self) -> Iterator[Comparison]:
        for part in self.parts:
            if isinstance(part, Rule):
                yield from part.tests()
            else:
                yield part


class RuleReader:
    """Reads the rules of one collection, as `filters` reads filters."""

    def __init__(self, filters: FilterReader, collection: str) -> None:
        self.filters = filters
        self.collection = collection

    def read(self, raw: Any) -> Rule:
        """The rule of a filter object.

        Raises InvalidQuery and Forbidden for what can't be understood, and for what has a form but
        no condition: everything would pass it.
        """
        rule = self._all(raw, ())
        if not any(rule.tests()) and raw not in NOTHING:
            raise InvalidQuery("The rule has no condition: everything would pass")
        return rule

    def _all(self, raw: Any, names: Path) -> Rule:
        if not isinstance(raw, Mapping):
            raw = {"_eq": raw} if names else raw
        if not isinstance(raw, Mapping):
            raise InvalidQuery("A rule has to be a filter object")
        if names and not raw:
            raise InvalidQuery(
                f'The rule has no condition on "{shown(names[-1])}": use an operator'
            )
        return Rule(tuple(self._entry(key, value, names) for key, value in raw.items()))

    def _entry(self, key: str, value: Any, names: Path) -> "Rule | Comparison":
        if key in {"_and", "_or"}:
            if not isinstance(value, Sequence) or isinstance(value, str):
                raise InvalidQuery(f'"{key}" has to be an array of filter objects')
            parts = tuple(self._all(part, names) for part in value)
            is_empty = names and not parts
            if is_empty or (key == "_or" and not all(any(part.tests()) for part in parts)):
                raise InvalidQuery(f'"{key}" has no condition: everything would pass')
            return Rule(parts, is_any=key == "_or")
        if not names or not key.startswith("_"):
            return self._all(value, (*names, key))
        return self._test(key, value, names)

    def _test(self, operator: str, value: Any, names: Path) -> Comparison:
        found = _FIELD.fullmatch(names[0])
        field = names[0] if found is None else found[1]
        wanted = resolve(value, self.filters.caller)
        if operator in _OF_TEXT or operator == "_submitted" or self._is_secret(names):
            if len(names) > 1 or operator not in {"_submitted", *_CHECKS}:
                raise InvalidQuery(f'"{shown(operator)}" can\'t be asked of "{".".join(names)}"')
            if operator == "_submitted" and not isinstance(wanted, bool):
                raise InvalidQuery('"_submitted" takes a boolean')
            if field not in self.filters.schema.fields(self.collection):
                raise InvalidQuery(f'There is no field "{shown(field)}"')
            if operator == "_regex":
                _require_pattern(str(wanted))
            return Comparison(field, names, operator, wanted, is_told=True)
        raw: Any = {operator: value}
        for name in reversed(names):
            raw = {name: raw}
        return Comparison(field, names, operator, wanted, self.filters.read(self.collection, raw))

    def _is_secret(self, names: Path) -> bool:
        """Whether what is stored is not what was submitted."""
        field = self.filters.schema.fields(self.collection).get(names[0])
        return field is not None and field.type == "hash"


def broken(
    rule: "Rule | Comparison", payload: Payload, holds: Mapping[int, bool]
) -> list[AppError]:
    """What of a rule a payload breaks, one error for each test. `holds`: what
    PostgreSQL says of each, by its `id`.
    """
    if isinstance(rule, Comparison):
        return [] if _passes(rule, payload, holds) else [_error(rule, payload)]
    each = [broken(part, payload, holds) for part in rule.parts]
    if rule.is_any and not all(each):
        return []
    return [error for errors in each for error in errors]


def _passes(test: Comparison, payload: Payload, holds: Mapping[int, bool]) -> bool:
    if test.operator == "_submitted":
        return bool(test.wanted) == (test.field in payload)
    if test.field not in payload:
        return True
    value = payload[test.field]
    if value is None and test.operator not in CLAIMS:
        return False
    if test.is_told:
        return _CHECKS[_claim(test)](value, test.wanted)
    return test.condition is None or holds[id(test)]


def _claim(test: Comparison) -> str:
    """The operator that is meant: `_null: false` is `_nnull`."""
    is_opposite = test.operator in CLAIMS and test.wanted is False
    return OPPOSITE[test.operator] if is_opposite else test.operator


def _require_pattern(text: str) -> None:
    try:
        matches_written(text, "")
    except BadPattern as error:
        raise InvalidQuery(f'"_regex" takes a regular expression: {error}') from None


def _matches(value: Any, pattern: Any) -> bool:
    """A regular expression, also in the form `/.../flags`. One that is none lets nothing pass.

    Raises UnprocessableContent where it takes too long.
    """
    try:
        return matches_written(str(pattern), str(value))
    except BadPattern:
        return False


_OF_TEXT: dict[str, Callable[[Any, Any], bool]] = {
    "_regex": _matches,
    "_email": lambda value, _: is_email(str(value)),
}
_CHECKS: dict[str, Callable[[Any, Any], bool]] = {
    **_OF_TEXT,
    "_null": lambda value, _: value is None,
    "_nnull": lambda value, _: value is not None,
    "_empty": lambda value, _: value in (None, ""),
    "_nempty": lambda value, _: value not in (None, ""),
}
"""What is told by what was submitted alone: of texts, and of what is stored in another form."""


def _error(test: Comparison, payload: Payload) -> AppError:
    kind = "required" if test.operator == "_submitted" else _claim(test).removeprefix("_")
    facts = _facts(kind, payload.get(test.field), test.wanted)
    return FailedValidation(
        test.names[-1], kind, _detail(kind, test.wanted), path=test.names[:-1], **facts
    )


_DETAILS = {
    "required": "Value is required.",
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
        return text.format(", ".join(f'"{_said(item)}"' for item in _listed(wanted)))
    return text.format(_said(wanted))


def _said(value: Any) -> str:
    """A value as JSON says it, texts without quotes."""
    return value if isinstance(value, str) else written(value).decode()


def _facts(kind: str, value: Any, wanted: Any) -> dict[str, Any]:
    """What an error says besides its sentence (directus.md 6.4)."""
    if kind in {"regex", "email"}:
        return {"invalid": value}
    if kind in {"contains", "icontains", "ncontains", "starts_with", "ends_with"}:
        return {"substring": wanted}
    if kind == "neq":
        return {"invalid": wanted}
    if kind == "nin":
        return {"invalid": _listed(wanted)}
    if kind in {"required", "null", "nnull", "empty", "nempty"}:
        return {}
    return {"valid": _listed(wanted) if kind == "in" else wanted}


def _listed(wanted: Any) -> list[Any]:
    return wanted.split(",") if isinstance(wanted, str) else list(wanted or ())
