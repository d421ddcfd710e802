"""Products: trade items, asset types and custom items."""

from app.domains.product.queries import register_expressions
from app.domains.product.rules import ProductRules
from app.items.hooks import register_rules


def register() -> None:
    register_rules("product", ProductRules())
    register_expressions()
