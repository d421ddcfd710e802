"""Search: one term against every field of its kind (directus.md 2.3)."""

from typing import Any

from app.items.operands import is_uuid, search_number
from app.items.query import AnyOf, Compare, Condition, Value
from schema import Field, Schema

_INT_LIMITS = {"integer": 2**31 - 1, "bigInteger": 2**63 - 1}


def search_condition(schema: Schema, collection: str, term: Any) -> Condition | None:
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
        if not field.computed and not field.concealed
        for part in _match(field, term)
    ]
    return AnyOf(tuple(parts))


def _match(field: Field, term: str) -> list[Condition]:
    if field.relation is not None and field.type != "uuid":
        return []
    match field.type:
        case "string" | "text" | "csv":
            return [Compare((field.name,), "_icontains", Value(f"%{term}%"))]
        case "integer" | "bigInteger":
            number = search_number(term)
            limit = 2**63 - 1 if field.wide else _INT_LIMITS[field.type]
            if number is None or not number.is_integer() or abs(number) > limit:
                return []
            return [Compare((field.name,), "_eq", Value(int(number)))]
        case "float" | "decimal":
            number = search_number(term)
            return [] if number is None else [Compare((field.name,), "_eq", Value(number))]
        case "uuid" if is_uuid(term) and field.relation is None:
            return [Compare((field.name,), "_eq", Value(term))]
    return []
