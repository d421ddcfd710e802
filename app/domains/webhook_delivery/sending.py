"""Sending deliveries that are due: signed, again and again until they are taken, for some days.

An attempt is counted before it is made, and nobody else makes one for a while. So whoever is killed
meanwhile has lost nothing: it is made again then, and a receiver may hear an event twice.
"""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from random import uniform
from typing import Any

import orjson

from app.codes.errors import CodeError
from app.database.session import Database, WriteSession
from app.domains.webhook.secret import signature
from app.domains.webhook_delivery import queries
from app.outside import Refused, Unreachable, ask, place_of
from app.settings import InstallationSettings, Settings

logger = logging.getLogger(__name__)

EACH, OWN = 4, 8
"""Deliveries of one webhook, and of one account, under way at a time in one process."""
LEASE = 30.0
"""Seconds behind the longest attempt until it counts as one that nobody is making any more."""
FIRST_WAIT, GROWTH, LONGEST_WAIT = 5.0, 4.0, 12 * 3600.0
"""Seconds until the second attempt, how many times longer each later one waits, and the most."""
SHORTEST_OUTAGE = 3600.0
"""Seconds that a webhook has to have failed for, before it is given up."""
MOST_READ = 64 * 1024
"""Bytes of an answer that are taken. Nobody keeps them."""
MOST_PURGED = 10_000


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery that is to be attempted now, and where to. `account`: empty where it has none."""

    id: str
    webhook: str
    account: str
    event: str
    collection: str
    keys: bytes
    user_created: str | None
    date_created: datetime
    attempts: int
    url: str
    secret: str

    def body(self) -> bytes:
        """What is sent: keys and who, never what the items say."""
        happened = self.date_created.astimezone(UTC).isoformat(timespec="milliseconds")
        return orjson.dumps(
            {
                "id": self.id,
                "event": self.event,
                "timestamp": happened.replace("+00:00", "Z"),
                "collection": self.collection,
                "keys": orjson.Fragment(self.keys),
                "account": self.account or None,
                "user": self.user_created,
            }
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an attempt: the status that was answered, if any; why it failed, if it did."""

    status: int | None
    error: str | None


async def claim(
    database: Database, settings: Settings, busy: Mapping[str, int], most: int
) -> list[Delivery]:
    """The next deliveries to be attempted, `most` of them.

    `busy`: how many are under way here, by webhook and by account.
    """
    values = {
        "busy": orjson.dumps(busy).decode(),
        "each": EACH,
        "own": OWN,
        "most": most,
        "lease": settings.webhook_timeout + LEASE,
    }
    async with database.write() as session:
        return [Delivery(**row) for row in await session.fetch_all(queries.CLAIM, values)]


async def attempt(delivery: Delivery, settings: InstallationSettings) -> Outcome:
    """Send a delivery once. Taken is what is answered with 2xx."""
    body, now = delivery.body(), int(time.time())
    try:
        place = place_of(delivery.url, settings.trusted_outside)
        signed = signature(delivery.secret, settings.secret, delivery.id, now, body)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Mintage",
            "webhook-id": delivery.id,
            "webhook-timestamp": str(now),
            "webhook-signature": signed,
            "webhook-event": delivery.event,
        }
        answer = await ask(
            "POST", place, headers, body, seconds=settings.webhook_timeout, most=MOST_READ
        )
    except (Refused, Unreachable, CodeError) as error:
        return Outcome(None, str(error))
    if answer.is_success:
        return Outcome(answer.status, None)
    followed = " Redirects are not followed." if answer.is_redirect else ""
    return Outcome(answer.status, f"The address answered {answer.status}.{followed}")


async def settle(
    database: Database, settings: Settings, delivery: Delivery, outcome: Outcome
) -> None:
    """Write down what came of an attempt, and when the next one is."""
    async with database.write() as session:
        if outcome.error is None:
            # The webhook first, as whoever deletes it does: against deadlocks.
            await session.execute(queries.WELL, {"webhook": delivery.webhook})
            values = {"id": delivery.id, "attempts": delivery.attempts, "status": outcome.status}
            await session.execute(queries.DELIVERED, values)
        else:
            await _failed(session, settings, delivery, outcome)


async def _failed(
    session: WriteSession, settings: Settings, delivery: Delivery, outcome: Outcome
) -> None:
    is_last = delivery.attempts >= settings.webhook_max_attempts
    values: dict[str, Any] = {
        "id": delivery.id,
        "attempts": delivery.attempts,
        "status": outcome.status,
        "error": outcome.error,
        "wait": None if is_last else _wait(delivery.attempts),
    }
    await session.execute(queries.FAILING, {"webhook": delivery.webhook})
    limits = {"most": settings.webhook_max_failures, "shortest": SHORTEST_OUTAGE}
    given_up = {"webhook": delivery.webhook, "error": outcome.error, **limits}
    if await session.execute(queries.GIVE_UP, given_up):
        logger.warning("Webhook %s is inactive now: it has failed for long.", delivery.webhook)
    await session.execute(queries.NOT_DELIVERED, values)


def _wait(attempts: int) -> float:
    """Seconds after so many attempts; not the same for all that failed at the same time."""
    return min(FIRST_WAIT * GROWTH ** (attempts - 1), LONGEST_WAIT) * uniform(0.8, 1.2)  # noqa: S311


async def purge(database: Database, settings: Settings) -> None:
    """Remove deliveries that are older than they are kept."""
    values = {"days": settings.webhook_delivery_days, "most": MOST_PURGED}
    purged = MOST_PURGED
    while purged == MOST_PURGED:
        async with database.write() as session:
            purged = await session.execute(queries.PURGE, values)
