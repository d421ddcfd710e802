"""The broker of a worker process, and its actors."""

import dramatiq
import redis
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import AsyncIO, Retries, ShutdownNotifications, TimeLimit

from app.queue import ACTOR, ACTOR_LATER, NAMESPACE, QUEUE, connect, nudge
from app.settings import settings
from workers.chunks import is_outage
from workers.process import Process
from workers.turns import Turns

HOUR = 3_600_000
"""Milliseconds. No chunk takes that long; what does is cut off and rolled back."""

DEAD_AFTER = 30_000
"""Milliseconds without a sign of life until a worker's messages are given to another."""


def make_broker(database_url: str) -> RedisBroker:
    """A broker with everything a worker needs, its actors declared."""
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

    turns = Turns(settings().worker_threads)

    @dramatiq.actor(actor_name=ACTOR, queue_name=QUEUE, broker=broker)
    async def work() -> None:
        await turns.work(await process.database())

    @dramatiq.actor(actor_name=ACTOR_LATER, queue_name=QUEUE, broker=broker)
    async def nudge_later(kind: str, key: str) -> None:
        await nudge(kind, key)

    return broker


def _is_outage(retries: int, error: BaseException) -> bool:  # noqa: ARG001 - Dramatiq's signature
    return is_outage(error) or isinstance(error, redis.RedisError)
