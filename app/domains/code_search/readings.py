"""The values of a search, read from texts: numbers, words, times and spans (systems.md 4.2).

Every reader raises ValueError for a text that says nothing it knows.
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from app.items.query.operands import as_boolean

STATUSES = {"inactive": 0, "active": 1, "blacklisted": 2}
DAYS = {"w": 7, "d": 1}
MONTHS = {"y": 12, "m": 1}
LARGEST = 2**63 - 1
_TIMEFRAME = re.compile(r"-?([0-9]{1,5})([ymwd])")
_NUMBER = re.compile(r"[0-9]{1,19}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Span:
    """From `first` to `last`, both included; None: without a bound."""

    first: datetime | None
    last: datetime | None

    def __str__(self) -> str:
        """As a document echoes it: `2019-09-30T16:00:00.000Z,2021-01-31T16:00:00.000Z`."""
        return f"{_shown(self.first)},{_shown(self.last)}"


def whole_number(text: str) -> int:
    """A number without a sign that fits PostgreSQL's bigint."""
    if not _NUMBER.fullmatch(text) or int(text) > LARGEST:
        raise ValueError(text)
    return int(text)


def whole_numbers(text: str) -> list[int]:
    """Numbers, separated by commas.

    >>> whole_numbers("332, 333")
    [332, 333]
    """
    return [whole_number(part) for part in parts(text)]


def statuses(text: str) -> list[int]:
    """Activation statuses as numbers or words, separated by commas.

    >>> statuses("active,2")
    [1, 2]
    """
    found = [STATUSES[part] if part in STATUSES else whole_number(part) for part in parts(text)]
    if not set(found) <= set(STATUSES.values()):
        raise ValueError(text)
    return found


def truth(text: str) -> bool:
    """`true` or `false`, in any case, or 1 or 0."""
    answer = as_boolean(text)
    if answer is None:
        raise ValueError(text)
    return answer


def parts(text: str) -> list[str]:
    """What stands between commas; at least one part."""
    found = [part.strip() for part in text.split(",") if part.strip()]
    if not found:
        raise ValueError(text)
    return found


def moment(text: str) -> Span:
    """An ISO time is a moment, in UTC unless it says otherwise; a plain date is that whole day."""
    if _DATE.fullmatch(text):
        day = date.fromisoformat(text)
        return Span(datetime.combine(day, time.min, UTC), datetime.combine(day, time.max, UTC))
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        return Span(found.replace(tzinfo=UTC), found.replace(tzinfo=UTC))
    try:
        found = found.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(text) from error
    return Span(found, found)


def span(text: str) -> Span:
    """`from,to`, each a time or empty; or one time.

    >>> str(span("2021-01-31,"))
    '2021-01-31T00:00:00.000Z,'
    """
    first, comma, last = (part.strip() for part in text.partition(","))
    if not comma:
        return moment(first)
    if not first and not last:
        raise ValueError(text)
    return Span(moment(first).first if first else None, moment(last).last if last else None)


def timeframe(text: str, now: datetime) -> Span:
    """The years, months, weeks or days until `now`: `-1y`, `2m`, `3w`, `1d`.

    >>> str(timeframe("-1m", datetime(2021, 3, 31, tzinfo=UTC)))
    '2021-02-28T00:00:00.000Z,2021-03-31T00:00:00.000Z'
    """
    match = _TIMEFRAME.fullmatch(text)
    if match is None:
        raise ValueError(text)
    count, unit = int(match[1]), match[2]
    try:
        back = _months_before(now, count * MONTHS[unit]) if unit in MONTHS else None
        return Span(back or now - timedelta(days=count * DAYS[unit]), now)
    except OverflowError as error:
        raise ValueError(text) from error


def _months_before(now: datetime, count: int) -> datetime:
    """The same day so many months ago, or the last one of a shorter month."""
    year, month = divmod(now.year * 12 + now.month - 1 - count, 12)
    if year < 1:
        raise ValueError(count)
    return now.replace(year=year, month=month + 1, day=min(now.day, monthrange(year, month + 1)[1]))


def _shown(when: datetime | None) -> str:
    if when is None:
        return ""
    digits = "microseconds" if when.microsecond % 1000 else "milliseconds"
    return when.isoformat(timespec=digits).replace("+00:00", "Z")
