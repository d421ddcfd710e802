"""Pools: codes that are always there, because the installation mints more (systems.md 1.5)."""

from app.domains.code_pool.rules import CodePoolRules
from app.domains.code_pool.service import KIND
from app.items.hooks import register_rules


def register() -> None:
    register_rules(KIND, CodePoolRules())
