"""Scanning a code: what it is told, and the row that is kept of it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from psycopg.types.json import Jsonb

from app.codes.code_path import product_of
from app.database.session import Database, Session, WriteSession
from app.domains.scan import queries
from app.domains.scan.devices import Scanning, devices_of
from app.domains.scan.judgement import Facts, Judgement, judge
from app.domains.scan.redirection import target
from app.domains.scan.scanned_key import ScannedKey, readings_of


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a scan tells of itself. `country`: ISO 3166 alpha-2, small letters. No address.

    `device`: what tells its device from others today.
    """

    app: str
    country: str | None = None
    user_agent: str | None = None
    device: str | None = None


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

    Above the campaign's `max_scan_count` of devices it is flagged, and where the campaign asks for
    that its code is blacklisted.
    """
    async with database.read() as session:
        facts = (await facts_of(session, [key]))[key.key]
    # An account whose own transactions hold up its scans holds up no others.
    async with database.of(("scans", facts.account)).write() as session:
        scanning = Scanning(key.key, datetime.now(UTC), around.device)
        devices = await devices_of(session, [facts], [scanning])
        judgement = _judged(facts, key, around, devices.with_scan(scanning))
        if facts.is_known:
            await session.execute(queries.RECORD, _row(facts, judgement, around))
        if judgement.blacklists:
            await blacklist(session, [key.key])
    return _seen(facts, key, judgement)


async def is_domain(database: Database, name: str) -> bool:
    """Whether codes are printed with that host."""
    return bool(await database.fetch_value(queries.IS_DOMAIN, {"domain": name}))


async def facts_of(session: Session, keys: Sequence[ScannedKey]) -> dict[str, Facts]:
    """What is known of each key, whoever asks."""
    names = [key.key for key in keys]
    values = {"keys": names, "products": [product_of(name) for name in names]}
    rows = await session.fetch_all(queries.FACTS, values)
    return {row["key"]: Facts(**row) for row in rows}


async def recognised(session: Session, text: str) -> tuple[ScannedKey, Facts]:
    """The key that a text names, and what is known of it. Raises CodeError."""
    keys = readings_of(text)
    known = await facts_of(session, keys)
    key = next((key for key in keys if known[key.key].code is not None), keys[-1])
    return key, known[key.key]


async def blacklist(session: WriteSession, codes: Sequence[str]) -> None:
    """More devices scanned them than their campaigns allow: reason 10 (systems.md 4.4)."""
    await session.execute(queries.BLACKLIST, {"codes": list(codes)})


def _judged(facts: Facts, key: ScannedKey, around: Circumstances, devices: int = 0) -> Judgement:
    return judge(
        facts,
        is_product=key.is_product,
        country=around.country,
        today=datetime.now(UTC).date(),
        devices=devices,
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
        "install_id": around.device,
        "device": Jsonb({"user_agent": agent}) if agent else None,
    }
