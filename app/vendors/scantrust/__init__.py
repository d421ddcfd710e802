"""Scantrust's REST surface, under /api/v2/ (systems.md 4, 7.4): translation only, no rules.

A module of routes exports `routes`, made of `routing.at` and `routing.endpoint`; it is listed here.
"""

from app.vendors.scantrust import (
    campaigns,
    documents,
    me,
    products,
    scans,
    scm,
    unknown,
    workorders,
)
from app.vendors.scantrust.errors import error_response
from app.vendors.scantrust.routing import PREFIX
from app.web.authentication import nobody
from app.web.bodies import BodyRules
from app.web.surface import Surface, Surfaces

__all__ = ["PREFIX", "surfaces"]


def surfaces(of: Surfaces) -> list[Surface]:
    """Its resources find out by themselves who asks: credentials are of the vendor's own kind."""
    body = BodyRules(begins_later=True)
    return [of.surface(_routes, caller_of=nobody, show=error_response, body=body)]


_routes = [
    *me.routes,
    *campaigns.routes,
    *products.routes,
    *workorders.routes,
    *documents.routes,
    *scans.routes,
    *scm.routes,
    *unknown.routes,
]
