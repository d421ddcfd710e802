"""Directus's functions over fields: date parts, counts, and paths into JSON (directus.md 3.3)."""

from schema import Field

_DATE = ("year", "month", "week", "day", "weekday")
_TIME = ("hour", "minute", "second")

FUNCTIONS: dict[str, tuple[str, ...]] = {
    "date": _DATE,
    "time": _TIME,
    "dateTime": _DATE + _TIME,
    "timestamp": _DATE + _TIME,
    "json": ("count", "json"),
    "alias": ("count",),
}
"""The functions each field type admits. `week` is the ISO week, `weekday` 0 is Sunday.

`json` takes a path; the count of an alias is of its related rows (see `app.items.compile.scope`).
"""


def functions_of(field: Field) -> tuple[str, ...]:
    """The functions that a caller may apply to a field: none where the value is concealed."""
    return () if field.concealed else FUNCTIONS.get(field.type, ())


def result_key(field: str, function: str, argument: str | None = None) -> str:
    """The key a function's value has in an answer: `date_created_year`, `meta_a_b_json`."""
    if argument is None:
        return f"{field}_{function}"
    inner = argument.replace("[", ".").replace("]", "").replace(".", "_")
    return f"{field}_{inner}_{function}"
