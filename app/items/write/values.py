"""Payload values: from JSON to what a column stores, or a refusal that names the field.

Stored values are JSON too: they travel to PostgreSQL as one JSON parameter for any number of rows.
"""

import sys
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import orjson

from app.errors import (
    AppError,
    FailedValidation,
    InvalidForeignKey,
    InvalidPayload,
    ValueOutOfRange,
    ValueTooLong,
    shown,
)
from app.items.query.code_paths import code_path
from app.items.query.operands import as_boolean, as_number, as_uuid
from app.json_text import written
from schema import Field

_INT32, _INT64, _DOUBLE = 2**31, 2**63, Decimal(2) ** 1024
_LEAST = Decimal(sys.float_info.min)
_WHOLE = 1e21
"""From here on JavaScript writes numbers with an exponent."""


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
            return _csv(collection, field, value)
    return value


def _text(collection: str, field: Field, value: Any) -> str:
    text = value if isinstance(value, str) else _number_or_json(value)
    if field.code_path:
        text = code_path(text)
    if "\x00" in text:
        raise InvalidPayload(f'Field "{field.name}" contains a NUL character; remove it')
    if field.max_length is not None and len(text) > field.max_length:
        if field.concealed:  # a secret is never repeated
            detail = f"Value has to be at most {field.max_length} characters long."
            raise FailedValidation(field.name, "lte", detail)
        raise ValueTooLong(collection, field.name, text)
    return text


def _number_or_json(value: Any) -> str:
    """The text of a value that is none. Of 1e2 it is 100, as it is of JavaScript's numbers."""
    is_whole = isinstance(value, float) and value.is_integer() and abs(value) < _WHOLE
    return str(int(value)) if is_whole else as_json(value)


def _integer(collection: str, field: Field, value: Any) -> int:
    number = _parsed(field, value, "integer")
    if number != number.to_integral_value():
        raise InvalidPayload(f'Invalid integer "{shown(value)}" in field "{field.name}"')
    limit = _INT64 if field.wide or field.type == "bigInteger" else _INT32
    if not -limit <= number < limit:
        raise ValueOutOfRange(collection, field.name, value)
    return int(number)


def _number(collection: str, field: Field, value: Any) -> str:
    number = _parsed(field, value, "number")
    if number.copy_abs() >= _bound(field):
        raise ValueOutOfRange(collection, field.name, value)
    if field.type == "float" and number.copy_abs() < _LEAST:
        return str(float(number))  # PostgreSQL refuses what a double has no digits for
    return str(number)


def _bound(field: Field) -> Decimal:
    """The least number too large for the field, after PostgreSQL's rounding."""
    if field.type == "float":
        return _DOUBLE
    digits, decimals = field.precision or (10, 5)
    return Decimal(10) ** (digits - decimals) - Decimal(5).scaleb(-decimals - 1)


def _parsed(field: Field, value: Any, kind: str) -> Decimal:
    number = as_number(value)
    if number is None:
        raise InvalidPayload(f'Invalid {kind} "{shown(value)}" in field "{field.name}"')
    return number


def _boolean(field: Field, value: Any) -> bool:
    answer = as_boolean(value)
    if answer is None:
        raise InvalidPayload(f'Invalid boolean "{shown(value)}" in field "{field.name}"')
    return answer


def _uuid(collection: str, field: Field, value: Any) -> str:
    if (known := as_uuid(value)) is not None:
        return known
    if field.relation is not None and isinstance(value, str | int):
        raise InvalidForeignKey(collection, field.name, value)
    raise InvalidPayload(f'Invalid uuid "{shown(value)}" in field "{field.name}"')


_MOMENTS = {"timestamp": "DateTime", "dateTime": "DateTime", "date": "Date", "time": "Time"}


def _moment(field: Field, value: Any) -> str:
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    try:
        match field.type:
            case "time":
                return time.fromisoformat(value).isoformat()
            case "date":
                return datetime.fromisoformat(value).date().isoformat()
            case "dateTime":
                return datetime.fromisoformat(value).isoformat()
        moment = datetime.fromisoformat(value)
        # In UTC it has to lie in the years 1 to 9999 still: ISO 8601 has no others.
        return (moment.astimezone(UTC) if moment.tzinfo is not None else moment).isoformat()
    except (TypeError, ValueError, OverflowError):
        name = _MOMENTS[field.type]
        raise InvalidPayload(f'Invalid {name} format in field "{field.name}"') from None


def _csv(collection: str, field: Field, value: Any) -> str:
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        value = ",".join(value)
    if isinstance(value, str):
        return _text(collection, field, value)
    raise InvalidPayload(f'Field "{field.name}" takes a list of strings')


def as_key(field: Field, key: Any) -> Any:
    """A key as the primary key `field` stores it; None when it can't be one.

    A malformed key is a missing row, never an error.
    """
    match field.type:
        case "uuid":
            return as_uuid(key)
        case "integer" | "bigInteger":
            number = as_number(key)
            if number is None or number.copy_abs() >= _INT64 or number != int(number):
                return None
            return int(number)
    if not isinstance(key, str | int) or isinstance(key, bool):
        return None
    text = code_path(str(key)) if field.code_path else str(key)
    return None if "\x00" in text else text


def stored_row(
    collection: str, fields: dict[str, Field], row: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, AppError]]:
    """A row with every value as stored; and by field, why the others can't be."""
    result: dict[str, Any] = {}
    refused: dict[str, AppError] = {}
    for name, value in row.items():
        try:
            result[name] = stored(collection, fields[name], value)
        except AppError as error:
            refused[name] = error
    return result, refused


def as_json(value: Any) -> str:
    """A value as JSON text. Raises InvalidPayload where JSON or PostgreSQL has no room for it."""
    try:
        return written(value).decode()
    except orjson.JSONEncodeError as error:
        raise InvalidPayload(f"A value can't be stored: {error}") from None
