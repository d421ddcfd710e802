"""What is kept of every write: activity, and what an item was after it (directus.md 10).

Written inside the write's own transaction, as a set: any number of rows is two statements.
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

ACTIVITY = """
INSERT INTO directus_activity
  (action, "user", ip, user_agent, origin, collection, item, "timestamp")
SELECT %(action)s, %(user)s::uuid, %(ip)s, %(user_agent)s, %(origin)s, %(collection)s, k.item, now()
FROM unnest(%(items)s::text[]) WITH ORDINALITY AS k (item, place)
ORDER BY k.place
RETURNING id, item
"""


class History:
    """Keeps what one caller does, inside one transaction."""

    def __init__(self, schema: Schema, session: WriteSession, caller: Caller) -> None:
        self.session = session
        self.caller = caller
        self._is_there = "directus_activity" in schema

    async def created(self, collection: Collection, keys: Sequence[Any]) -> None:
        """Rows that were inserted."""
        made = await self._activity(collection, "create", keys)
        if made and collection.accountability == "all":
            statement = statements.revisions(collection)
            await self.session.execute(statement, {"made": as_json(made), "deltas": None})

    async def updated(self, collection: Collection, deltas: dict[Any, Row]) -> None:
        """Rows that were changed, by key, each with what of it."""
        made = await self._activity(collection, "update", list(deltas))
        if made and collection.accountability == "all":
            statement = statements.revisions(collection)
            shown = {str(key): delta for key, delta in deltas.items()}
            values = {"made": as_json(made), "deltas": as_json(shown)}
            await self.session.execute(statement, values)

    async def deleted(self, collection: Collection, keys: Sequence[Any]) -> None:
        """Rows that are gone."""
        await self._activity(collection, "delete", keys)

    async def _activity(
        self, collection: Collection, action: str, keys: Sequence[Any]
    ) -> list[dict[str, Any]]:
        if not self._is_there or collection.accountability is None or not keys:
            return []
        client = self.caller.client
        values = {
            "action": action,
            "user": self.caller.user,
            "ip": client.ip,
            "user_agent": client.user_agent,
            "origin": client.origin,
            "collection": collection.name,
            "items": [str(key) for key in keys],
        }
        return await self.session.fetch_all(ACTIVITY, values)
