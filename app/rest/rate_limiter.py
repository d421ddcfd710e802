"""Requests per address and of the whole installation, counted in Redis (directus.md 5.5).

A count belongs to a window that opens with its first request. All web processes count together. A
Redis that does not answer lets everybody pass, and is left alone for a while.
"""

import asyncio
import logging
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil

import redis
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

from app.errors import RequestsExceeded
from app.queue import client
from app.rest.middleware import UNCOUNTED, client_of
from app.rest.responses import error_response
from app.settings import Settings

logger = logging.getLogger(__name__)

_PAUSE = 10.0
"""Seconds without counting after Redis did not answer; so often it is logged, too."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """So many requests in so many seconds, of all who share a name."""

    name: str
    points: int
    seconds: float

    @property
    def key(self) -> str:
        return f"mintage:requests:{self.name}"

    @property
    def milliseconds(self) -> int:
        return max(1, round(self.seconds * 1000))


class RateLimiter:
    """Answers 429 to who asks too often. Pings are free."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.settings = settings
        self.paused_until = 0.0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] not in UNCOUNTED:
            exceeded = await self._exceeded(self._allowances(scope))
            if exceeded is not None:
                await error_response(exceeded)(scope, receive, send)
                return
        await self.app(scope, receive, send)

    def _allowances(self, scope: Scope) -> list[Allowance]:
        current, found = self.settings, []
        if current.rate_limiter_global_enabled:
            points = current.rate_limiter_global_points
            found.append(Allowance("all", points, current.rate_limiter_global_duration))
        if current.rate_limiter_enabled:
            name = f"ip:{client_of(scope, current).ip}"
            found.append(
                Allowance(name, current.rate_limiter_points, current.rate_limiter_duration)
            )
        return found

    async def _exceeded(self, allowances: list[Allowance]) -> RequestsExceeded | None:
        """The refusal, when one of the allowances is used up. This request is counted."""
        if time.monotonic() < self.paused_until:
            return None
        try:
            counted = await asyncio.to_thread(_count, allowances)
        except redis.RedisError as error:
            self.paused_until = time.monotonic() + _PAUSE
            logger.warning("requests can't be counted, all of them pass (%s)", error)
            return None
        for allowance, (used, left) in zip(allowances, counted, strict=True):
            if used > allowance.points:
                return RequestsExceeded(allowance.points, datetime.now(UTC) + left, _whole(left))
        return None


def _count(allowances: list[Allowance]) -> list[tuple[int, timedelta]]:
    """For each allowance how much of it is used, and how long its window still lasts."""
    with client().pipeline() as pipeline:
        for allowance in allowances:
            pipeline.set(allowance.key, 0, px=allowance.milliseconds, nx=True)
            pipeline.incr(allowance.key)
            pipeline.pttl(allowance.key)
        answers = pipeline.execute()
    for allowance, rest in zip(allowances, answers[2::3], strict=True):
        if int(rest) < 0:  # the window ended between our commands: this one would never
            client().pexpire(allowance.key, allowance.milliseconds)
    used, left = answers[1::3], answers[2::3]
    return [
        (int(count), timedelta(milliseconds=max(1, int(rest))))
        for count, rest in zip(used, left, strict=True)
    ]


def _whole(left: timedelta) -> int:
    """Seconds to wait, rounded up: Retry-After knows no parts."""
    return max(1, ceil(left.total_seconds()))


def rate_limiter(settings: Settings) -> list[Middleware]:
    """The middleware of an installation: none unless a limit is on."""
    if settings.rate_limiter_enabled or settings.rate_limiter_global_enabled:
        return [Middleware(RateLimiter, settings=settings)]
    return []
