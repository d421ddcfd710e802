"""Permissions: what a policy allows. Their rules have to be understood when they are saved."""

from app.domains.directus_permissions.rules import DirectusPermissionRules
from app.items.hooks import register_rules
from schema import Schema


def register(schema: Schema) -> None:
    """`schema`: all collections that are served."""
    register_rules("directus_permissions", DirectusPermissionRules(schema))
