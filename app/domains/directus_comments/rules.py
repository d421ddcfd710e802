"""The rules of comments: who comments has to see the item, and the comment is its account's."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from app.access.caller import Caller
from app.database.session import Session, WriteSession
from app.errors import Forbidden
from app.items.compile.compiler import Compiler
from app.items.hooks import Row, Rules, Update
from app.items.policy.read_policy import Restrictor
from app.items.policy.readable_schema import View
from app.items.write.values import as_key
from schema import OWN_ROWS, Collection

_PLACE = ("collection", "item")
_OWNER = "account"


class CommentRules(Rules):
    """Refuses comments on what the caller can't read, as Directus does.

    Raises Forbidden, whether the item is another's or not there at all.
    """

    def __init__(self, compiler: Compiler) -> None:
        self.compiler = compiler
        self._has_accounts = _OWNER in compiler.schema.fields("directus_comments")

    async def before_create(self, session: WriteSession, caller: Caller, rows: list[Row]) -> None:
        await self._place(session, caller, rows)

    async def before_update(
        self, session: WriteSession, caller: Caller, updates: list[Update]
    ) -> None:
        moved = [update for update in updates if any(name in update.changes for name in _PLACE)]
        places = [{**update.before, **update.patch} for update in moved]
        await self._place(session, caller, places)
        for update, place in zip(moved, places, strict=True):
            if place.get(_OWNER) != update.before.get(_OWNER):
                update.patch[_OWNER] = place[_OWNER]

    async def _place(self, session: WriteSession, caller: Caller, comments: list[Row]) -> None:
        """Raises Forbidden for an item out of readable; gives comments to whose the items are."""
        by_collection: dict[str, list[Row]] = defaultdict(list)
        for comment in comments:
            # What is missing is refused with the other fields that are.
            if all(comment.get(name) is not None for name in _PLACE):
                by_collection[str(comment["collection"])].append(comment)
        view = View(self.compiler.schema, caller)
        for name, about in by_collection.items():
            if name not in view:
                raise Forbidden
            collection = self.compiler.schema[name]
            keys = [as_key(collection.primary_key, comment["item"]) for comment in about]
            await self._require_readable(session, caller, collection, keys)
            if self._has_accounts and caller.account is None and collection.tenancy == OWN_ROWS:
                owners = await _owners(session, collection, keys)
                for comment, key in zip(about, keys, strict=True):
                    comment[_OWNER] = owners.get(key)

    async def _require_readable(
        self, session: Session, caller: Caller, collection: Collection, keys: Iterable[Any]
    ) -> None:
        wanted = set(keys)
        if None in wanted:
            raise Forbidden
        rows = Restrictor(self.compiler.schema, caller).rows(collection.name, "read")
        statement = self.compiler.holding(collection.name, list(wanted), (rows,), None)
        held = await session.fetch_all(statement.sql, statement.values)
        if not wanted <= {row["key"] for row in held if row["c0"]}:
            raise Forbidden


async def _owners(session: Session, collection: Collection, keys: list[Any]) -> dict[Any, Any]:
    key = collection.primary_key.name
    sql = f'SELECT "{key}" AS key, account FROM "{collection.name}" WHERE "{key}" = ANY(%(keys)s)'
    rows = await session.fetch_all(sql, {"keys": keys})
    return {row["key"]: row["account"] for row in rows}
