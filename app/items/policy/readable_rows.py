"""The rows and fields a caller may read, for statements of our own (DESIGN.md section 9).

    readable = ReadableRows(compiler, caller)
    sql = f"SELECT c.id, p.sku FROM {readable.of('unique_code', 'c')} LEFT JOIN ..."
    rows = await session.fetch_all(sql, {**readable.values, ...})

What `/items` would not show is not in it: rows the caller may not read are not there, fields it may
not read are null, of a row or of all of them. PostgreSQL flattens the sub-select, so that indexes
are used as on the table itself.
"""

import re
from typing import Any

from app.access.caller import Caller
from app.errors import Forbidden
from app.items.compile.compiler import Compiler
from app.items.policy.actions import require
from app.items.policy.read_policy import Restrictor
from app.items.policy.readable_schema import View
from app.items.query.tree import Leaf, Query

_BOUND = re.compile(r"(?<!%)%\((\w+)\)s")


def tenancy(alias: str) -> str:
    """The rows of the account bound as `account`; null: of all, for the installation itself."""
    return f"(%(account)s::uuid IS NULL OR {alias}.account = %(account)s::uuid)"


class ReadableRows:
    """What one caller sees. `values`: what the sub-selects made so far bind."""

    def __init__(self, compiler: Compiler, caller: Caller) -> None:
        self.compiler = compiler
        self.caller = caller
        self.values: dict[str, Any] = {}
        self._view = View(compiler.schema, caller)
        self._restrictor = Restrictor(compiler.schema, caller)

    def of(self, collection: str, alias: str) -> str:
        """`(SELECT ...) AS alias`: a column for every field, as `/items` shows its value.

        The key is always there, to join by. A stored field that reads as something else where it
        is null (`extended_id`) is there as `stored_<name>`, too. No secrets are.
        """
        statement = self.compiler.table(self._restricted(collection))
        self.values |= {f"{alias}_{name}": value for name, value in statement.values.items()}
        text = _BOUND.sub(rf"%({alias}_\1)s", statement.sql)
        return f"({text}) AS {alias}"

    def require(self, collection: str, *fields: str) -> None:
        """Raises Forbidden where the caller may not read any row of these fields."""
        require(self.caller, "read", self.compiler.schema[collection])
        known = self._view.fields(collection)
        if refused := [name for name in fields if name not in known]:
            raise Forbidden.fields(refused, collection)

    def require_always(self, collection: str, *fields: str) -> None:
        """Raises Forbidden where the caller may not read these fields of every row it sees."""
        self.require(collection, *fields)
        if refused := [name for name in fields if not self.shows_always(collection, name)]:
            raise Forbidden.fields(refused, collection)

    def shows(self, collection: str, *fields: str) -> bool:
        """Whether the caller may read the fields of some rows."""
        known = self._view.fields(collection)
        return self._view.may_read(collection) and all(name in known for name in fields)

    def shows_always(self, collection: str, *fields: str) -> bool:
        """Whether the fields are null in no row for the caller's sake."""
        always = self._restrictor.shown_always(collection)
        return self._view.may_read(collection) and always.issuperset(fields)

    def shows_all(self, collection: str) -> bool:
        """Whether the caller may read all fields of all rows (of its account) of a collection."""
        if self.caller.is_admin:
            return True
        if collection not in self.compiler.schema:
            return False
        every = {field.name for field in self.compiler.schema[collection].fields}
        is_whole = self._restrictor.shown_always(collection) == every
        return is_whole and self._restrictor.shows_every_row(collection)

    def _restricted(self, collection: str) -> Query:
        known = self._view.fields(collection).values()
        shown = (Leaf(field.name, field.name) for field in known if not field.concealed)
        return self._restrictor.restricted(Query(collection, tuple(shown)))
