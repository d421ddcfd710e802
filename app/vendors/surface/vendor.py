"""Vendors: the site of a surface, and what is served there."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.routing import BaseRoute, Route

from app.vendors.surface.resource import Endpoint, Manner, Nowhere, Resource
from app.web.authentication import nobody
from app.web.bodies import BodyRules
from app.web.surface import Surface, Surfaces


@dataclass(frozen=True, slots=True)
class Site:
    """Where a vendor's surface is, and its manner.

    `prefixes`: what its paths begin with, such as `/api/v2`; the first is the usual one.
    """

    prefixes: tuple[str, ...]
    manner: Manner

    def at(self, path: str, *, prefix: str | None = None, **methods: Endpoint) -> list[Route]:
        """The routes of a place, with and without a final slash: `at("/me", get=me)`.

        Both are answered, never by redirect: clients lose bodies and tokens on the way (7.1).
        """
        endpoints = {name.upper(): one for name, one in methods.items()}
        resource = Resource(self.manner, endpoints)
        whole = (self.prefixes[0] if prefix is None else prefix) + path.rstrip("/")
        return [Route(whole, resource), Route(f"{whole}/", resource)]


@dataclass(frozen=True, slots=True)
class Vendor:
    """A vendor's surface. A path under its prefixes that no route matches is 404, in its format."""

    site: Site
    routes: Sequence[BaseRoute]

    def surface(self, surfaces: Surfaces) -> Surface:
        """The surface of an application. Its resources find out by themselves who asks."""
        manner = self.site.manner
        nowhere = Nowhere(manner)
        rest = [Route(f"{prefix}/{{path:path}}", nowhere) for prefix in self.site.prefixes]
        return surfaces.surface(
            [*self.routes, *rest],
            caller_of=nobody,
            show=lambda error: manner.render_error(error, {}),
            body=BodyRules(begins_later=True),
        )
