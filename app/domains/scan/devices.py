"""Devices: what scans a code, each counted once a day.

An app says which device it is on (`install_id`). A phone's own camera does not: it gets a name that
nobody can follow from one day to the next, or back to a person.
"""

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv6Address, ip_address

from app.access.caller import Client
from app.database.session import WriteSession
from app.domains.scan import queries
from app.domains.scan.judgement import Facts

NEWEST = 10_000
"""Scans of one code that are looked at, at least."""
_NAME_SIZE = 32
_NETWORK_BITS = 64


def device_of(client: Client, secret: str, now: datetime | None = None) -> str:
    """The name of a phone for one day in UTC: 32 hex digits, keyed by SECRET (HMAC-SHA256).

    It stands for the address and the user agent, of which nothing can be read from it, and is
    another one tomorrow.
    """
    day = (now or datetime.now(UTC)).astimezone(UTC).date().isoformat()
    key = hashlib.sha256(b"scanning devices\0" + secret.encode()).digest()
    facts = "\0".join((day, _place(client.ip or ""), client.user_agent or ""))
    return hmac.new(key, facts.encode(), "sha256").hexdigest()[:_NAME_SIZE]


def _place(text: str) -> str:
    """The address, of IPv6 its network: a phone changes the rest as it likes (RFC 8981)."""
    try:
        address = ip_address(text)
    except ValueError:
        return text
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(IPv6Address(int(address) >> _NETWORK_BITS << _NETWORK_BITS))


@dataclass(frozen=True, slots=True)
class Scanning:
    """A scan as it is counted: which code, when, by which device (None: it does not say)."""

    code: str
    at: datetime
    device: str | None

    @property
    def pair(self) -> str:
        """The day and the device: two scans with the same one are the same."""
        return f"{self.at.astimezone(UTC).date().isoformat()} {self.device or ''}"


class Devices:
    """The devices that have scanned some codes, for as long as a transaction counts them."""

    def __init__(self, counts: dict[str, int], known: dict[str, set[str]]) -> None:
        self._counts = counts
        self._known = known

    def with_scan(self, scanning: Scanning) -> int:
        """How many devices have scanned the code, this one included, from now on."""
        if scanning.code not in self._counts:
            return 0
        if scanning.pair not in self._known[scanning.code]:
            self._known[scanning.code].add(scanning.pair)
            self._counts[scanning.code] += 1
        return self._counts[scanning.code]


async def devices_of(
    session: WriteSession, known: Iterable[Facts], scannings: Iterable[Scanning]
) -> Devices:
    """The devices of codes with a limit; nobody else counts them until we commit.

    `scannings`: the scans that are to be counted next.
    """
    limits = {f.key: f.max_scan_count for f in known if f.is_counted}
    if not limits:
        return Devices({}, {})
    codes = sorted(limits)  # in one order, or two sets could wait for each other
    await session.execute(queries.LOCK, {"codes": codes})
    values = {
        "codes": codes,
        "most": [limits[code] for code in codes],
        "pairs": list({one.pair for one in scannings}),
        "newest": NEWEST,
    }
    rows = await session.fetch_all(queries.DEVICES, values)
    counts = {row["code"]: row["devices"] for row in rows}
    return Devices(counts, {row["code"]: set(row["known"] or ()) for row in rows})
