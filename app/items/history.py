"""What is kept of every write: activity, and what an item was after it (directus.md 10).

Written inside the write's own transaction, as a set: any number of rows is one statement.
Minted codes have none: their job is the record (DESIGN.md 4).
"""

from collections.abc import Sequence
from typing import Any

from app.access.caller import Caller
from app.database.session import WriteSession
from app.items import statements
from app.items.rules import Row
from app.items.values import as_json
from schema import Collection, Schema


class History:
    """Keeps what one caller does, inside one transaction."""

    def __init__(self, schema: Schema, session: WriteSession, caller: Caller) -> None:
        self.session = session
        self._is_there = "directus_activity" in schema
        client = caller.client
        self.who = {
            "user": caller.user,
            "ip": client.ip,
            "user_agent": client.user_agent,
            "origin": client.origin,
        }
        """The values of every statement that keeps something: inserts do it themselves."""

    def kept(self, collection: Collection) -> str | None:
        """What is kept of writes: "all" (activity and revisions), "activity", or nothing."""
        return collection.accountability if self._is_there else None

    async def updated(self, collection: Collection, deltas: dict[Any, Row]) -> None:
        """Rows that were changed, by key, each with what of it."""
        if self.kept(collection) != "all":
            await self._keep(statements.activity(collection), collection, "update", list(deltas))
            return
        shown = as_json({str(key): delta for key, delta in deltas.items()})
        statement = statements.activity_and_revisions(collection)
        await self._keep(statement, collection, "update", list(deltas), deltas=shown)

    async def deleted(self, collection: Collection, keys: Sequence[Any]) -> None:
        """Rows that are gone."""
        await self._keep(statements.activity(collection), collection, "delete", keys)

    async def _keep(
        self,
        statement: str,
        collection: Collection,
        action: str,
        keys: Sequence[Any],
        **values: Any,
    ) -> None:
        if self.kept(collection) is None or not keys:
            return
        items = [str(key) for key in keys]
        await self.session.execute(
            statement, {**self.who, **values, "action": action, "items": items}
        )
