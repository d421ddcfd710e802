"""Unique codes: one row per serialized identifier."""

from app.domains.unique_code.queries import register_expressions
from app.domains.unique_code.rules import UniqueCodeRules
from app.items.hooks import register_rules


def register() -> None:
    register_rules("unique_code", UniqueCodeRules())
    register_expressions()
