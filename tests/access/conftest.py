"""The fixtures of a fresh installation."""

from tests.installation import installation, prepared, reset, rows

__all__ = ["installation", "prepared", "reset", "rows"]
