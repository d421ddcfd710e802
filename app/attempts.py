"""Tries at a secret: who guesses has to wait, longer and longer (directus.md 5.3).

Nobody is suspended for wrong passwords: anybody could lock anybody out. What grows is the delay of
an address for one e-mail, and a shorter one of an address for all it tries. An e-mail that many
addresses guess at leaves each address fewer tries before its delay, but no address waits for the
failures of another. What nobody has is counted like what somebody has: no answer tells them apart.

A try is counted before it is looked at, or a thousand at once would all be the first. Counts are in
Redis, of all web processes together. A Redis that does not answer counts nothing: logins go on, and
guessing is slowed by the stall and the rate limit alone.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from math import ceil
from typing import Any, cast

import redis

from app.errors import RequestsExceeded
from app.queue import client

logger = logging.getLogger(__name__)

_FORGOTTEN_AFTER = 24 * 3600
"""Seconds after the last try."""
_LONGEST = 15 * 60
"""Seconds of the longest delay of an address for one e-mail."""
_ADDRESS_FREE, _ADDRESS_LONGEST = 100, 60
"""Failures of an address at all it tries before it waits; many people may share an address."""
_PRESSED, _FREE_PRESSED = 100, 3
"""Failures at an e-mail that are an attack, and the tries that are then left to each address."""

# Tries double their delay: 1, 2, 4, ... seconds from the last free one on.
_BEGIN = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local forgotten, most, pressed = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local wait = 0
for place = 1, 2 do
  local till = tonumber(redis.call('HGET', KEYS[place], 'till') or '0')
  wait = math.max(wait, till - now)
end
if wait > 0 then return {wait, 0} end
local tries = redis.call('HINCRBY', KEYS[3], 'tries', 1)
redis.call('PEXPIRE', KEYS[3], forgotten)
for place = 1, 2 do
  local free, longest = tonumber(ARGV[2 + 2 * place]), tonumber(ARGV[3 + 2 * place])
  if place == 1 and tries > most then free = math.min(free, pressed) end
  local count = redis.call('HINCRBY', KEYS[place], 'tries', 1)
  redis.call('PEXPIRE', KEYS[place], forgotten)
  if free > 0 and count >= free then
    local delay = math.min(longest, 1000 * 2 ^ math.min(count - free, 30))
    redis.call('HSET', KEYS[place], 'till', string.format('%.0f', now + delay))
  end
end
local away = redis.call('HDEL', KEYS[2], 'away')
return {0, tonumber(redis.call('HGET', KEYS[2], 'tries')) - 1 - away}
"""
_TAKE_BACK = """
for _, key in ipairs(KEYS) do
  if redis.call('EXISTS', key) == 1 then
    redis.call('HINCRBY', key, 'tries', -1)
    redis.call('HDEL', key, 'till')
  end
end
"""


@dataclass(slots=True)
class Try:
    """A try of an address at the secrets of a name (an e-mail); a failure unless told otherwise.

    `before`: how many tries of the address had failed when this one began; one less where the last
    was sent away unseen.
    """

    network: str
    name: str
    before: int = 0

    async def begin(self, free: int | None) -> None:
        """Count it. Raises RequestsExceeded where it comes too soon: then it is not looked at.

        `free`: the failures of an address at a name before it has to wait; None or 0: any number.
        """
        try:
            wait, self.before = await asyncio.to_thread(self._begin, free or 0)
        except redis.RedisError as error:
            logger.warning("tries can't be counted (%s)", error)
            return
        if wait > 0:
            reset = datetime.now(UTC) + timedelta(milliseconds=wait)
            raise RequestsExceeded(free or _ADDRESS_FREE, reset, ceil(wait / 1000))

    async def take_back(self) -> None:
        """It was no failure: as if it had not been."""
        await self._told(lambda: client().eval(_TAKE_BACK, 3, *self._keys))

    async def send_away(self) -> None:
        """Nobody has looked at it, for too many waited: no failure, and the next one comes sooner.

        A stranger among a flood of strangers is one of many the first time, not the second.
        """
        keys = self._keys

        def remember() -> None:
            client().eval(_TAKE_BACK, 3, *keys)
            client().hset(keys[1], "away", "1")

        await self._told(remember)

    async def succeed(self) -> None:
        """It was right: the failures of this address at this name are forgotten, too."""
        pair, *others = self._keys

        def forget() -> None:
            client().delete(pair)
            client().eval(_TAKE_BACK, 2, *others)

        await self._told(forget)

    @property
    def _keys(self) -> tuple[str, str, str]:
        # Names are what somebody sent: of any length, and no business of who looks into Redis.
        name = sha256(self.name.encode()).hexdigest()
        start = "mintage:tries"
        return f"{start}:{self.network}:{name}", f"{start}:{self.network}", f"{start}::{name}"

    def _begin(self, free: int) -> tuple[int, int]:
        seconds = (_FORGOTTEN_AFTER, _LONGEST, _ADDRESS_LONGEST)
        forgotten, longest, at_address = (1000 * one for one in seconds)
        values = (forgotten, _PRESSED, _FREE_PRESSED, free, longest, _ADDRESS_FREE, at_address)
        wait, before = cast("list[Any]", client().eval(_BEGIN, 3, *self._keys, *values))
        return int(wait), int(before)

    async def _told(self, work: Callable[[], object]) -> None:
        try:
            await asyncio.to_thread(work)
        except redis.RedisError as error:
            logger.warning("attempts that succeeded can't be told from failures (%s)", error)
