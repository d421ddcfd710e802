"""The rules of scans that apps report: what the code says needs not be said again."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from app.access.caller import Caller
from app.codes.errors import CodeError
from app.codes.scanned_text import is_written
from app.database.session import WriteSession
from app.domains.scan import queries
from app.domains.scan.devices import Scanning, devices_of
from app.domains.scan.judgement import Facts, Judgement, judge
from app.domains.scan.scanned_key import ScannedKey, readings_of
from app.domains.scan.service import blacklist, facts_of
from app.errors import FailedValidation
from app.items.hooks import Row, Rules

_COUNTRY = re.compile("[a-z]{2}")
NOTHING = (
    "Value can't be empty: send the text that was scanned as scanned_key (a link, a key, an EPC or "
    "an element string), or the key of the code as code."
)


class ScanRules(Rules):
    """Completes code, product, account, status and flags from what was scanned.

    A row names the `code`, or a `scanned_key`, in any form `scanned_text` reads. What an app has
    judged itself is kept. Of another account's code it is told what everybody is told, not its row;
    and the owner of the key has the scan, too.
    """

    async def before_create(self, session: WriteSession, caller: Caller, rows: list[Row]) -> None:
        if any(map(_is_blank, rows)):
            raise FailedValidation("scanned_key", "nempty", NOTHING)
        readings = [_scanned(row) for row in rows]
        wanted = list({key.key: key for one in readings for key in one}.values())
        known = await facts_of(session, wanted)
        keys = [_meant(one, known) for one in readings]
        now = datetime.now(UTC)
        scannings = [
            None if key is None else _scanning(row, key, now)
            for row, key in zip(rows, keys, strict=True)
        ]
        own = [facts for facts in known.values() if _is_own(facts, caller)]
        devices = await devices_of(session, own, filter(None, scannings))
        exceeded: set[str] = set()
        strange: list[Row] = []
        for row, key, scanning in zip(rows, keys, scannings, strict=True):
            _lower_country(row)
            if key is None or scanning is None:
                _note_unreadable(row)
                continue
            facts = known[key.key]
            if not _is_own(facts, caller):
                judgement = _judged(row, facts, key, now.date(), 0)
                strange.append(_for_its_owner(row, facts, key, judgement))
                unseen = replace(facts, code=None, product=None, account=None)
                _complete(row, unseen, key, replace(judgement, flags=()))
                continue
            judgement = _judged(row, facts, key, now.date(), devices.with_scan(scanning))
            _complete(row, facts, key, judgement)
            if judgement.blacklists:
                exceeded.add(key.key)
        if exceeded:
            await blacklist(session, sorted(exceeded))
        for scan in strange:
            await session.execute(queries.RECORD, scan)


def _is_own(facts: Facts, caller: Caller) -> bool:
    """Whether what was scanned is the caller's business: its own account's, or nothing known."""
    return caller.account in {None, facts.account} or not facts.is_known


def _meant(readings: Sequence[ScannedKey], known: Mapping[str, Facts]) -> ScannedKey | None:
    there = (key for key in readings if known[key.key].code is not None)
    return next(there, readings[-1] if readings else None)


def _for_its_owner(row: Row, facts: Facts, key: ScannedKey, judgement: Judgement) -> Row:
    """The scan as the owner of its key has it: nothing of who reported it, nor of its device.

    One who names devices as it likes can't make a code look copied.
    """
    country = row.get("country")
    return {
        "account": facts.account,
        "code": facts.code,
        "scanned_key": key.key,
        "product": facts.product,
        "app": "reported",
        "result": judgement.result,
        "computed_status": judgement.status,
        "flags": ",".join(judgement.flags),
        "country": country if isinstance(country, str) and _COUNTRY.fullmatch(country) else None,
        "install_id": None,
        "device": None,
    }


def _scanned(row: Row) -> tuple[ScannedKey, ...]:
    """What the row may say was scanned; nothing for a text that is no key: it is kept as it is."""
    given = next(_said(row), None)
    if given is None:
        return ()
    try:
        return readings_of(given)
    except CodeError:
        return ()


def _said(row: Row) -> Iterator[str]:
    """The texts that say what was scanned."""
    given = (row.get("code"), row.get("scanned_key"))
    return (str(text) for text in given if text is not None and is_written(str(text)))


def _is_blank(row: Row) -> bool:
    """Whether a row says what was scanned, and that is nothing."""
    is_given = row.get("code") is not None or row.get("scanned_key") is not None
    return is_given and next(_said(row), None) is None


def _scanning(row: Row, key: ScannedKey, now: datetime) -> Scanning:
    device = row.get("install_id")
    at = datetime.fromisoformat(str(row.get("scanned_at") or now))
    return Scanning(
        key.key,
        at if at.tzinfo is not None else at.replace(tzinfo=UTC),
        device if isinstance(device, str) else None,
    )


def _judged(row: Row, facts: Facts, key: ScannedKey, today: date, devices: int) -> Judgement:
    country = row.get("country")
    return judge(
        facts,
        is_product=key.is_product,
        country=country if isinstance(country, str) else None,
        today=today,
        devices=devices,
    )


def _complete(row: Row, facts: Facts, key: ScannedKey, judgement: Judgement) -> None:
    if facts.account is not None:
        row["account"] = facts.account  # whose the code is, whoever reports the scan
    if judgement.status == "unknown" and row.get("computed_status") is None:
        row["result"] = judgement.result
    if row.get("code") is not None:
        row["code"] = key.key  # as the code is named, or its scans would not be counted together
    own: dict[str, Any] = {
        "code": facts.code,
        "product": facts.product,
        "scanned_key": key.key,
        "computed_status": judgement.status,
        "flags": ",".join(judgement.flags),
    }
    for name, value in own.items():
        if row.get(name) is None:
            row[name] = value


def _note_unreadable(row: Row) -> None:
    """What is in no form of a code is no code of anybody's: unknown, as one that nobody issued."""
    if row.get("scanned_key") and row.get("computed_status") is None:
        row.update(computed_status="unknown", result="failure")


def _lower_country(row: Row) -> None:
    if isinstance(row.get("country"), str):
        row["country"] = row["country"].strip().lower()
