"""The rules of scans that apps report: what the code says needs not be said again."""

from datetime import UTC, date, datetime
from typing import Any

from app.access.caller import Caller
from app.codes.errors import CodeError
from app.database.session import WriteSession
from app.domains.scan.devices import Scanning, devices_of
from app.domains.scan.judgement import Facts, Judgement, judge
from app.domains.scan.scanned_key import ScannedKey, of_text
from app.domains.scan.service import blacklist, facts_of
from app.items.rules import Row, Rules


class ScanRules(Rules):
    """Completes code, product, account, status and flags from what was scanned.

    A row names the `code`, or a `scanned_key`, in any form `scanned_text` reads. What an app has
    judged itself is kept. To a caller with an account, codes of other accounts are unknown ones.
    """

    async def before_create(self, session: WriteSession, caller: Caller, rows: list[Row]) -> None:
        keys = [_scanned(row) for row in rows]
        wanted = list({key.key: key for key in keys if key is not None}.values())
        known = await facts_of(session, wanted, caller.account)
        now = datetime.now(UTC)
        scannings = [
            None if key is None else _scanning(row, key, now)
            for row, key in zip(rows, keys, strict=True)
        ]
        devices = await devices_of(session, known.values(), filter(None, scannings))
        exceeded = set()
        for row, key, scanning in zip(rows, keys, scannings, strict=True):
            _lower_country(row)
            if key is None or scanning is None:
                continue
            facts = known[key.key]
            judgement = _judged(row, facts, key, now.date(), devices.with_scan(scanning))
            _complete(row, facts, key, judgement)
            if judgement.blacklists:
                exceeded.add(key.key)
        if exceeded:
            await blacklist(session, sorted(exceeded))


def _scanned(row: Row) -> ScannedKey | None:
    """What the row says was scanned; None for a text that is no key: it is kept as it is."""
    given = row.get("code") or row.get("scanned_key")
    if not given:
        return None
    try:
        return of_text(str(given))
    except CodeError:
        # Such as the key of a tag, which is no path.
        return ScannedKey(str(given), serial=str(given)) if row.get("code") else None


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


def _lower_country(row: Row) -> None:
    if isinstance(row.get("country"), str):
        row["country"] = row["country"].strip().lower()
