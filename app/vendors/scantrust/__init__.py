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

__all__ = ["PREFIX", "error_response", "routes"]

routes = [
    *me.routes,
    *campaigns.routes,
    *products.routes,
    *workorders.routes,
    *documents.routes,
    *scans.routes,
    *scm.routes,
    *unknown.routes,
]
