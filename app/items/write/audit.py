"""What is kept of every write: activity, and what an item was after it (directus.md 10).

Written inside the write's own transaction, as a set: any number of rows is one statement.
Minted codes have none: their job is the record (DESIGN.md 4).
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from app.access.caller import Caller
from app.database.session import WriteSession
from app.items.hooks import Row
from app.items.write import statements
from app.items.write.statements import Keeping
from app.items.write.values import as_json
from schema import Collection, Schema

ACTIVITY = "directus_activity"
ACCOUNT = "account"


class History:
    """Keeps what one caller does, inside one transaction."""

    def __init__(self, schema: Schema, session: WriteSession, caller: Caller) -> None:
        self.schema = schema
        self.session = session
        client = caller.client
        self.who = {
            "user": caller.user,
            "ip": client.ip,
            "user_agent": client.user_agent,
            "origin": client.origin,
            "own_account": caller.account,
        }
        """The values of every statement that keeps something: inserts and deletes do themselves."""

    def kept(self, collection: Collection) -> Keeping | None:
        """What is kept of writes; None: nothing."""
        return _keeping(self.schema, collection)

    async def updated(self, collection: Collection, deltas: dict[Any, Row]) -> None:
        """Rows that were changed, by key, each with what of it."""
        kept = self.kept(collection)
        if kept is None or not deltas:
            return
        values: dict[str, Any] = {**self.who, "keys": list(deltas)}
        if kept.revisions:
            values["deltas"] = as_json({str(key): delta for key, delta in deltas.items()})
        await self.session.execute(statements.updated(collection, kept), values)


@lru_cache(maxsize=1000)
def _keeping(schema: Schema, collection: Collection) -> Keeping | None:
    if ACTIVITY not in schema or collection.accountability is None:
        return None
    has_accounts = ACCOUNT in schema.fields(ACTIVITY)
    owner = owner_of(schema, collection) if has_accounts else None
    return Keeping(collection.accountability == "all", owner)


def owner_of(schema: Schema, collection: Collection) -> str:
    """The account of the row `{row}`: its own, or its parent's; else of who writes it.

    The same path that its tenancy takes: history is seen by whoever sees the row.
    """
    path = next(_to_account(collection.tenancy or {}), None)
    if path is None:
        return "%(own_account)s::uuid"
    value, place = f'{{row}}."{path[0]}"', collection
    for depth, name in enumerate(path[1:], 1):
        relation = schema.fields(place.name)[path[depth - 1]].relation
        if relation is None:
            raise LookupError(f'The tenancy of "{collection.name}" leads through no relation.')
        place = schema[relation.to]
        key, of = f'of_{depth}."{place.primary_key.name}"', f'of_{depth}."{name}"'
        value = f'(SELECT {of} FROM "{place.name}" AS of_{depth} WHERE {key} = {value})'
    return value


def _to_account(rule: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """The paths that a tenancy compares with the caller's account."""
    for name, below in rule.items():
        if name in {"_and", "_or"}:
            for part in below:
                yield from _to_account(part)
        elif not isinstance(below, Mapping):
            continue
        elif "$CURRENT_ACCOUNT" in below.values():
            yield (name,)
        else:
            yield from ((name, *rest) for rest in _to_account(below))
