"""Credentials: tokens for the surfaces of other products."""

from app.domains.api_credential.rules import ApiCredentialRules
from app.items.hooks import register_rules


def register() -> None:
    register_rules("api_credential", ApiCredentialRules())
