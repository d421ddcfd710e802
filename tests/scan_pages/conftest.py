"""The fixtures of a fresh installation and its client."""

from tests.installation import app, client, installation, prepared, reset, rows

__all__ = ["app", "client", "installation", "prepared", "reset", "rows"]
