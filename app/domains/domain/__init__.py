"""Domains: the host names of digital links and short codes."""

from app.domains.domain.rules import DomainRules
from app.items.hooks import register_rules


def register() -> None:
    register_rules("domain", DomainRules())
