"""GraphQL documents: parsed and validated once per text, then kept.

Parsing and validation cost ten times what running a small operation does (graphql_sql.md section
2), and texts repeat: clients send the same documents with other variables.
"""

from collections import Counter
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    Visitor,
    visit,
)

from app.graphql.nesting import require_shallow_text, require_shallow_tree
from app.graphql.parsing import parsed
from app.graphql.validating import validated
from app.items.kept import Kept
from app.pools import DOCUMENTS

_LONGEST = 1_000_000
"""Characters of a document."""
_LONGEST_AT_ONCE = 2_000
"""Characters. Validation compares fields and fragments in pairs: longer texts go to a thread."""
_MOST_REPEATED = 30
"""Fields of one response key, spreads of one fragment, or inline fragments of one selection."""
_SHORT = 1000
"""Characters: some ten root fields."""
ROOTS = 3
"""Root fields of a document that are read at a time."""
_LONGEST_KEPT = 20_000
"""Characters. Longer texts (generated mutations) are read anew: they seldom repeat."""
_MOST_CHARACTERS = 250_000
"""Of all texts kept, together. A tree takes some 300 bytes for each, and anybody may send one."""


@dataclass(frozen=True, slots=True)
class Document:
    """A text as read: the tree, or why it can't be run.

    `is_short`: it asks for no more than a request by other surfaces can. `has_many_roots`: it may
    have more root fields than are read at a time.
    """

    tree: DocumentNode | None
    errors: tuple[GraphQLError, ...] = ()
    introspects: bool = False
    is_short: bool = False
    has_many_roots: bool = True

    def is_mutation(self, name: str | None) -> bool:
        """Whether the operation of that name (or the only one) writes."""
        operations = [
            node
            for node in (self.tree.definitions if self.tree is not None else ())
            if isinstance(node, OperationDefinitionNode)
        ]
        return any(
            node.operation is OperationType.MUTATION
            for node in operations
            if name is None or (node.name is not None and node.name.value == name)
        )


class Documents:
    """Reads documents against one schema.

    `tokens` bounds their length, `aliases` those, `depth` the relations in each other.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        *,
        tokens: int,
        aliases: int = 100,
        depth: int = 10,
        keep: int = 500,
    ) -> None:
        self.schema = schema
        self.tokens = tokens
        self.aliases = aliases
        self.depth = depth
        self._kept: Kept[Document] = Kept(keep, _MOST_CHARACTERS)

    def read(self, text: str, *, suggests: bool = True) -> Document:
        """The document of a text, its errors inside; `suggests`: with names that are meant."""
        document = self._kept.get((text, suggests))
        if document is None:
            document = self._kept_if_short(text, suggests, self._read(text, suggests))
        return document

    async def read_beside(self, text: str, *, suggests: bool = True) -> Document:
        """As `read`; others are served while a long text is looked at."""
        if len(text) <= _LONGEST_AT_ONCE or self._kept.get((text, suggests)) is not None:
            return self.read(text, suggests=suggests)
        document = await DOCUMENTS.run(self._read, text, suggests)
        return self._kept_if_short(text, suggests, document)

    def _kept_if_short(self, text: str, suggests: bool, document: Document) -> Document:
        if len(text) <= _LONGEST_KEPT:
            self._kept.put((text, suggests), document, len(text))
        return document

    def _read(self, text: str, suggests: bool) -> Document:
        if len(text) > _LONGEST:
            message = f"The document has more than {_LONGEST} characters: use variables."
            return Document(None, (GraphQLError(message),))
        try:
            require_shallow_text(text, self.tokens)
            tree = parsed(text, self.tokens)
            require_shallow_tree(tree, self.depth)
        except GraphQLError as error:
            return Document(None, (error.with_traceback(None),))
        seen = _Seen()
        visit(tree, seen)
        seen.enter_leave_map.clear()  # its own methods, that refer to it
        if seen.aliases > self.aliases:
            message = f"{seen.aliases} aliases are too many: {self.aliases} at most."
            return Document(None, (GraphQLError(message),))
        if seen.repeated > _MOST_REPEATED:
            message = f"One selection asks for the same more than {_MOST_REPEATED} times."
            return Document(None, (GraphQLError(message),))
        errors = validated(self.schema, tree, suggests=suggests)
        is_short = len(text) <= _SHORT
        return Document(tree, errors, seen.introspects, is_short, seen.has_many_roots)


class _Seen(Visitor):
    """What a document has in it: aliases, and fields that ask for the schema itself."""

    introspects = False
    aliases = 0
    repeated = 0
    has_many_roots = False

    def enter_operation_definition(self, node: OperationDefinitionNode, *_place: object) -> None:
        """A fragment holds any number of fields."""
        roots = node.selection_set.selections
        if len(roots) > ROOTS or not all(isinstance(root, FieldNode) for root in roots):
            self.has_many_roots = True

    def enter_selection_set(self, node: SelectionSetNode, *_place: object) -> None:
        """Validation compares all that have one name in pairs, and what is below them."""
        names = Counter(
            (one.alias or one.name).value
            if isinstance(one, FieldNode)
            else one.name.value
            if isinstance(one, FragmentSpreadNode)
            else "..."
            for one in node.selections
        )
        self.repeated = max(self.repeated, *names.values())

    def enter_field(self, node: FieldNode, *_place: object) -> None:
        self.introspects = self.introspects or node.name.value in {"__schema", "__type"}
        self.aliases += node.alias is not None
