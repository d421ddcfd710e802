"""Searches for scans: those of codes, with the time and the flags of the scan (systems.md 4.5)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.access.caller import Caller
from app.database.session import Session
from app.database.tables import METADATA
from app.domains.code_search.conditions import Condition, within
from app.domains.code_search.readings import Span, parts
from app.domains.code_search.service import TIMES, asked_span, read_search
from app.errors import FailedValidation
from app.items.compile import Compiler
from app.items.query import Query
from app.items.restrict import Restrictor

_CODE = METADATA.tables["unique_code"]
_OF_CODE = ", ".join(f"code.{column.name}" for column in _CODE.columns if column.name != "account")

# `c` and `p` are what conditions on codes are about (code_search.SOURCE). A scan without a code, as
# of a counterfeit, has a `c` that is empty but for its account, and its product all the same.
SOURCE = f"""scan AS s
LEFT JOIN unique_code AS code ON code.id = s.code AND code.account IS NOT DISTINCT FROM s.account
CROSS JOIN LATERAL (SELECT s.account, {_OF_CODE}) AS c
LEFT JOIN product AS p ON p.id = s.product"""


@dataclass(frozen=True, slots=True)
class ScanSearch:
    """A search that was understood: a condition over SOURCE, and what it binds.

    `scm_fields`: the supply-chain fields that are shown of codes. `asked`: the span of time.
    """

    where: str
    values: dict[str, Any]
    scm_fields: tuple[str, ...]
    asked: Span


async def read_scans(
    session: Session, compiler: Compiler, caller: Caller, params: Mapping[str, str]
) -> ScanSearch:
    """The search that these parameters ask for, of the scans the caller may read.

    `date_from`, `date_to` and `timeframe` are about the scan, `flags` are its own; all other
    parameters are about its code. No campaign has to be named. Raises as `read_search`.
    """
    given = {name: text.strip() for name, text in params.items() if text.strip()}
    own = {name: given.pop(name) for name in (*TIMES, "flags") if name in given}
    for name, text in own.items():
        if "\0" in text:
            raise _invalid(name)
    codes = await read_search(session, caller, given, campaign_required=False)
    conditions, values, asked = [codes.where], dict(codes.values), Span(None, None)
    if codes.campaign is not None and codes.campaign.account is not None:
        # Products of a campaign are its account's, and so are their scans: an index by time.
        whose = {"scan_account": codes.campaign.account}
        _add(conditions, values, Condition("s.account = %(scan_account)s::uuid", whose, ""))
    if any(name in own for name in TIMES):
        asked = asked_span(own)
        _add(conditions, values, within("scanned_at", "s.scanned_at", asked))
    if "flags" in own:
        _add(conditions, values, _flags(own["flags"]))
    if not caller.is_admin:
        # An admin's rows are its account's, as those of codes are; a policy may allow fewer.
        readable = compiler.keys(Restrictor(compiler.schema, caller).restricted(Query("scan", ())))
        _add(conditions, values, Condition(f"s.id IN ({readable.sql})", readable.values, ""))
    return ScanSearch(" AND ".join(conditions), values, codes.scm_fields, asked)


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
