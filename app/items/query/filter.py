"""Directus filters: from the wire's nested objects to a condition tree (directus.md 3)."""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from app.access.caller import Caller
from app.errors import Forbidden, InvalidQuery, shown
from app.items.query.code_paths import code_paths
from app.items.query.dynamic_values import check as check_current
from app.items.query.functions import functions_of
from app.items.query.operands import claim, operand, require_few
from app.items.query.operators import ADMITTED, CLAIMS, KNOWN, LISTS, OPPOSITE
from app.items.query.relations import Readable, is_follow, step
from app.items.query.tree import All, AnyOf, Compare, Condition, Some, Value
from app.items.query.variables import current, resolve, with_own_values
from app.json_text import is_deep
from schema import Field

_CALL = re.compile(r"(\w+)\((\w+)((?:\.\w+)*)\)")
_QUANTIFIERS = ("_some", "_none")
_MOST_CONDITIONS = 1000
"""Objects in a filter. Each costs a tenth of a millisecond before PostgreSQL hears of it."""
NOTHING: tuple[Any, ...] = (None, {}, {"_and": []}, {"_or": []})
"""What clients send that ask for no condition."""
_NUMBER = Field(name="number", type="integer")
"""What the functions of a field are: whole numbers."""


class FilterReader:
    """Reads filters of one caller against what it may read. `depth` bounds paths of relations."""

    def __init__(self, schema: Readable, caller: Caller, depth: int) -> None:
        self.schema = schema
        self.caller = caller
        self.depth = depth

    def read_rule(self, collection: str, raw: Any) -> Condition | None:
        """As `read`, for a rule or a filter that selects rows to be written.

        Raises InvalidQuery for a filter that is not empty and would select every row all the same.
        """
        condition = self.read(collection, raw)
        if condition is None and raw not in NOTHING:
            raise InvalidQuery("The filter has no condition: it would select every row")
        return condition

    def read(self, collection: str, raw: Any) -> Condition | None:
        """The condition of a filter object; None when it says nothing.

        Raises InvalidQuery, and Forbidden for a field that does not exist.
        """
        if raw is None:
            return None
        if not isinstance(raw, dict):
            raise InvalidQuery(f'Invalid filter key "_eq" on "{collection}"')
        if is_deep(raw):
            raise InvalidQuery("Max relational depth exceeded")
        if _conditions(raw) > _MOST_CONDITIONS:
            raise InvalidQuery(
                f'A filter takes {_MOST_CONDITIONS} conditions at most: use "_in" for many values'
            )
        condition = self._object(collection, raw, ())
        return None if condition == All(()) else condition

    def _object(self, collection: str, raw: dict[str, Any], path: tuple[str, ...]) -> Condition:
        """Several keys of one object hold together."""
        parts = tuple(self._entry(collection, key, value, path) for key, value in raw.items())
        return parts[0] if len(parts) == 1 else All(parts)

    def _entry(self, collection: str, key: str, value: Any, path: tuple[str, ...]) -> Condition:
        if len(path) > self.depth:
            raise InvalidQuery("Max relational depth exceeded")
        if key in {"_and", "_or"}:
            return self._logic(collection, key, value, path)
        call = _CALL.fullmatch(key)
        if call is not None:
            if call[3]:  # year(account.date_created) is account.year(date_created)
                below = {f"{call[1]}({call[3][1:]})": value}
                return self._entry(collection, call[2], below, path)
            field = self._field(collection, call[2], path)
            return self._function(field, call[1], value, (*path, field.name))
        if key.endswith("_func") and key not in self.schema.fields(collection):
            field = self._field(collection, key.removesuffix("_func"), path)
            return self._functions(field, value, (*path, field.name))
        if key.startswith("_") and key in KNOWN:
            raise InvalidQuery(f'Invalid filter key "{shown(key)}" on "{collection}"')
        if is_follow(key):
            return self._on_rows(self._target(collection, key, path), value, (*path, key))
        return self._on_field(self._field(collection, key, path), value, (*path, key))

    def _logic(self, collection: str, key: str, value: Any, path: tuple[str, ...]) -> Condition:
        joined = _joined(key, tuple(self._object(collection, p, path) for p in _parts(key, value)))
        if path:
            _require_condition(path[-1], joined)
        return joined

    def _field(self, collection: str, name: str, path: tuple[str, ...]) -> Field:
        field = self.schema.fields(collection).get(name)
        if field is None:
            raise Forbidden.field(name, collection, path)
        return field

    def _target(self, collection: str, name: str, path: tuple[str, ...]) -> str:
        """The collection a to-many leads to. Raises Forbidden for one that is not there."""
        leads = step(self.schema, collection, name)
        if leads is None:
            raise Forbidden.field(name, collection, path)
        if not self.schema.fields(leads.collection):
            raise Forbidden.collection(leads.collection, (*path, name))
        return leads.collection

    def _on_rows(self, target: str, value: Any, path: tuple[str, ...]) -> Condition:
        """A filter on the rows of a to-many: of any of them, or quantified."""
        if not isinstance(value, dict):
            return self._on_key(target, "_eq", value, path)
        parts = tuple(self._under_rows(target, k, item, path) for k, item in value.items())
        return parts[0] if len(parts) == 1 else All(parts)

    def _under_rows(self, target: str, key: str, value: Any, path: tuple[str, ...]) -> Condition:
        if key in _QUANTIFIERS:
            if not isinstance(value, dict):
                raise InvalidQuery(f'"{shown(key)}" has to be a filter object')
            return Some(path, self._object(target, value, ()), none=key == "_none")
        if key.startswith("_") and key in KNOWN:
            return self._on_key(target, key, value, path)
        return self._entry(target, key, value, path)

    def _on_key(self, target: str, operator: str, value: Any, path: tuple[str, ...]) -> Condition:
        """A condition on rows of a to-many without a field is one on their keys.

        Whether there are any may be asked by whoever may count them.
        """
        key = self.schema[target].primary_key
        if operator not in CLAIMS and key.name not in self.schema.fields(target):
            raise Forbidden.field(key.name, target, path)
        return self._compare(key, operator, value, (*path, key.name))

    def _on_field(self, field: Field, value: Any, path: tuple[str, ...]) -> Condition:
        if field.many is not None:
            target = field.many.collection
            if not self.schema.fields(target):
                raise Forbidden.collection(target, path)
            if isinstance(value, dict):
                _require_said(field.name, value)
            return self._on_rows(target, value, path)
        if not isinstance(value, dict):
            return self._compare(field, "_eq", value, path)
        _require_said(field.name, value)
        parts = tuple(self._under_field(field, key, item, path) for key, item in value.items())
        return parts[0] if len(parts) == 1 else All(parts)

    def _under_field(self, field: Field, key: str, value: Any, path: tuple[str, ...]) -> Condition:
        if key in _QUANTIFIERS:
            raise InvalidQuery(f'"{key}" can only be used with top level relational alias field')
        if key in {"_and", "_or"} and field.relation is None:
            return self._field_logic(field, key, value, path)
        if key == "_json":
            return self._json(field, value, path)
        if key.startswith("_") and key not in {"_and", "_or"}:
            return self._compare(field, key, value, path)
        if field.relation is None:
            raise InvalidQuery(f'Invalid filter key "{shown(key)}" on "{field.name}"')
        if not self.schema.fields(field.relation.to):
            raise Forbidden.collection(field.relation.to, path)
        return self._entry(field.relation.to, key, value, path)

    def _json(self, field: Field, value: Any, path: tuple[str, ...]) -> Condition:
        """`{"_json": {"a.b": {"_eq": 1}}}`: conditions on what stands at paths of a JSON value."""
        _admit(field, "_json")
        if not isinstance(value, dict) or not value:
            raise InvalidQuery('"_json" has to be an object of paths')
        parts: list[Condition] = []
        for key, item in value.items():
            if key in {"_and", "_or"}:
                below = tuple(self._json(field, part, path) for part in _parts(key, item))
                joined = _joined(key, below)
                _require_condition("_json", joined)
                parts.append(joined)
            else:
                parts += self._json_path(field, key, item, path)
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _json_path(
        self, field: Field, at: str, value: Any, path: tuple[str, ...]
    ) -> list[Condition]:
        operators = value if isinstance(value, dict) else {"_eq": value}
        _require_said(at, operators)
        compared = [(operator, item, _of_json(field, item)) for operator, item in operators.items()]
        return [
            # Which of both is part of the query's shape: the statement is another one.
            self._compare(kind, operator, item, path, _JSON_AS[kind.type], at)
            for operator, item, kind in compared
        ]

    def _field_logic(self, field: Field, key: str, value: Any, path: tuple[str, ...]) -> Condition:
        joined = _joined(key, tuple(self._on_field(field, p, path) for p in _parts(key, value)))
        _require_condition(field.name, joined)
        return joined

    def _functions(self, field: Field, value: Any, path: tuple[str, ...]) -> Condition:
        if not isinstance(value, dict):
            raise InvalidQuery(f'Invalid filter key "{field.name}_func"')
        _require_said(f"{field.name}_func", value)
        return All(tuple(self._function(field, name, v, path) for name, v in value.items()))

    def _function(self, field: Field, name: str, value: Any, path: tuple[str, ...]) -> Condition:
        if name == "json" or name not in functions_of(field):
            raise InvalidQuery(f'Invalid function specified "{shown(name)}"')
        if field.many is not None and not self.schema.fields(field.many.collection):
            raise Forbidden.collection(field.many.collection, path)
        value = value if isinstance(value, dict) else {"_eq": value}
        _require_said(name, value)
        return All(
            tuple(self._compare(_NUMBER, operator, v, path, name) for operator, v in value.items())
        )

    def _compare(
        self,
        field: Field,
        operator: str,
        value: Any,
        path: tuple[str, ...],
        function: str | None = None,
        argument: str | None = None,
    ) -> Condition:
        _admit(field, operator)
        require_few(operator, value)  # before each of them is looked at
        own = current(value, self.caller)
        if own is not None:
            check_current(self.schema, own, field, operator)
            return Compare(path, operator, own, function, argument)
        if operator in LISTS and (items := with_own_values(operator, value, self.caller)):
            return self._among(field, operator, items, path, function, argument)
        given, value = value, resolve(value, self.caller)

        def compare(name: str, bound: Any) -> Compare:
            return Compare(path, name, Value(bound), function, argument)

        if value == [] and isinstance(given, str):  # $CURRENT_ROLES of a caller without a role
            return AnyOf(()) if operator == "_in" else compare("_nnull", None)
        if operator in CLAIMS:
            return compare(operator if claim(operator, value) else OPPOSITE[operator], None)
        if value is None and operator in {"_eq", "_neq"}:
            return compare("_null" if operator == "_eq" else "_nnull", None)
        bound = operand(operator, value, field.type)
        if field.code_path and function is None:
            operator, bound = _of_codes(operator, bound)
        if operator not in _RANGES:
            return compare(operator, bound)
        if len(bound) != 2:  # noqa: PLR2004 - a range
            raise InvalidQuery(f'"{operator}" has to be an array of two values, from and to')
        join, operators = _RANGES[operator]
        return join(tuple(compare(name, end) for name, end in zip(operators, bound, strict=True)))

    def _among(
        self,
        field: Field,
        operator: str,
        items: Sequence[Any],
        path: tuple[str, ...],
        function: str | None,
        argument: str | None,
    ) -> Condition:
        """A list that has values of the caller's own row in it, each compared for itself."""
        if operator not in _LISTED.values():
            raise InvalidQuery(f'"{operator}" takes no value of the caller\'s own row')
        own = [item for item in items if current(item, self.caller) is not None]
        others = [item for item in items if current(item, self.caller) is None]
        parts = tuple(
            self._compare(field, operator, item, path, function, argument)
            for item in [*own, *([others] if others else [])]
        )
        return AnyOf(parts) if operator == "_in" else All(parts)


_JSON_AS = {"float": "json_number", "string": "json"}


def _of_json(field: Field, value: Any) -> Field:
    """What a JSON value is compared as: a number with numbers, otherwise a text."""
    sample = next(iter(value), None) if isinstance(value, list) else value
    is_number = isinstance(sample, int | float | Decimal) and not isinstance(sample, bool)
    return Field(name=field.name, type="float" if is_number else "string")


_RANGES: dict[str, tuple[type[All] | type[AnyOf], tuple[str, str]]] = {
    "_between": (All, ("_gte", "_lte")),
    "_nbetween": (AnyOf, ("_lt", "_gt")),
}
"""What a range means, one bound at a time."""


_LISTED = {"_eq": "_in", "_neq": "_nin"}


def _of_codes(operator: str, bound: Any) -> tuple[str, Any]:
    """The same comparison with paths of codes, for whatever names them."""
    if operator in _LISTED:
        paths = code_paths(bound)
        return (operator, paths[0]) if len(paths) == 1 else (_LISTED[operator], paths)
    if operator in _LISTED.values():
        return operator, [path for text in bound for path in code_paths(text)]
    return operator, bound


def _parts(key: str, value: Any) -> list[dict[str, Any]]:
    if isinstance(value, dict) and value:  # brackets with indexes: filter[_and][0][a]...
        value = list(value.values())
    if not isinstance(value, list) or not all(isinstance(part, dict) for part in value):
        raise InvalidQuery(f'"{shown(key)}" has to be an array of filter objects')
    return value


def _require_said(name: str, conditions: dict[str, Any]) -> None:
    """Raises InvalidQuery for a field that nothing is said of: it would pick every row."""
    if not conditions:
        raise InvalidQuery(f'The filter has no condition on "{shown(name)}": use an operator')


def _require_condition(name: str, joined: Condition) -> None:
    """The same of `_and` and `_or` below a field, where they are empty."""
    if joined == All(()):
        raise InvalidQuery(f'The filter has no condition on "{shown(name)}": use an operator')


def _joined(key: str, parts: tuple[Condition, ...]) -> Condition:
    """An empty list says nothing; `_or` with something empty matches everything."""
    said = tuple(part for part in parts if part != All(()))
    if not said or (key == "_or" and len(said) < len(parts)):
        return All(())
    return All(said) if key == "_and" else AnyOf(said)


def _conditions(raw: Any) -> int:
    """How many conditions a filter has: its objects, lists of values apart."""
    if isinstance(raw, dict):
        return 1 + sum(map(_conditions, raw.values()))
    if not isinstance(raw, list):
        return 0
    return sum(_conditions(item) for item in raw if isinstance(item, dict | list))


def _admit(field: Field, operator: str) -> None:
    if operator not in KNOWN:
        raise InvalidQuery(f'Invalid filter operator "{shown(operator)}"')
    if field.concealed and operator not in ADMITTED["hash"]:
        raise InvalidQuery(
            f'Field with "conceal" special does not allow the "{operator}" filter operator'
        )
    if operator not in ADMITTED[field.type]:
        raise InvalidQuery(
            f'"{field.type}" field type does not contain the "{operator}" filter operator'
        )
