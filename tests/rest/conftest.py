"""The fixtures of a fresh installation and its client."""

from tests.harbour import harbour, harbour_app
from tests.installation import app, client, installation, prepared, reset, rows
from tests.rest.export_worker import work

__all__ = [
    "app",
    "client",
    "harbour",
    "harbour_app",
    "installation",
    "prepared",
    "reset",
    "rows",
    "work",
]
