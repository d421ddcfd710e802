"""What an export asks for, as it waits for its worker: a query before it is read, as JSON.

It is read again when the worker comes to it, against what its user may read then.
"""

from dataclasses import asdict, dataclass, field
from typing import Any

from app.access.caller import Caller
from app.items.compile.compiler import Compiler
from app.items.policy.readable_schema import View
from app.items.query.cost import require_affordable
from app.items.query.filter import FilterReader
from app.items.query.selection import Limits, Options, QueryReader
from app.items.query.tree import Query


@dataclass(frozen=True, slots=True)
class Wanted:
    """The fields and options of a list; `safe`: as `Items.export`."""

    fields: list[str] = field(default_factory=lambda: ["*"])
    options: Options = field(default_factory=Options)
    backlinks: bool = True
    safe: bool = False

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of_json(cls, stored: dict[str, Any]) -> "Wanted":
        options, safe = _options(stored["options"]), stored.get("safe", False)
        return cls(stored["fields"], options, stored["backlinks"], safe)

    def query(self, compiler: Compiler, caller: Caller, limits: Limits, collection: str) -> Query:
        """The query of one caller. Raises InvalidQuery and Forbidden."""
        view = View(compiler.schema, caller)
        reader = QueryReader(view, FilterReader(view, caller, limits.depth), limits)
        query = reader.query(collection, self.fields, self.options, backlinks=self.backlinks)
        # An export takes row by row: what one of them repeats is what counts.
        require_affordable(compiler.schema, query, limits.repeated, rows=1)
        return query


def _options(stored: dict[str, Any]) -> Options:
    below = {name: _options(value) for name, value in stored["below"].items()}
    return Options(**{**stored, "sort": tuple(stored["sort"]), "below": below})
