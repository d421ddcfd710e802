"""What a document says in all: a variable, or a text of a fragment, each time that it is named."""

from collections.abc import Mapping
from typing import Any

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    Node,
    OperationDefinitionNode,
    StringValueNode,
    VariableNode,
)

from app.errors import InvalidPayload
from app.items.write.payloads import MOST_WRITTEN, weight_of

_LITTLE = 64 * 1024
"""Bytes of a request: of less nobody has to know how often it is named."""


def require_light_document(
    size: int, tree: DocumentNode, operation: str | None, variables: Mapping[str, Any]
) -> None:
    """Raises InvalidPayload for more characters than a change may write.

    Each root field that names a value works on all of it by itself. `size`: bytes that came;
    `tree` is valid.
    """
    if size <= _LITTLE:
        return
    said = _Said(tree, variables)
    for node in tree.definitions:
        if not isinstance(node, OperationDefinitionNode):
            continue
        is_asked = operation is None or (node.name is not None and node.name.value == operation)
        if is_asked and said.by(node) > MOST_WRITTEN:
            raise InvalidPayload(
                f"The document has more than {MOST_WRITTEN} characters, where each value counts as "
                "often as it is named: ask in parts"
            )


class _Said:
    """The characters of one document, each fragment looked at once."""

    def __init__(self, tree: DocumentNode, variables: Mapping[str, Any]) -> None:
        self._weights = {name: weight_of({name: value}) for name, value in variables.items()}
        self._fragments = {
            node.name.value: node
            for node in tree.definitions
            if isinstance(node, FragmentDefinitionNode)
        }
        self._known: dict[str, int] = {}

    def by(self, operation: OperationDefinitionNode) -> int:
        """What the fields of an operation say. What is not given has its default."""
        for definition in operation.variable_definitions or ():
            if definition.default_value is not None:
                default = self._of(definition.default_value)
                self._weights.setdefault(definition.variable.name.value, default)
        return self._of(operation.selection_set)

    def _of(self, node: Node) -> int:
        if isinstance(node, VariableNode):
            return self._weights.get(node.name.value, 0)
        if isinstance(node, StringValueNode):
            return len(node.value)
        said = self._of_fragment(node.name.value) if isinstance(node, FragmentSpreadNode) else 0
        for key in node.keys:
            below = getattr(node, key)
            if isinstance(below, Node):
                said += self._of(below)
            elif isinstance(below, list | tuple):
                said += sum(map(self._of, below))
        return said

    def _of_fragment(self, name: str) -> int:
        if name not in self._known:
            self._known[name] = self._of(self._fragments[name].selection_set)
        return self._known[name]
