"""Telling the workers that there may be work, and asking how many of them there are.

A message is only a nudge, "there may be work for this job": the row is the truth, and the workers'
sweep finds rows whose nudge was lost (DESIGN.md 4 and 6). So no request fails for want of Redis.
"""

import asyncio
import logging
import os
import socket
from functools import lru_cache, partial
from typing import cast

import redis
from dramatiq import Message
from dramatiq.brokers.redis import RedisBroker
from redis.backoff import NoBackoff
from redis.retry import Retry

from app.errors import ServiceUnavailable
from app.settings import installation_settings

logger = logging.getLogger(__name__)

NAMESPACE = "mintage:queue"
"""What all keys of the queue start with."""

QUEUE = "chunks"
"""The queue of all messages."""
ACTOR, ACTOR_LATER = "chunks.work", "chunks.nudge"
"""The actors: one does what is next in line, one nudges a job when a delay is over."""

HEARTBEAT_SECONDS = 5.0
HEARTBEAT_TTL = 15
_WORKER = "mintage:worker:"
_NUDGED = "mintage:nudged:"
_NEWS = "mintage:nudges"
"""The list of jobs that were nudged: workers put them in line (workers/lines.py)."""


async def nudge(kind: str, *keys: str, delay: float = 0.0) -> None:
    """Announce that there may be work for the jobs of `kind` with these keys, in `delay` seconds.

    Call it after the commit. A Redis that does not answer, or is not configured, is
    logged, never raised.
    """
    send = partial(_send_later, delay) if delay else _send
    try:
        await asyncio.to_thread(send, kind, keys)
    except (redis.RedisError, ServiceUnavailable) as error:
        logger.warning(
            "The queue can't be reached (%s); the sweep will find %s %s.",
            error,
            kind,
            ", ".join(keys[:5]),
        )


def _send(kind: str, keys: tuple[str, ...]) -> None:
    if keys:
        client().rpush(_NEWS, *(f"{kind} {key}" for key in keys))
    wake(len(keys))


def _send_later(delay: float, kind: str, keys: tuple[str, ...]) -> None:
    for key in keys:
        message: Message[None] = Message(
            QUEUE, ACTOR_LATER, args=(kind, key), kwargs={}, options={}
        )
        _broker().enqueue(message, delay=round(delay * 1000))


def wake(count: int) -> None:
    """Have workers look, `count` times, what is next in line. Raises redis.RedisError."""
    for _ in range(count):
        _broker().enqueue(Message(QUEUE, ACTOR, args=(), kwargs={}, options={}))


def news(most: int) -> list[tuple[str, str]]:
    """Kinds and keys of jobs that were nudged and stand in no line yet; they are taken off.

    Raises redis.RedisError.
    """
    taken = cast("list[bytes]", client().lpop(_NEWS, most) or [])
    pairs = (entry.decode().split(" ", 1) for entry in taken)
    return [(kind, key) for kind, key in pairs]


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
    """A client of the queue's Redis that answers or fails within seconds."""
    return redis.Redis.from_url(
        installation_settings().redis_url,
        socket_timeout=5,
        socket_connect_timeout=2,
        retry=Retry(NoBackoff(), 1),
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
