"""Company prefixes: whose GTINs, GRAIs, SSCCs and GLNs are (DESIGN.md 9)."""

from app.domains.company_prefix.rules import CompanyPrefixRules
from app.items.hooks import register_rules


def register() -> None:
    register_rules("company_prefix", CompanyPrefixRules())
