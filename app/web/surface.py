"""Surfaces: groups of routes that share their middleware.

A surface says how its callers are found, how refusals read, and how large bodies may be. So nothing
has to look at a path to know whose it is.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Match, Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from app.settings import Settings
from app.web.authentication import Authentication, CallerOf, token_holder
from app.web.bodies import Bodies, BodyRules, Lines
from app.web.rate_limiter import RateLimiter, RateLimits, Show
from app.web.responses import error_response

_ROUTE = "mintage.route"


class Surface(Mount):
    """Routes behind middleware of their own. It takes only what one of its routes takes."""

    def __init__(self, routes: Sequence[BaseRoute], middleware: Sequence[Middleware]) -> None:
        super().__init__("", app=_serve_route, middleware=middleware)
        self._routes = list(routes)

    @property
    def routes(self) -> list[BaseRoute]:
        return self._routes

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """As the first of its routes that takes both path and method; else as one of the path."""
        partly: tuple[Match, Scope] = (Match.NONE, {})
        for route in self._routes:
            match, child = route.matches(scope)
            if match is Match.FULL:
                return match, {**child, _ROUTE: route}
            if match is Match.PARTIAL and partly[0] is Match.NONE:
                partly = match, {**child, _ROUTE: route}
        return partly


async def _serve_route(scope: Scope, receive: Receive, send: Send) -> None:
    route: BaseRoute = scope[_ROUTE]
    await route.handle(scope, receive, send)


def routes_of(routes: Iterable[BaseRoute]) -> list[BaseRoute]:
    """All routes of an application, those of its surfaces among them."""
    return [inner for route in routes for inner in getattr(route, "routes", None) or [route]]


@dataclass(frozen=True, slots=True)
class Surfaces:
    """Makes the surfaces of one application, which share its limits and its lines."""

    settings: Settings
    limits: RateLimits
    lines: Lines

    def surface(self, routes: Sequence[BaseRoute], **rules: Any) -> Surface:
        """A surface of routes. `rules`: as `middleware`."""
        return Surface(routes, self.middleware(**rules))

    def wrap(self, app: ASGIApp, **rules: Any) -> ASGIApp:
        """An application behind the middleware of a surface. `rules`: as `middleware`."""
        for cls, args, kwargs in reversed(self.middleware(**rules)):
            app = cls(app, *args, **kwargs)
        return app

    def middleware(
        self,
        *,
        caller_of: CallerOf = token_holder,
        show: Show = error_response,
        body: BodyRules | None = None,
        is_login: bool = False,
        is_counted: bool = True,
    ) -> list[Middleware]:
        """What every request of a surface passes.

        `caller_of`: how its callers are found; `show`: how a refusal reads; `body`: what bounds its
        bodies; `is_login`: whether its requests count as logins, too; `is_counted`: whether the
        rate limits are for it.
        """
        limiter = partial(RateLimiter, limits=self.limits, show=show, is_login=is_login)
        bodies = partial(Bodies, settings=self.settings, lines=self.lines, show=show)
        return [
            *([Middleware(limiter)] if is_counted and self.limits.are_any else []),
            Middleware(Authentication, caller_of=caller_of),
            Middleware(bodies, rules=body or BodyRules()),
        ]
