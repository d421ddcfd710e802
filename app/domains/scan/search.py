"""Searches for scans: those of codes, with the time and the flags of the scan (systems.md 4.5)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.database.session import Session
from app.domains.code_search.conditions import CODES, PRODUCTS, Condition, within
from app.domains.code_search.readings import Span, parts
from app.domains.code_search.service import TIMES, CodeSearch, asked_span, read_search
from app.errors import FailedValidation
from app.items.policy.readable_rows import ReadableRows

SCANS = "scan"


@dataclass(frozen=True, slots=True)
class ScanSearch:
    """A search that was understood: a condition over `source`, and what it binds.

    `codes`: the search for the scans' codes. `asked`: the span of time.
    """

    codes: CodeSearch
    where: str
    values: dict[str, Any]
    asked: Span

    @property
    def readable(self) -> ReadableRows:
        return self.codes.readable

    @property
    def source(self) -> str:
        """The scans, their codes and their products: `c` and `p`, as conditions on codes have them.

        A scan without a code, as of a counterfeit, has its product all the same.
        """
        scans, codes = self.readable.of(SCANS, "s"), self.readable.of(CODES, "c")
        return (
            f"{scans} LEFT JOIN {codes} ON c.id = s.code "
            f"LEFT JOIN {self.readable.of(PRODUCTS, 'p')} ON p.id = s.product"
        )

    def bound(self) -> dict[str, Any]:
        """All that is bound: to be asked when the text of the statement is complete."""
        return {**self.readable.values, **self.values}


async def read_scans(
    session: Session, readable: ReadableRows, params: Mapping[str, str]
) -> ScanSearch:
    """The search that these parameters ask for, of the scans the caller may read.

    `date_from`, `date_to` and `timeframe` are about the scan, `flags` are its own; all other
    parameters are about its code. No campaign has to be named. Raises as `read_search`.
    """
    readable.require(SCANS)
    given = {name: text.strip() for name, text in params.items() if text.strip()}
    own = {name: given.pop(name) for name in (*TIMES, "flags") if name in given}
    for name, text in own.items():
        if "\0" in text:
            raise _invalid(name)
    codes = await read_search(session, readable, given, campaign_required=False)
    conditions, values, asked = [codes.where], dict(codes.values), Span(None, None)
    if codes.campaign is not None and codes.campaign.account is not None:
        # Products of a campaign are its account's, and so are their scans: an index by time.
        whose = {"scan_account": codes.campaign.account}
        _add(conditions, values, Condition("s.account = %(scan_account)s::uuid", whose, ""))
    if any(name in own for name in TIMES):
        readable.require(SCANS, "scanned_at")
        asked = asked_span(own)
        _add(conditions, values, within("scanned_at", "s.scanned_at", asked))
    if "flags" in own:
        readable.require(SCANS, "flags")
        _add(conditions, values, _flags(own["flags"]))
    return ScanSearch(codes, " AND ".join(conditions), values, asked)


def _flags(text: str) -> Condition:
    """Scans that carry any of these flags."""
    try:
        wanted = parts(text)
    except ValueError as error:
        raise _invalid("flags") from error
    sql = "string_to_array(s.flags, ',') && %(flags)s::text[]"
    return Condition(sql, {"flags": wanted}, ",".join(wanted))


def _add(conditions: list[str], values: dict[str, Any], condition: Condition) -> None:
    if condition.sql:
        conditions.append(condition.sql)
    values.update(condition.values)


def _invalid(name: str) -> FailedValidation:
    return FailedValidation(name, "invalid", "Enter a valid value.")
