"""Roles: what users are."""

from app.domains.directus_roles.rules import RoleRules
from app.items.hooks import register_rules


def register() -> None:
    register_rules("directus_roles", RoleRules())
