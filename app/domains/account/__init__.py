"""Accounts: the tenants."""

from app.domains.account.rules import AccountRules
from app.items.rules import register_rules


def register() -> None:
    register_rules("account", AccountRules())
