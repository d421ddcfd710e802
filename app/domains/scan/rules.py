"""The rules of scans that apps report: what the code says needs not be said again."""

from datetime import UTC, date, datetime
from typing import Any

from app.access.caller import Caller
from app.codes.errors import CodeError
from app.database.session import WriteSession
from app.domains.scan.judgement import Facts, Judgement, judge
from app.domains.scan.scanned_key import ScannedKey, of_text
from app.domains.scan.service import blacklist, facts_of, scans_before
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
        before = await scans_before(session, known.values())
        today, exceeded = datetime.now(UTC).date(), set()
        for row, key in zip(rows, keys, strict=True):
            _lower_country(row)
            if key is None:
                continue
            facts = known[key.key]
            judgement = _judged(row, facts, key, today, before.get(key.key, 0))
            _complete(row, facts, key, judgement)
            if key.key in before:
                before[key.key] += 1
            if judgement.exceeds:
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


def _judged(row: Row, facts: Facts, key: ScannedKey, today: date, scans_before: int) -> Judgement:
    country = row.get("country")
    return judge(
        facts,
        is_product=key.is_product,
        country=country if isinstance(country, str) else None,
        today=today,
        scans_before=scans_before,
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
