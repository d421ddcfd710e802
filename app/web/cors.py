"""CORS: pages of other origins that may call, on every surface, and read what they are answered.

The outermost middleware, so that refusals can be read, too. What a browser asks before it calls (a
preflight) is answered here: it is not counted, and what is answered does not depend on the route.
"""

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from app.errors import UnprocessableContent
from app.items.query.patterns import BadPattern, matches
from app.settings import Settings, listed

_LONGEST = 300
"""Characters of an origin: no name of a host is longer."""


class Cors(CORSMiddleware):
    """Starlette's middleware with Directus's settings (directus.md 0.3)."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        origins = settings.cors_origins
        super().__init__(
            app,
            allow_origins=origins,
            allow_origin_regex=".*" if "true" in origins else None,
            allow_methods=[name.upper() for name in listed(settings.cors_methods)],
            allow_headers=listed(settings.cors_allowed_headers),
            expose_headers=listed(settings.cors_exposed_headers),
            # Browsers take "everybody" and credentials together from nobody.
            allow_credentials=settings.cors_credentials and "*" not in origins,
            max_age=settings.cors_max_age,
        )
        self._patterns = settings.cors_patterns

    def is_allowed_origin(self, origin: str) -> bool:
        return super().is_allowed_origin(origin) or (
            len(origin) <= _LONGEST and any(_fits(pattern, origin) for pattern in self._patterns)
        )


def _fits(pattern: str, origin: str) -> bool:
    try:
        return matches(pattern, origin)
    except (BadPattern, UnprocessableContent):
        return False  # in doubt nobody is let in


def cors(settings: Settings) -> list[Middleware]:
    """The middleware of an installation: none where no other origin may call."""
    if not settings.cors_enabled or not (settings.cors_origins or settings.cors_patterns):
        return []
    return [Middleware(Cors, settings=settings)]
