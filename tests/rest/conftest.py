"""The fixtures of a fresh installation and its client."""

from tests.rest.export_worker import work
from tests.web import app, client, installation, prepared, reset, rows

__all__ = ["app", "client", "installation", "prepared", "reset", "rows", "work"]
