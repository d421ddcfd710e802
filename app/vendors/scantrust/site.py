"""Where Scantrust's surface is, and its manner (systems.md 4.1, 7.1)."""

from app.vendors.scantrust.errors import render_crash, render_error
from app.vendors.scantrust.principals import find_principal
from app.vendors.surface import Manner, Site

SITE = Site(("/api/v2", "/v2"), Manner(find_principal, render_error, render_crash))
