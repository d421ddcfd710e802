"""Texts read as graphql-core reads them, without the garbage: each token refers to both next ones.

Such a list stays in memory, a hundred times its text, until somebody looks for garbage; and
looking through millions of tokens stops the whole process for seconds.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from graphql import DocumentNode, GraphQLError, Source
from graphql.language import Lexer, Token
from graphql.language.parser import Parser


def parsed(text: str, tokens: int) -> DocumentNode:
    """The tree of a text of at most so many tokens. Raises GraphQLError."""
    with lexer_of(text) as lexer:
        try:
            return Parser(lexer.source, max_tokens=tokens, lexer=lexer).parse_document()
        except RecursionError:
            pass
    raise GraphQLError("The document is nested too deeply.")


@contextmanager
def lexer_of(text: str) -> Iterator[Lexer]:
    """A lexer of a text; behind it, each of its tokens stands alone."""
    lexer = Lexer(Source(text))
    try:
        yield lexer
    finally:
        last: Token | None = lexer.token
        while last is not None and last.next is not None:
            last = last.next
        while last is not None:
            before, last.prev, last.next = last.prev, None, None
            last = before
