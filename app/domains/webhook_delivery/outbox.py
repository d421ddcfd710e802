"""What happens, written down for the webhooks that want to hear of it (docs/webhooks.md).

In the same transaction: what is rolled back was never to be told, and what is committed is told,
whatever ends afterwards. Any number of rows is one statement.
"""

from collections.abc import Sequence
from typing import Any

from app.access.caller import Caller
from app.access.permissions import Action
from app.database.session import WriteSession
from app.domains.webhook.wanted import WANTED
from app.domains.webhook_delivery import queries
from app.items.hooks import Listener
from app.items.write.values import as_json
from schema import Collection, Schema

WEBHOOKS = "webhook"
MOST_KEYS = 1000
"""Of one delivery. Larger writes make several."""


class Outbox(Listener):
    """Listens to every write, and to what workers tell."""

    async def written(
        self,
        session: WriteSession,
        caller: Caller,
        schema: Schema,
        collection: Collection,
        action: Action,
        keys: Sequence[Any],
    ) -> None:
        if WEBHOOKS not in schema:
            return  # a schema beside Mintage's own
        event = f"items.{action}"
        if not await WANTED.ask(session, event, collection.name, caller.account):
            return
        key = collection.primary_key.name
        values = {
            "event": event,
            "collection": collection.name,
            "rows": as_json([{key: one} for one in keys]),
            "user": caller.user,
            "own_account": caller.account,
            "most": MOST_KEYS,
        }
        await session.execute(queries.written(schema, collection), values)

    async def happened(
        self,
        session: WriteSession,
        collection: str,
        what: str,
        key: str,
        account: str | None,
        user: str | None = None,
    ) -> None:
        values = {
            "event": f"{collection}.{what}",
            "collection": collection,
            "key": key,
            "account": account,
            "user": user,
        }
        await session.execute(queries.HAPPENED, values)
