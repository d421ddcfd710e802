"""Scanning a code: what it is told, and the row that is kept of it."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from psycopg.types.json import Jsonb

from app.database.session import Database, Session, WriteSession
from app.domains.scan import queries
from app.domains.scan.judgement import Facts, Judgement, judge
from app.domains.scan.redirection import target
from app.domains.scan.scanned_key import ScannedKey


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a scan tells of itself. `country`: ISO 3166 alpha-2, small letters. No address."""

    app: str
    country: str | None = None
    user_agent: str | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """What a scan found, how it is judged, and the address it leads to."""

    facts: Facts
    judgement: Judgement
    link: str | None


async def look(database: Database, key: ScannedKey, around: Circumstances) -> Seen:
    """What a scan would find; nothing is kept of it."""
    async with database.read() as session:
        facts = (await facts_of(session, [key]))[key.key]
    return _seen(facts, key, _judged(facts, key, around))


async def scan(database: Database, key: ScannedKey, around: Circumstances) -> Seen:
    """What a scan finds. It is kept, where it leads to a code or product of ours.

    A scan above the campaign's `max_scan_count` blacklists its code.
    """
    async with database.write() as session:
        facts = (await facts_of(session, [key]))[key.key]
        before = await scans_before(session, [facts])
        judgement = _judged(facts, key, around, before.get(key.key, 0))
        if facts.is_known:
            await session.execute(queries.RECORD, _row(facts, judgement, around))
        if judgement.exceeds:
            await blacklist(session, [key.key])
    return _seen(facts, key, judgement)


async def is_domain(database: Database, name: str) -> bool:
    """Whether codes are printed with that host."""
    return bool(await database.fetch_value(queries.IS_DOMAIN, {"domain": name}))


async def facts_of(
    session: Session, keys: Sequence[ScannedKey], account: str | None = None
) -> dict[str, Facts]:
    """What is known of each key; to an `account`, rows of others are missing."""
    values = {
        "keys": [key.key for key in keys],
        "products": [key.product for key in keys],
        "account": account,
    }
    rows = await session.fetch_all(queries.FACTS, values)
    return {row["key"]: Facts(**row) for row in rows}


async def scans_before(session: WriteSession, known: Iterable[Facts]) -> dict[str, int]:
    """How often codes with a limit were scanned; nobody else counts them until we commit."""
    counted = {facts.key: facts.max_scan_count for facts in known if facts.is_counted}
    if not counted:
        return {}
    codes = sorted(counted)  # in one order, or two sets could wait for each other
    await session.execute(queries.LOCK, {"codes": codes})
    most = [counted[code] for code in codes]
    rows = await session.fetch_all(queries.COUNT, {"codes": codes, "most": most})
    return {row["code"]: row["scans"] for row in rows}


async def blacklist(session: WriteSession, codes: Sequence[str]) -> None:
    """They were scanned too often: reason 10 (systems.md 4.4)."""
    await session.execute(queries.BLACKLIST, {"codes": list(codes)})


def _judged(facts: Facts, key: ScannedKey, around: Circumstances, before: int = 0) -> Judgement:
    return judge(
        facts,
        is_product=key.is_product,
        country=around.country,
        today=datetime.now(UTC).date(),
        scans_before=before,
    )


def _seen(facts: Facts, key: ScannedKey, judgement: Judgement) -> Seen:
    return Seen(facts, judgement, target(facts, key))


def _row(facts: Facts, judgement: Judgement, around: Circumstances) -> dict[str, Any]:
    agent = around.user_agent
    return {
        **asdict(facts),
        "scanned_key": facts.key,
        "app": around.app,
        "result": judgement.result,
        "computed_status": judgement.status,
        "flags": ",".join(judgement.flags),
        "country": around.country,
        "device": Jsonb({"user_agent": agent}) if agent else None,
    }
