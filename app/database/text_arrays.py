"""Lists of texts as arrays: thousands of keys go to PostgreSQL at once.

psycopg looks at each of them, which for 20,000 keys takes as long as all the rest of a request.
"""

import re
from typing import Any

from psycopg.abc import Buffer
from psycopg.types.array import ListDumper

_BETWEEN = "\x00"
"""Nothing that PostgreSQL takes has it."""
_SPECIAL = re.compile(r"""["{},\\\s]""")
"""What an array in text needs quotes for, and empty texts and NULL (PostgreSQL docs, 8.15.6)."""


class TextsDumper(ListDumper):
    """Lists of plain texts in one go, all others as psycopg does."""

    def dump(self, obj: list[Any]) -> Buffer | None:
        if set(map(type, obj)) == {str} and self.delimiter == b",":
            joined = _BETWEEN.join(obj)
            if joined.count(_BETWEEN) == len(obj) - 1 and _is_plain(joined):
                return b"{%b}" % joined.replace(_BETWEEN, ",").encode()
        return super().dump(obj)


def _is_plain(joined: str) -> bool:
    """Whether none of the texts needs quotes."""
    around = f"{_BETWEEN}{joined}{_BETWEEN}"
    if _BETWEEN * 2 in around or "null" in joined.lower():
        return False
    return _SPECIAL.search(joined) is None
