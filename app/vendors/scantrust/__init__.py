"""Scantrust's REST surface, under /api/v2/ (systems.md 4, 7.4): translation only, no rules.

A module of routes exports `routes`, made of `SITE.at` and `endpoint`; it is listed here.
"""

from app.vendors.scantrust import campaigns, documents, me, products, scans, scm, workorders
from app.vendors.scantrust.site import SITE
from app.vendors.surface import Vendor

SCANTRUST = Vendor(
    SITE,
    [
        *me.routes,
        *campaigns.routes,
        *products.routes,
        *workorders.routes,
        *documents.routes,
        *scans.routes,
        *scm.routes,
    ],
)
