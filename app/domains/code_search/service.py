"""Reading a search for codes: parameters in, one bound SQL condition out (systems.md 4.2).

One reading serves everything that asks by these parameters: documents, scans and summaries.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from app.database.session import Session
from app.domains.code_search import queries
from app.domains.code_search.conditions import (
    CODES,
    CONDITIONS,
    PRODUCTS,
    Condition,
    scm_value,
    within,
)
from app.domains.code_search.readings import Span, moment, timeframe, whole_number, whole_numbers
from app.errors import AppError, ErrorList, FailedValidation, Forbidden
from app.items.policy.readable_rows import ReadableRows

ALIASES = {"campaign_id": "campaign", "status": "activation_status", "products": "product"}
"""Other names of parameters, as different generations of clients have them."""

TIMES = ("timeframe", "date_from", "date_to")
SCM_PREFIX = "scm_"


@dataclass(frozen=True, slots=True)
class Campaign:
    """The campaign of a search."""

    id: int
    account: str | None


@dataclass(frozen=True, slots=True)
class CodeSearch:
    """A search that was understood.

    `where`: a condition over `source`, with `values` to bind (psycopg's named style), and those of
    `readable`: what its caller sees.
    `parameters`: what was asked for, as texts, in the spelling a document echoes; reading them
    again gives the same search. `scm_fields`: the active supply-chain fields, in their order.
    """

    readable: ReadableRows
    where: str
    values: dict[str, Any]
    campaign: Campaign | None
    parameters: dict[str, str]
    scm_fields: tuple[str, ...]

    @property
    def source(self) -> str:
        """The codes and their products."""
        codes, products = self.readable.of(CODES, "c"), self.readable.of(PRODUCTS, "p")
        return f"{codes} LEFT JOIN {products} ON p.id = c.product"

    def bound(self) -> dict[str, Any]:
        """All that is bound: to be asked when the text of the statement is complete."""
        return {**self.readable.values, **self.values}


@dataclass(slots=True)
class _Reading:
    """A search while it is being read."""

    readable: ReadableRows
    conditions: list[str] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    errors: list[AppError] = field(default_factory=list)

    def add(self, name: str, condition: Condition) -> None:
        self.conditions.append(condition.sql)
        self.values.update(condition.values)
        self.parameters[name] = condition.echo


async def read_search(
    session: Session, readable: ReadableRows, params: Mapping[str, str], *, campaign_required: bool
) -> CodeSearch:
    """The search that these parameters ask for. An empty value is as good as none.

    With `campaign_required`, a campaign or a work order has to be named. Raises FailedValidation
    (several of them: ErrorList) for what can't be read, and Forbidden for a campaign or a work
    order that its caller does not see, and for what it may not ask by.
    """
    given = _given(params)
    workorders = _numbers(given, "workorder")
    campaign = await _campaign(session, readable, given)
    if campaign is None and workorders is None and campaign_required:
        raise FailedValidation("campaign", "required", "This field is required.")
    await _check_workorders(session, readable, workorders)
    number = None if campaign is None else campaign.id
    statement = queries.scm_fields(readable)
    wanted = {**readable.values, "campaign": number, "workorders": workorders}
    fields = await session.fetch_all(statement, wanted)
    reading = _Reading(readable)
    if campaign is not None:
        _narrow(reading, campaign)
    _read_times(reading, given)
    _read_rest(reading, given, {row["key"] for row in fields})
    if reading.errors:
        raise reading.errors[0] if len(reading.errors) == 1 else ErrorList(reading.errors)
    active = dict.fromkeys(row["key"] for row in fields if row["is_active"])
    where = " AND ".join(reading.conditions) or "TRUE"
    return CodeSearch(readable, where, reading.values, campaign, reading.parameters, tuple(active))


def _given(params: Mapping[str, str]) -> dict[str, str]:
    """The parameters that say something, by their first names. Raises FailedValidation."""
    given: dict[str, str] = {}
    for name, text in params.items():
        if not text.strip():
            continue
        if "\0" in text or not _is_unicode(text):
            raise _invalid(name)
        first = ALIASES.get(name, name)
        if given.setdefault(first, text.strip()) != text.strip():
            raise _contradiction(name, first)
    return given


def _is_unicode(text: str) -> bool:
    """Half of a surrogate pair is no text for PostgreSQL."""
    return text.isascii() or not any("\ud800" <= symbol <= "\udfff" for symbol in text)


async def _campaign(
    session: Session, readable: ReadableRows, given: Mapping[str, str]
) -> Campaign | None:
    if "campaign" not in given:
        return None
    readable.require("campaign")
    try:
        number = whole_number(given["campaign"])
    except ValueError as error:
        raise _invalid("campaign") from error
    statement = queries.campaign(readable)
    row = await session.fetch_one(statement, {**readable.values, "campaign": number})
    if row is None:
        raise Forbidden
    return Campaign(**row)


async def _check_workorders(
    session: Session, readable: ReadableRows, numbers: list[int] | None
) -> None:
    if numbers is None:
        return
    readable.require("workorder")
    statement = queries.workorders(readable)
    found = await session.fetch_all(statement, {**readable.values, "workorders": numbers})
    if {row["id"] for row in found} != set(numbers):
        raise Forbidden


def _narrow(reading: _Reading, campaign: Campaign) -> None:
    """To the codes of the campaign."""
    reading.readable.require(CODES, "product")
    reading.readable.require(PRODUCTS, "campaign")
    text, values = str(campaign.id), {"campaign": campaign.id}
    reading.add("campaign", Condition("p.campaign = %(campaign)s::int", values, text))


def _read_times(reading: _Reading, given: Mapping[str, str]) -> None:
    """date_from and date_to, else timeframe, are a range of activated_at (systems.md 0.3 10)."""
    names = [name for name in TIMES if name in given]
    if not names:
        return
    if "activated_at" in given:
        detail = f"Give either activated_at or {' and '.join(names)}."
        reading.errors.append(FailedValidation("activated_at", "invalid", detail))
        return
    try:
        wanted = asked_span(given)
    except FailedValidation as error:
        reading.errors.append(error)
    else:
        reading.readable.require(CODES, "activated_at")
        reading.add("activated_at", within("activated_at", "c.activated_at", wanted))


def asked_span(given: Mapping[str, str]) -> Span:
    """The range of time that is asked for. Raises FailedValidation."""
    name = "timeframe"
    try:
        if "date_from" not in given and "date_to" not in given:
            return timeframe(given[name], datetime.now(UTC))
        name = "date_from"
        first = moment(given[name]).first if name in given else None
        name = "date_to"
        return Span(first, moment(given[name]).last if name in given else None)
    except ValueError as error:
        raise _invalid(name) from error


def _read_rest(reading: _Reading, given: Mapping[str, str], fields: set[str]) -> None:
    """Everything but the campaign and the range of time: plain parameters, supply-chain fields."""
    for place, (name, text) in enumerate(given.items()):
        if name == "campaign" or name in TIMES:
            continue
        key = _scm_key(name, fields)
        try:
            if name in CONDITIONS:
                reading.add(name, CONDITIONS[name](reading.readable, text))
            elif key is None:
                reading.errors.append(FailedValidation(name, "unknown", "Unknown filter."))
            elif reading.parameters.get(SCM_PREFIX + key, text) != text:
                reading.errors.append(_contradiction(name, SCM_PREFIX + key))
            else:
                reading.add(SCM_PREFIX + key, scm_value(reading.readable, place, key, text))
        except ValueError:
            reading.errors.append(_invalid(name))


def _scm_key(name: str, fields: set[str]) -> str | None:
    """The supply-chain field a parameter means: `scm_<key>`, or the bare key."""
    key = name.removeprefix(SCM_PREFIX)
    if name.startswith(SCM_PREFIX) and key in fields:
        return key
    return name if name in fields else None


def _numbers(given: Mapping[str, str], name: str) -> list[int] | None:
    if name not in given:
        return None
    try:
        return whole_numbers(given[name])
    except ValueError as error:
        raise _invalid(name) from error


def _invalid(name: str) -> FailedValidation:
    return FailedValidation(name, "invalid", "Enter a valid value.")


def _contradiction(name: str, other: str) -> FailedValidation:
    return FailedValidation(name, "invalid", f'It contradicts "{other}": give one of them.')
