"""Users: their secrets are hashed before they are stored."""

from app.domains.directus_users.rules import UserRules
from app.items.hooks import register_rules


def register() -> None:
    register_rules("directus_users", UserRules())
