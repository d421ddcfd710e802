"""Filter values: checked against the operator and the field's type (directus.md 2.13)."""

import re
import sys
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from app.errors import InvalidQuery, shown
from app.items.query.operators import CLAIMS, LISTS, like_pattern

_EMAIL = re.compile(r"[^@\s]+@[^@\s][^@\s.]*\.[^@\s]+")
_LONGEST_EMAIL = 255
_UUID = re.compile(r"[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}", re.IGNORECASE)
MOST_VALUES = 20_000
"""Of a list: each one is looked at, one by one, in the time of all who ask."""
_TEXTS = frozenset({"string", "text"})
_SAFE = 2**53 - 1
_LARGEST = {
    "integer": Decimal(_SAFE),
    "bigInteger": Decimal(2**63 - 1),
    "float": Decimal(repr(sys.float_info.max)),
    "decimal": Decimal(10) ** 1000,  # beyond any column
}
_MOST_DIGITS = 1000


def is_uuid(text: Any) -> bool:
    """Whether a value has the form of a uuid."""
    return isinstance(text, str) and _UUID.fullmatch(text) is not None


def as_uuid(text: Any) -> str | None:
    """A uuid as PostgreSQL prints it; None for what is none."""
    if not is_uuid(text):
        return None
    # 36 characters have all their hyphens: that is the printed form already.
    return text.lower() if len(text) == 36 else str(UUID(text))  # noqa: PLR2004 - its length


def is_email(text: str) -> bool:
    """Whether a text has the form of an e-mail address: of 255 characters, with a dot behind @."""
    return len(text) <= _LONGEST_EMAIL and _EMAIL.fullmatch(text) is not None


def as_number(value: Any) -> Decimal | None:
    """The finite number a JSON number or a text means; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    text = str(value).strip()
    try:
        number = Decimal("" if "_" in text else text)  # Decimal itself reads 1_0 as ten
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


def as_boolean(value: Any) -> bool | None:
    """The boolean a value means: itself, 1 or 0, or their texts in any case; None: it means none.

    >>> as_boolean("TRUE"), as_boolean(0), as_boolean("yes")
    (True, False, None)
    """
    return value if isinstance(value, bool) else _BOOLEANS.get(str(value).lower())


def claim(operator: str, value: Any) -> bool:
    """Whether a claim (`_null`, `_empty`, ...) is asked for (True) or its opposite (False)."""
    if value is None or value == "":
        return True
    if not isinstance(value, bool):
        raise InvalidQuery(f'"{operator}" has to be a boolean')
    return value


def operand(operator: str, value: Any, field_type: str) -> Any:
    """The value to bind for an operator on a field of that type. Raises InvalidQuery.

    Lists come as arrays, comma-separated text or index objects; `None` never gets here.
    """
    if operator in CLAIMS:
        return claim(operator, value)
    if operator in LISTS:
        items = items_of(operator, value)
        if field_type in _TEXTS and all(type(item) is str and item for item in items):
            return items  # as they are: lists of keys are long
        return [_scalar(operator, item, field_type) for item in items]
    return _scalar(operator, value, field_type)


def items_of(operator: str, value: Any) -> list[Any]:
    """The values of a list: an array, text with commas, or index objects. Raises InvalidQuery."""
    if isinstance(value, str):
        value = value.split(",")
    elif isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list) or not value:
        raise InvalidQuery(f'"{operator}" has to be an array of values')
    require_few(operator, value)
    return value


def require_few(operator: str, value: Any) -> None:
    """Raises InvalidQuery for a list of more values than a filter takes."""
    if isinstance(value, list) and len(value) > MOST_VALUES:
        raise InvalidQuery(f'"{operator}" takes {MOST_VALUES} values at most: ask in parts')


def _scalar(operator: str, value: Any, field_type: str) -> Any:
    if isinstance(value, dict | list) or value is None:
        raise InvalidQuery(
            f'The filter value for "{operator}" has to be a string, number, or boolean'
        )
    if value == "":
        raise InvalidQuery(
            f'You can\'t filter for an empty string in "{operator}". '
            'Use "_empty" or "_nempty" instead'
        )
    text = _as_text(value)
    pattern = like_pattern(operator, text)
    return pattern if pattern is not None else _typed(operator, value, text, field_type)


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _typed(operator: str, value: Any, text: str, field_type: str) -> Any:
    match field_type:
        case "integer" | "bigInteger" | "float" | "decimal":
            return _number(operator, value, field_type)
        case "boolean":
            return _boolean(value)
        case "uuid":
            if not is_uuid(text):
                raise InvalidQuery(f'The filter value "{shown(text)}" is not a valid uuid')
            return text
        case "timestamp" | "dateTime" | "date" | "time":
            return moment(text, field_type)
    return text


def _number(operator: str, value: Any, field_type: str) -> int | Decimal:
    number = as_number(value)
    if number is None:
        raise InvalidQuery("Invalid numeric value")
    is_long = len(number.as_tuple().digits) > _MOST_DIGITS or number.adjusted() < -_MOST_DIGITS
    if is_long or number.copy_abs() > _LARGEST[field_type]:
        raise InvalidQuery(f'The filter value for "{operator}" is not a valid number')
    if field_type in {"float", "decimal"}:
        return number
    if number != number.to_integral_value():
        raise InvalidQuery("Invalid numeric value")
    return int(number)


def _boolean(value: Any) -> bool:
    answer = as_boolean(value)
    if answer is None:
        raise InvalidQuery(f'The filter value "{shown(value)}" is not a boolean: use true or false')
    return answer


def moment(text: str, field_type: str) -> datetime | date | time:
    """The date or time a text means. A timestamp without zone is UTC."""
    try:
        match field_type:
            case "time":
                return time.fromisoformat(text)
            case "date":
                return datetime.fromisoformat(text).date()
            case "dateTime":
                return datetime.fromisoformat(text).replace(tzinfo=None)
        parsed = datetime.fromisoformat(text)
    except ValueError:
        message = f'The filter value "{shown(text)}" is not a valid {field_type}'
        raise InvalidQuery(message) from None
    return parsed if parsed.tzinfo is not None else parsed.replace(tzinfo=UTC)
