"""How deep a document goes: looked at before parsing, validation and execution, which all descend.

Brackets in each other bound what the parser calls itself for; selections count relations, as
MAX_RELATIONAL_DEPTH does, through fragments too.
"""

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    TokenKind,
)

from app.graphql.parsing import lexer_of
from app.json_text import DEEPEST

_OPEN = frozenset({TokenKind.BRACE_L, TokenKind.BRACKET_L, TokenKind.PAREN_L})
_CLOSE = frozenset({TokenKind.BRACE_R, TokenKind.BRACKET_R, TokenKind.PAREN_R})
_INTROSPECTION = frozenset({"__schema", "__type"})
"""What is below them is no relation; a rule of validation bounds it."""


def require_shallow_text(text: str, tokens: int) -> None:
    """Raises GraphQLError for brackets deeper in each other than DEEPEST, or a broken text.

    Only the first `tokens` are looked at: the parser takes no more.
    """
    if sum(map(text.count, "{[(")) <= DEEPEST:
        return
    depth = 0
    with lexer_of(text) as lexer:
        for _ in range(tokens):
            kind = lexer.advance().kind
            if kind is TokenKind.EOF:
                return
            depth += (kind in _OPEN) - (kind in _CLOSE)
            if depth > DEEPEST:
                raise GraphQLError(f"The document is nested more than {DEEPEST} levels deep.")


def require_shallow_tree(tree: DocumentNode, relations: int) -> None:
    """Raises GraphQLError for a document with more than so many relations below a root field."""
    nesting = _Nesting(tree)
    for node in tree.definitions:
        if isinstance(node, OperationDefinitionNode):
            fields, _ = nesting.heights(node.selection_set, 0)
            # A root field's own selection is of the collection itself.
            if fields - 1 > relations:
                raise GraphQLError("Max relational depth exceeded")


class _Nesting:
    """How high the selections of one document are, each fragment looked at once."""

    def __init__(self, tree: DocumentNode) -> None:
        self._fragments = {
            node.name.value: node
            for node in tree.definitions
            if isinstance(node, FragmentDefinitionNode)
        }
        self._known: dict[str, tuple[int, int]] = {}

    def heights(self, selected: SelectionSetNode, level: int) -> tuple[int, int]:
        """How many fields with a selection lie in each other, and how many levels of any kind.

        Raises GraphQLError below DEEPEST levels.
        """
        fields = levels = 0
        for node in selected.selections:
            own, below = 0, (0, 0)
            if isinstance(node, FieldNode):
                if node.selection_set is None or node.name.value in _INTROSPECTION:
                    continue
                own = 0 if node.name.value.endswith("_func") else 1
                below = self.heights(node.selection_set, level + 1)
            elif isinstance(node, InlineFragmentNode):
                below = self.heights(node.selection_set, level + 1)
            elif isinstance(node, FragmentSpreadNode):
                below = self._of_fragment(node.name.value, level + 1)
            fields, levels = max(fields, own + below[0]), max(levels, 1 + below[1])
            if level + levels > DEEPEST:
                raise GraphQLError(f"The document is nested more than {DEEPEST} levels deep.")
        return fields, levels

    def _of_fragment(self, name: str, level: int) -> tuple[int, int]:
        if level > DEEPEST:
            raise GraphQLError(f"The document is nested more than {DEEPEST} levels deep.")
        if name not in self._known and name in self._fragments:
            self._known[name] = (0, 0)  # of one that spreads itself: validation says so
            self._known[name] = self.heights(self._fragments[name].selection_set, level)
        return self._known.get(name, (0, 0))
