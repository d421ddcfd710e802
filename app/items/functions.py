"""Date parts: Directus's functions over date, time and timestamp fields (directus.md 3.3)."""

from typing import Any

from sqlalchemy import ColumnElement, Integer, cast, extract, func

_DATE = ("year", "month", "week", "day", "weekday")
_TIME = ("hour", "minute", "second")

FUNCTIONS: dict[str, tuple[str, ...]] = {
    "date": _DATE,
    "time": _TIME,
    "dateTime": _DATE + _TIME,
    "timestamp": _DATE + _TIME,
}
"""The functions each field type admits. `week` is the ISO week, `weekday` 0 is Sunday."""

_POSTGRES = {"weekday": "dow"}


def date_part(column: ColumnElement[Any], function: str) -> ColumnElement[int]:
    """The part of a moment as an integer. Sessions run in UTC, so timestamps are UTC too."""
    part = extract(_POSTGRES.get(function, function), column)
    # Seconds have fractions, and a cast would round 59.5 up to 60.
    return cast(func.trunc(part) if function == "second" else part, Integer)
