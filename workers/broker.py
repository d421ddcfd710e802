"""The broker of a worker process, and its actors: one for each queue."""

import dramatiq
import redis
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import AsyncIO, Retries, ShutdownNotifications, TimeLimit

from app.queue import ACTOR, ACTOR_LATER, LATER, NAMESPACE, QUEUE, connect
from workers.chunks import advance, is_outage
from workers.kinds import Kind, kind_named
from workers.process import Process
from workers.turns import advance_in_turn

HOUR = 3_600_000
"""Milliseconds. No chunk takes that long; what does is cut off and rolled back."""

DEAD_AFTER = 30_000
"""Milliseconds without a sign of life until a worker's messages are given to another."""


def make_broker(database_url: str) -> RedisBroker:
    """A broker with everything a worker needs, its actor declared.

    Raises ServiceUnavailable when REDIS_URL is not set.
    """
    process = Process(database_url)
    broker = RedisBroker(  # type: ignore[no-untyped-call]
        client=connect(),
        namespace=NAMESPACE,
        heartbeat_timeout=DEAD_AFTER,
        middleware=[
            TimeLimit(time_limit=HOUR),
            ShutdownNotifications(),
            # Other failures are counted in the rows: the engine itself tries again, or gives up.
            Retries(min_backoff=500, max_backoff=15_000, retry_when=_is_outage),
            AsyncIO(),
            process,
        ],
    )

    @dramatiq.actor(actor_name=ACTOR, queue_name=QUEUE, broker=broker)
    async def run(kind_name: str, key: str) -> None:
        await advance_in_turn(await process.database(), _known(kind_name), key)

    # Dramatiq takes the lower priority first, whatever has waited longer.
    @dramatiq.actor(actor_name=ACTOR_LATER, queue_name=LATER, priority=1, broker=broker)
    async def run_later(kind_name: str, key: str) -> None:
        await advance(await process.database(), _known(kind_name), key)

    return broker


def _known(name: str) -> Kind:
    kind = kind_named(name)
    if kind is None:
        raise LookupError(f"This worker knows no jobs of kind {name!r}: is it too old?")
    return kind


def _is_outage(retries: int, error: BaseException) -> bool:  # noqa: ARG001 - Dramatiq's signature
    return is_outage(error) or isinstance(error, redis.RedisError)
