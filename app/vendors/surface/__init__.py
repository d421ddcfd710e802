"""What the surface of a vendor is made of: who asks, requests, resources, paging, rows, refusals.

A vendor is a folder of routes and translations that makes a `Vendor`, and a line in
`app.vendors.registry`. It holds no rule: rows go through `app.items`, all else through a domain.
"""

from app.vendors.surface.context import RequestContext
from app.vendors.surface.principal import NOBODY, Principal
from app.vendors.surface.resource import Manner, endpoint
from app.vendors.surface.vendor import Site, Vendor

__all__ = ["NOBODY", "Manner", "Principal", "RequestContext", "Site", "Vendor", "endpoint"]
