"""Reads as they were asked before: their statements, by what was asked and by who sees what.

Reading a query and looking its statement up costs more than all the rest of a small read, and what
clients ask repeats: the same fields of another key, the same list again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import unquote

from app.access.caller import Caller
from app.items.cache.bounded import BoundedCache

_LONGEST = 2_000
"""Characters of a text that is kept: longer ones seldom repeat."""
_MOST = 2_000
_MOST_CHARACTERS = 8_000_000
"""Of their statements, together."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement and the values bound in it, ready to run."""

    sql: str
    values: dict[str, Any]


class Asked(NamedTuple):
    """What was asked, and where: the text as it came stands for the query it makes."""

    surface: str
    collection: str
    text: str


@dataclass(frozen=True, slots=True)
class PreparedRead:
    """A read of one collection, ready to run; `by` names the value that a key or keys go into."""

    collection: str
    statement: Statement
    by: str | None = None

    def of(self, known: Any) -> Statement:
        """The statement for a key, or for a list of keys."""
        if self.by is None:
            raise LookupError("This reading takes no key.")
        return Statement(self.statement.sql, {**self.statement.values, self.by: known})


class PreparedReads:
    """The readings of one process; the oldest goes first."""

    def __init__(self) -> None:
        self._kept: BoundedCache[PreparedRead] = BoundedCache(_MOST, _MOST_CHARACTERS)

    def known(self, caller: Caller, asked: Asked, form: str) -> PreparedRead | None:
        """The reading of what was asked before in that form, by who sees the same."""
        return self._kept.get((asked, form, caller.sees))

    def reading(
        self, caller: Caller, asked: Asked | None, form: str, made: Callable[[], PreparedRead]
    ) -> PreparedRead:
        """The reading of what was asked; `made` makes it where it is not known.

        What depends on the moment is made every time; without `asked` nothing is kept.
        """
        if asked is None or len(asked.text) > _LONGEST or _moves(caller, asked):
            return made()
        found = self.known(caller, asked, form)
        if found is None:
            found = made()
            self._kept.put((asked, form, caller.sees), found, len(found.statement.sql))
        return found


def _moves(caller: Caller, asked: Asked) -> bool:
    r"""Whether the same text may mean something else now: `$NOW`, in it or in a rule.

    Its letters may be written as `%4E` in a query string, as `\u004e` in a string of any kind.
    """
    text = unquote(asked.text) if "%" in asked.text else asked.text
    return caller.permissions.moving or "NOW" in text or "\\u" in text
