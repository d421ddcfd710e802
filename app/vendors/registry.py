"""The vendors whose surfaces are served. Each is a folder here, and a line below."""

from app.vendors.scantrust import SCANTRUST
from app.vendors.surface import Vendor
from app.web.surface import Surface, Surfaces

VENDORS: tuple[Vendor, ...] = (SCANTRUST,)


def vendor_surfaces(surfaces: Surfaces) -> list[Surface]:
    """The surfaces of all vendors, for an application."""
    return [vendor.surface(surfaces) for vendor in VENDORS]
