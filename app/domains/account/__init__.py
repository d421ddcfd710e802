"""Accounts: the tenants."""

from app.domains.account.rules import AccountRules
from app.items.hooks import register_rules


def register() -> None:
    register_rules("account", AccountRules())
