"""Policies and what attaches them: nothing of it may leave an installation without an admin."""

from app.domains.directus_policies.rules import KeepsAnAdmin
from app.items.hooks import register_rules


def register() -> None:
    register_rules("directus_policies", KeepsAnAdmin())
    register_rules("directus_access", KeepsAnAdmin())
