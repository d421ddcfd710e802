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

from app.access.caller import Caller
from app.graphql.nesting import require_shallow_text, require_shallow_tree
from app.graphql.parsing import parsed
from app.graphql.validating import validated
from app.items.cache.bounded import BoundedCache
from app.pools import DOCUMENTS, Asker

_LONGEST = 1_000_000
"""Characters of a document."""
_LONGEST_OF_NOBODY, _MOST_TOKENS_OF_NOBODY = 8_000, 2_000
"""Characters and tokens of a document without a token: who sends it can read little."""
_LAST = 1_000
"""Where those without a token, together, stand in line: behind all others."""
_LONGEST_AT_ONCE = 150
"""Characters: some four root fields, a millisecond. Longer texts go to a thread, when it is their
turn: who sends many new ones would hold up the others, who may ask for very little."""
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
_MOST_CHARACTERS_OF_NOBODY = 50_000
"""Of those sent without a token: they push out nobody else's."""


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
        self._kept: BoundedCache[Document] = BoundedCache(keep, _MOST_CHARACTERS)
        self._kept_of_nobody: BoundedCache[Document] = BoundedCache(
            keep, _MOST_CHARACTERS_OF_NOBODY
        )

    def read(self, text: str, *, of_nobody: bool = False) -> Document:
        """The document of a text, its errors inside; `of_nobody`: of who has no token.

        It is told no names that are meant, and has shorter documents.
        """
        document = self._known(text, of_nobody)
        if document is None:
            document = self._kept_if_short(text, of_nobody, self._read(text, of_nobody))
        return document

    def read_at_once(self, text: str, caller: Caller) -> Document | None:
        """As `read`; None for a text that has to be looked at beside what others ask for."""
        if len(text) <= _LONGEST_AT_ONCE:
            return self.read(text, of_nobody=caller.is_anonymous)
        return self._known(text, caller.is_anonymous)

    async def read_in_turn(self, text: str, caller: Caller) -> Document:
        """As `read`, when it is the caller's turn. Raises TooManyAtOnce."""
        of_nobody = caller.is_anonymous
        by = Asker(caller.share, _LAST if of_nobody else 0)
        document = await DOCUMENTS.run(by, self._read, text, of_nobody)
        return self._kept_if_short(text, of_nobody, document)

    def _known(self, text: str, of_nobody: bool) -> Document | None:
        """One that was read before, or is too long to be read."""
        most = _LONGEST_OF_NOBODY if of_nobody else _LONGEST
        if len(text) > most:
            other = "send a token" if of_nobody else "use variables"
            message = f"The document has more than {most} characters: {other}."
            return Document(None, (GraphQLError(message),))
        return self._kept_of(of_nobody).get(text)

    def _kept_of(self, of_nobody: bool) -> BoundedCache[Document]:
        return self._kept_of_nobody if of_nobody else self._kept

    def _kept_if_short(self, text: str, of_nobody: bool, document: Document) -> Document:
        if len(text) <= _LONGEST_KEPT:
            self._kept_of(of_nobody).put(text, document, len(text))
        return document

    def _read(self, text: str, of_nobody: bool) -> Document:
        tokens = min(self.tokens, _MOST_TOKENS_OF_NOBODY) if of_nobody else self.tokens
        try:
            require_shallow_text(text, tokens)
            tree = parsed(text, tokens)
            require_shallow_tree(tree, self.depth)
        except GraphQLError as error:
            return Document(None, (error.with_traceback(None),))
        seen = _Seen()
        visit(tree, seen)
        seen.enter_leave_map.clear()  # its own methods, that refer to it
        if seen.is_empty:
            return Document(None, (GraphQLError(_EMPTY),))
        if seen.aliases > self.aliases:
            message = f"{seen.aliases} aliases are too many: {self.aliases} at most."
            return Document(None, (GraphQLError(message),))
        if seen.repeated > _MOST_REPEATED:
            message = f"One selection asks for the same more than {_MOST_REPEATED} times."
            return Document(None, (GraphQLError(message),))
        errors = validated(self.schema, tree, suggests=not of_nobody)
        is_short = len(text) <= _SHORT
        return Document(tree, errors, seen.introspects, is_short, seen.has_many_roots)


_EMPTY = 'Syntax Error: Expected Name, found "}".'


class _Seen(Visitor):
    """What a document has in it: aliases, and fields that ask for the schema itself."""

    introspects = False
    aliases = 0
    repeated = 0
    has_many_roots = False
    is_empty = False
    """Whether a selection has nothing in it. graphql-core takes that, against specification 2.5."""

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
        self.is_empty = self.is_empty or not names
        self.repeated = max([self.repeated, *names.values()])

    def enter_field(self, node: FieldNode, *_place: object) -> None:
        self.introspects = self.introspects or node.name.value in {"__schema", "__type"}
        self.aliases += node.alias is not None
