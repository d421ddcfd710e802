"""Scans: somebody scanned a code; what it is told, and what is kept of it."""

from app.domains.scan.rules import ScanRules
from app.items.rules import register_rules


def register() -> None:
    register_rules("scan", ScanRules())
