"""Campaigns and their SCM fields: what is kept of codes in the supply chain."""

from app.domains.campaign.rules import ScmFieldRules
from app.items.hooks import register_rules


def register() -> None:
    register_rules("scm_field", ScmFieldRules())
