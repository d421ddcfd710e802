"""Identifier jobs: bulk generation of SGTINs, SSCCs, GRAIs and short codes (systems.md 1.2-1.5)."""

from app.domains.identifier_job.rules import IdentifierJobRules
from app.domains.identifier_job.service import KIND
from app.items.hooks import register_rules


def register() -> None:
    register_rules(KIND, IdentifierJobRules())
