"""Texts that name a code: the paths that they mean, whatever form they have."""

from app.codes.errors import CodeError
from app.codes.scanned_text import is_plain, other_path_of, path_of


def code_path(text: str) -> str:
    """The path of the code a text names; of no code: the text itself.

    >>> code_path("(01)9312345551927(21)A"), code_path("EXT-1")
    ('/01/09312345551927/21/A', 'EXT-1')
    """
    try:
        return path_of(text)
    except CodeError:
        return text


def code_paths(text: str) -> list[str]:
    """The paths a text may mean in a filter: where it may be a key or an address, both."""
    if is_plain(text):
        return [text]
    other = other_path_of(text)
    return [code_path(text)] if other is None else [code_path(text), other]
