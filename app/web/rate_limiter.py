"""Requests per address and of the whole installation, bounded (directus.md 5.5).

Each web process counts by itself and tells Redis from time to time, where all of them are counted
together: of an address that asks seldom Redis hears nothing, of one near its limit every request.
So a limit is exact where it is small, and by a tenth for each process where it is large; and an
ordinary request costs a look into a dictionary. Without Redis each process counts alone.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil

import redis
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app.access.networks import network_of
from app.errors import AppError, RequestsExceeded
from app.queue import client
from app.settings import Settings
from app.web.clients import client_address
from app.web.requests import IS_FOLLOWED, header

logger = logging.getLogger(__name__)

_PAUSE = 10.0
"""Seconds alone after Redis did not answer; so often it is logged, too."""
_SHARE = 10
"""A process tells Redis of so many parts of an allowance at a time."""
_MOST_NAMES = 20_000
"""Counts a process keeps; the oldest go first."""

Show = Callable[[AppError], Response]
"""How a surface shows a refusal."""


@dataclass(slots=True)
class _Count:
    """What is known of a name's window: requests of all processes, and ours not told yet."""

    until: float
    used: int = 0
    untold: int = 0


class Allowance:
    """So many requests in so many seconds, for each name of a kind."""

    def __init__(self, kind: str, points: int, seconds: float) -> None:
        self.kind = kind
        self.points = points
        self.seconds = seconds
        self._untold = points // _SHARE
        self._counts: dict[str, _Count] = {}
        self._alone_until = 0.0

    def taken(self, name: str) -> bool:
        """Take a request of the name. False: what there is has to be asked for, by `exceeded`."""
        count = self._counts.get(name)
        now = time.monotonic()
        if count is None or now >= count.until:
            count = self._opened(name, now)
        if count.untold >= self._untold or count.used + count.untold >= self.points - self._untold:
            return False
        count.untold += 1
        return True

    async def exceeded(self, name: str) -> RequestsExceeded | None:
        """The refusal, when the name has used up what it may. This request is counted."""
        count, now = self._counts[name], time.monotonic()
        if count.used <= self.points:
            told, count.untold = count.untold + 1, 0
            await self._tell(name, count, told, now)
        if count.used <= self.points:
            return None
        left = max(count.until - time.monotonic(), 0.001)
        wait = max(1, ceil(left))  # Retry-After knows no parts of seconds
        return RequestsExceeded(self.points, datetime.now(UTC) + timedelta(seconds=left), wait)

    def _opened(self, name: str, now: float) -> _Count:
        self._counts.pop(name, None)
        while len(self._counts) >= _MOST_NAMES:
            del self._counts[next(iter(self._counts))]
        count = self._counts[name] = _Count(now + self.seconds)
        return count

    async def _tell(self, name: str, count: _Count, told: int, now: float) -> None:
        """Tell Redis of requests and hear of those of all; alone where it does not answer."""
        if now >= self._alone_until:
            try:
                used, left = await asyncio.to_thread(self._counted, name, told)
            except redis.RedisError as error:
                self._alone_until = time.monotonic() + _PAUSE
                logger.warning("requests can't be counted together, each process does (%s)", error)
            else:
                count.used = max(used, count.used)
                count.until = time.monotonic() + left
                return
        count.used += told

    def _counted(self, name: str, told: int) -> tuple[int, float]:
        """How much of the allowance is used, and the seconds its window still lasts."""
        key, whole = f"mintage:requests:{self.kind}:{name}", max(1, round(self.seconds * 1000))
        with client().pipeline() as pipeline:
            pipeline.set(key, 0, px=whole, nx=True)
            pipeline.incrby(key, told)
            pipeline.pttl(key)
            _, used, left = pipeline.execute()
        if int(left) < 0:  # the window ended between our commands: this one would never
            client().pexpire(key, whole)
            left = whole
        return int(used), max(int(left), 1) / 1000


class RateLimits:
    """The allowances of an installation."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._all = self._each = self._auth = None
        self.may_tell = True
        """Whether nobody has been told yet of a proxy that is not trusted."""
        if settings.rate_limiter_global_enabled:
            points = settings.rate_limiter_global_points
            self._all = Allowance("all", points, settings.rate_limiter_global_duration)
        if settings.rate_limiter_enabled:
            self._each = Allowance(
                "ip", settings.rate_limiter_points, settings.rate_limiter_duration
            )
            self._auth = Allowance(
                "auth", settings.rate_limiter_auth_points, settings.rate_limiter_auth_duration
            )

    @property
    def are_any(self) -> bool:
        return self._all is not None or self._each is not None

    def passes(self, scope: Scope) -> bool:
        """Take a request of its address, where no more than that is to be looked at."""
        if self._all is not None or self._each is None:
            return False
        return self._each.taken(network_of(client_address(scope, self.settings)))

    async def of_request(self, scope: Scope, *, is_login: bool = False) -> RequestsExceeded | None:
        """The refusal of a request, where there were too many. `is_login`: it counts as one."""
        if (
            self._all is not None
            and not self._all.taken("")
            and (no := await self._all.exceeded(""))
        ):
            return no
        if self._each is None:
            return None
        name = network_of(client_address(scope, self.settings))
        if not self._each.taken(name) and (no := await self._each.exceeded(name)):
            return no
        return await self.of_login(scope) if is_login else None

    async def of_login(self, scope: Scope) -> RequestsExceeded | None:
        """The refusal of one more login or refresh; one request of GraphQL may hold many."""
        if self._auth is None:
            return None
        name = network_of(client_address(scope, self.settings))
        return None if self._auth.taken(name) else await self._auth.exceeded(name)


class RateLimiter:
    """Answers 429 to who asks too often.

    Who has sent more without waiting is answered once: the connection is closed, and what else came
    by it is not looked at. Thousands of refusals a second would cost the others their time.
    """

    def __init__(self, app: ASGIApp, limits: RateLimits, show: Show, *, is_login: bool) -> None:
        """`show`: how a refusal reads; `is_login`: whether each request counts as a login, too."""
        self.app = app
        self.limits = limits
        self.show = show
        self.is_login = is_login

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.is_login or not self.limits.passes(scope):
            exceeded = await self.limits.of_request(scope, is_login=self.is_login)
            if exceeded is not None:
                self._tell_of_proxies(scope)
                response = self.show(exceeded)
                if IS_FOLLOWED in scope and scope[IS_FOLLOWED]():
                    response.headers["Connection"] = "close"
                await response(scope, receive, send)
                return
        await self.app(scope, receive, send)

    def _tell_of_proxies(self, scope: Scope) -> None:
        """Behind a proxy that is not trusted all callers have one address: say so, once."""
        is_trusted = self.limits.settings.trust_proxy
        if self.limits.may_tell and not is_trusted and header(scope, b"x-forwarded-for"):
            self.limits.may_tell = False
            logger.warning(
                "a request with X-Forwarded-For was one too many of its address: "
                "if this server is behind a proxy, set TRUST_PROXY"
            )
