"""Comments on items, by those who may read the items."""

from app.domains.directus_comments.rules import CommentRules
from app.items.compile.compiler import Compiler
from app.items.hooks import register_rules


def register(compiler: Compiler) -> None:
    """`compiler`: of all collections that are served."""
    register_rules("directus_comments", CommentRules(compiler))
