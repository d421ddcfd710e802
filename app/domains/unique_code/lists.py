"""Lists of codes that files are made of: what who asked for them may read."""

from collections.abc import Sequence
from typing import Any

from app.access.caller import Caller
from app.items.compile.compiler import Compiler
from app.items.policy.actions import require
from app.items.policy.read_policy import Restrictor
from app.items.policy.readable_schema import View
from app.items.query.tree import Compare, Leaf, Query, Sort, Value

CODES = "unique_code"


def own_codes(
    compiler: Compiler, caller: Caller, columns: Sequence[str], path: tuple[str, ...], key: Any
) -> Query:
    """The codes whose field is `key`, by their keys, with those columns that the caller may read.

    Raises Forbidden for a caller who may read no code.
    """
    require(caller, "read", compiler.schema[CODES])
    readable = View(compiler.schema, caller).fields(CODES)
    shown = tuple(Leaf(name, name) for name in columns if name in readable)
    query = Query(CODES, shown, sort=(Sort(("id",)),))
    restrictor = Restrictor(compiler.schema, caller)
    return restrictor.within(restrictor.restricted(query), Compare(path, "_eq", Value(key)))
