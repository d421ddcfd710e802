"""Payload values: from JSON to what a column stores, or a refusal that names the field.

Stored values are JSON too: they travel to PostgreSQL as one JSON parameter for any number of rows.
"""

import math
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

from app.errors import (
    AppError,
    InvalidForeignKey,
    InvalidPayload,
    ValueOutOfRange,
    ValueTooLong,
)
from app.items.operands import is_uuid
from schema import Field

_INT32, _INT64 = 2**31, 2**63
_TRUE, _FALSE = {"true", "1"}, {"false", "0"}


def stored(collection: str, field: Field, value: Any) -> Any:
    """The value as the column takes it. Raises an AppError naming the field."""
    if value is None:
        return None
    match field.type:
        case "string" | "text" | "hash":
            return _text(collection, field, value)
        case "integer" | "bigInteger":
            return _integer(collection, field, value)
        case "boolean":
            return _boolean(field, value)
        case "float" | "decimal":
            return _number(collection, field, value)
        case "uuid":
            return _uuid(collection, field, value)
        case "timestamp" | "dateTime" | "date" | "time":
            return _moment(field, value)
        case "csv":
            return _csv(field, value)
    return value


def _text(collection: str, field: Field, value: Any) -> str:
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    if "\x00" in text:
        raise InvalidPayload(f'Field "{field.name}" contains a NUL character; remove it')
    if field.max_length is not None and len(text) > field.max_length:
        raise ValueTooLong(collection, field.name, text)
    return text


def _integer(collection: str, field: Field, value: Any) -> int:
    number = _parsed(field, value, "integer")
    if number != number.to_integral_value():
        raise InvalidPayload(f'Invalid integer "{value}" in field "{field.name}"')
    limit = _INT64 if field.wide or field.type == "bigInteger" else _INT32
    if not -limit <= number < limit:
        raise ValueOutOfRange(collection, field.name, value)
    return int(number)


def _number(collection: str, field: Field, value: Any) -> str:
    number = _parsed(field, value, "number")
    if field.type == "decimal" and field.precision is not None:
        digits, decimals = field.precision
        if abs(number) >= Decimal(10) ** (digits - decimals):
            raise ValueOutOfRange(collection, field.name, value)
    return str(number)


def _parsed(field: Field, value: Any, kind: str) -> Decimal:
    if not isinstance(value, bool) and isinstance(value, int | float | str | Decimal):
        try:
            number = Decimal(str(value).strip())
        except InvalidOperation:
            number = Decimal(math.nan)
        if number.is_finite():
            return number
    raise InvalidPayload(f'Invalid {kind} "{value}" in field "{field.name}"')


def _boolean(field: Field, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    text = str(value).lower()
    if text in _TRUE | _FALSE:
        return text in _TRUE
    raise InvalidPayload(f'Invalid boolean "{value}" in field "{field.name}"')


def _uuid(collection: str, field: Field, value: Any) -> str:
    if is_uuid(value):
        return str(value).lower()
    if field.relation is not None:
        raise InvalidForeignKey(collection, field.name, value)
    raise InvalidPayload(f'Invalid uuid "{value}" in field "{field.name}"')


_SHAPES: dict[str, tuple[str, type[datetime] | type[date] | type[time]]] = {
    "timestamp": ("DateTime", datetime),
    "dateTime": ("DateTime", datetime),
    "date": ("Date", date),
    "time": ("Time", time),
}


def _moment(field: Field, value: Any) -> str:
    name, kind = _SHAPES[field.type]
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    try:
        parsed = kind.fromisoformat(value[:10] if kind is date else value)
    except (TypeError, ValueError):
        raise InvalidPayload(f'Invalid {name} format in field "{field.name}"') from None
    return parsed.isoformat()


def _csv(field: Field, value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ",".join(value)
    raise InvalidPayload(f'Field "{field.name}" takes a list of strings')


def stored_row(
    collection: str, fields: dict[str, Field], row: dict[str, Any], errors: list[AppError]
) -> dict[str, Any]:
    """A row with every value as stored; what can't be stored is added to `errors`."""
    result: dict[str, Any] = {}
    for name, value in row.items():
        try:
            result[name] = stored(collection, fields[name], value)
        except AppError as error:
            errors.append(error)
    return result
