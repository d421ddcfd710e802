"""Failed logins of a user, counted in Redis: by every web process together (directus.md 5.3).

A Redis that does not answer counts nothing: logins go on, guessing is slowed by the stall alone.
"""

import asyncio
import logging

import redis

from app.queue import client

logger = logging.getLogger(__name__)

_FORGOTTEN_AFTER = 24 * 3600
"""Seconds after the last failure."""


async def count(user: str) -> int:
    """One more failure; how many there are now."""
    try:
        return await asyncio.to_thread(_count, user)
    except redis.RedisError as error:
        logger.warning("failed logins can't be counted (%s)", error)
        return 0


def _count(user: str) -> int:
    key = _key(user)
    with client().pipeline() as pipeline:
        pipeline.incr(key)
        pipeline.expire(key, _FORGOTTEN_AFTER)
        return int(pipeline.execute()[0])


async def forget(user: str) -> None:
    """A good login: earlier failures are forgotten."""
    try:
        await asyncio.to_thread(client().delete, _key(user))
    except redis.RedisError as error:
        logger.warning("failed logins can't be forgotten (%s)", error)


def _key(user: str) -> str:
    return f"mintage:attempts:{user}"
