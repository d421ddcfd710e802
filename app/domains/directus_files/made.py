"""Files that workers made: lists of rows, as who asked for them may read those.

Whoever may read the file's row need not be allowed to read what is in it.
"""

from collections.abc import Iterable

from app.domains.directus_files.queries import StoredFile
from app.items.policy.readable_rows import ReadableRows

MADE = "made/"
"""How the names of their bytes begin; what is listed comes next, and what nobody can guess."""
_AND = "+"
_NOBODY = "*"
_LONGEST = 120
"""Characters of collections in a name, which is a text of 255."""


def listing(collections: Iterable[str]) -> str:
    """What a name says is listed: rows of these collections, or more than it can say."""
    said = _AND.join(collections)
    return said if len(said) <= _LONGEST else _NOBODY


def may_open(readable: ReadableRows, file: StoredFile) -> bool:
    """Whether a caller who sees the row of a file may have its bytes.

    A list is for who asked for it, for admins, and for who may read all that is listed in it.
    """
    if not file.filename_disk.startswith(MADE):
        return True
    said, _, _ = file.filename_disk.removeprefix(MADE).partition("/")
    is_own = file.uploaded_by is not None and file.uploaded_by == readable.caller.user
    return is_own or all(readable.shows_all(collection) for collection in said.split(_AND))
