"""Search: one term against every field of its kind (directus.md 2.3)."""

from typing import Any

from app.items.query.operands import as_number, is_uuid
from app.items.query.operators import like_pattern
from app.items.query.relations import Readable
from app.items.query.tree import AnyOf, Compare, Condition, Value
from schema import Field

_LONGEST = 300
"""Digits of a number that PostgreSQL compares with any other."""
_INT32, _INT64 = 2**31 - 1, 2**63 - 1


def search_condition(schema: Readable, collection: str, term: Any) -> Condition | None:
    """The condition of a search, or None when there is no term.

    Text fields contain the term, numbers equal it when it is one, uuids when it is one. Where no
    field can match, nothing does.
    """
    if not isinstance(term, str) or not term.strip():
        return None
    term = term.strip()
    parts = [
        part
        for field in schema.fields(collection).values()
        if field.stored and field.searchable and not field.concealed
        for part in _match(field, term)
    ]
    return AnyOf(tuple(parts))


def _match(field: Field, term: str) -> list[Condition]:
    number = as_number(term)
    if number is not None and abs(number.adjusted()) > _LONGEST:
        number = None
    match field.type:
        case "string" | "text":
            return [Compare((field.name,), "_icontains", Value(like_pattern("_icontains", term)))]
        case "integer" | "bigInteger":
            limit = _INT64 if field.wide or field.type == "bigInteger" else _INT32
            if number is None or number.copy_abs() > limit or number != int(number):
                return []
            return [Compare((field.name,), "_eq", Value(int(number)))]
        case "float" | "decimal":
            return [] if number is None else [Compare((field.name,), "_eq", Value(number))]
        case "uuid" if is_uuid(term):
            return [Compare((field.name,), "_eq", Value(term))]
    return []
