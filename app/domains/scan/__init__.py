"""Scans: somebody scanned a code; what it is told, and what is kept of it."""

from app.domains.scan.rules import ScanRules
from app.items.hooks import register_rules


def register() -> None:
    register_rules("scan", ScanRules())
