"""Telling the workers that there may be work, and asking how many of them there are.

A message is only a nudge, "there may be work for this job": the row is the truth, and the workers'
sweep finds rows whose nudge was lost (DESIGN.md 4 and 6). So no request fails for want of Redis.
"""

import asyncio
import logging
import os
import socket
from functools import lru_cache

import redis
from dramatiq import Message
from dramatiq.brokers.redis import RedisBroker
from redis.backoff import NoBackoff
from redis.retry import Retry

from app.errors import ServiceUnavailable
from app.settings import settings

logger = logging.getLogger(__name__)

NAMESPACE = "mintage:queue"
"""What all keys of the queue start with."""

QUEUE, LATER = "chunks", "chunks-later"
"""Where every message goes; and where those wait whose account has its turn already."""
ACTOR, ACTOR_LATER = "chunks.advance", "chunks.advance_later"
"""The actors of both: they take the kind and the key of a job."""

HEARTBEAT_SECONDS = 5.0
HEARTBEAT_TTL = 15
_WORKER = "mintage:worker:"
_NUDGED = "mintage:nudged:"
_TURN = "mintage:turn:"
_TURN_SECONDS = 60
"""A turn ends by itself then: whoever had it may have been killed."""


async def nudge(kind: str, *keys: str, delay: float = 0.0) -> None:
    """Announce that there may be work for the jobs of `kind` with these keys, in `delay` seconds.

    Call it after the commit. A Redis that does not answer, or is not configured, is
    logged, never raised.
    """
    try:
        await asyncio.to_thread(_send, QUEUE, ACTOR, kind, keys, delay)
    except (redis.RedisError, ServiceUnavailable) as error:
        logger.warning(
            "The queue can't be reached (%s); the sweep will find %s %s.",
            error,
            kind,
            ", ".join(keys[:5]),
        )


def _send(queue: str, actor: str, kind: str, keys: tuple[str, ...], delay: float) -> None:
    broker = _broker()
    for key in keys:
        message: Message[None] = Message(queue, actor, args=(kind, key), kwargs={}, options={})
        broker.enqueue(message, delay=round(delay * 1000) if delay else None)


async def put_off(kind: str, key: str) -> None:
    """Announce the work of a job to workers that have nothing else to do.

    Raises redis.RedisError, ServiceUnavailable.
    """
    await asyncio.to_thread(_send, LATER, ACTOR_LATER, kind, (key,), 0.0)


async def take_turn(owner: str) -> bool:
    """Whether nothing else of this account is being done before the others' work.

    Then it is its turn, until `end_turn`. Raises redis.RedisError.
    """
    answer = await asyncio.to_thread(client().set, f"{_TURN}{owner}", "", nx=True, ex=_TURN_SECONDS)
    return bool(answer)


async def end_turn(owner: str) -> None:
    """Raises redis.RedisError."""
    await asyncio.to_thread(client().delete, f"{_TURN}{owner}")


async def may_nudge_again(kind: str, key: str, seconds: float) -> bool:
    """Whether nobody has asked this for the same job within `seconds`.

    Kept in Redis, where the messages are: what loses the messages forgets having sent them.
    """
    name = f"{_NUDGED}{kind}:{key}"
    answer = await asyncio.to_thread(
        client().set, name, "", nx=True, px=max(1, round(seconds * 1000))
    )
    return bool(answer)


async def beat() -> None:
    """Say that this worker process lives, for the next HEARTBEAT_TTL seconds."""
    await asyncio.to_thread(client().set, _worker_key(), "", ex=HEARTBEAT_TTL)


async def stop_beating() -> None:
    """Say that this worker process is about to end."""
    await asyncio.to_thread(client().delete, _worker_key())


async def worker_count() -> int:
    """How many worker processes live. Raises redis.RedisError when Redis does not answer."""
    return await asyncio.to_thread(
        lambda: sum(1 for _ in client().scan_iter(f"{_WORKER}*", count=1000))
    )


def connect() -> redis.Redis:
    """A client of the queue's Redis that answers or fails within seconds.

    Raises ServiceUnavailable when REDIS_URL is not set.
    """
    url = settings().redis_url
    if url is None:
        raise ServiceUnavailable("queue", "REDIS_URL is not set")
    return redis.Redis.from_url(
        url, socket_timeout=5, socket_connect_timeout=2, retry=Retry(NoBackoff(), 1)
    )


@lru_cache(maxsize=1)
def client() -> redis.Redis:
    """The client of this process."""
    return connect()


@lru_cache(maxsize=1)
def _broker() -> RedisBroker:
    # No middleware: this side only sends.
    return RedisBroker(  # type: ignore[no-untyped-call]
        client=client(), namespace=NAMESPACE, middleware=[]
    )


def _worker_key() -> str:
    return f"{_WORKER}{socket.gethostname()}:{os.getpid()}"


async def ping() -> None:
    """Raises redis.RedisError when Redis does not answer."""
    await asyncio.to_thread(client().ping)
