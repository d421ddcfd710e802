"""The fixtures of a fresh installation."""

from tests.web import installation, prepared, reset, rows

__all__ = ["installation", "prepared", "reset", "rows"]
