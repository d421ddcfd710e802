"""The door itself: one caller's reads and writes, for every surface alike."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg

from app.access.caller import Caller
from app.access.permissions import Action, require
from app.database.session import Database, Session, WriteSession
from app.errors import Forbidden, InvalidQuery
from app.items.compile import Compiler, Statement
from app.items.filter import FilterReader
from app.items.query import AggregateQuery, All, Compare, Condition, Node, Query, Value
from app.items.selection import FieldReader
from app.items.values import as_key
from app.items.violations import first_line
from app.items.write import Writer
from schema import Collection

_CSV = "COPY ({}) TO STDOUT (FORMAT csv, HEADER)"


@dataclass(frozen=True, slots=True)
class Items:
    """Reads and writes of one caller. Reads answer JSON bytes as PostgreSQL made them."""

    database: Database
    compiler: Compiler
    caller: Caller
    depth: int = 10

    def allow(self, action: Action, collection: str) -> Collection:
        """The collection, if the caller may do that to it. Raises Forbidden."""
        schema = self.compiler.schema
        if collection not in schema or schema[collection].internal:
            raise Forbidden.collection(collection)
        if schema[collection].system and not self.caller.is_admin:
            raise Forbidden
        require(self.caller, action, collection)
        return schema[collection]

    def filters(self) -> FilterReader:
        return FilterReader(self.compiler.schema, self.caller, self.depth)

    async def many(self, query: Query) -> bytes:
        """The matching items as a JSON array."""
        self.allow("read", query.collection)
        return await self._json(self.compiler.items(query)) or b"[]"

    async def one(self, query: Query) -> bytes | None:
        """The first matching item as a JSON object, or None."""
        self.allow("read", query.collection)
        return await self._json(self.compiler.item(query))

    async def count(self, query: Query) -> int:
        """How many items match, whatever the page."""
        self.allow("read", query.collection)
        statement = self.compiler.count(query)
        async with self.database.read() as session:
            with _refusals():
                return int(await session.fetch_value(statement.sql, statement.values))

    async def aggregate(self, query: AggregateQuery) -> bytes:
        """The groups as a JSON array."""
        self.allow("read", query.collection)
        return await self._json(self.compiler.aggregate(query)) or b"[]"

    async def create(self, collection: str, payloads: list[Any], back: Query) -> bytes:
        """Create an item for every payload; the new items as a JSON array, shaped by `back`."""
        self.allow("create", collection)
        async with self.database.write() as session:
            keys = await self._writer(session).create(collection, payloads)
            return await self._read_back(session, keys, back)

    async def update(self, collection: str, patches: list[tuple[Any, Any]], back: Query) -> bytes:
        """Patch items by key; those that exist as a JSON array, shaped by `back`."""
        self.allow("update", collection)
        async with self.database.write() as session:
            keys = await self._writer(session).update(collection, patches)
            return await self._read_back(session, keys, back)

    async def delete(self, collection: str, keys: list[Any]) -> list[Any]:
        """Delete items by key; the keys of those that existed."""
        self.allow("delete", collection)
        async with self.database.write() as session:
            return await self._writer(session).delete(collection, keys)

    async def keys(self, query: Query) -> list[Any]:
        """The keys of the matching items."""
        self.allow("read", query.collection)
        statement = self.compiler.keys(query)
        async with self.database.read() as session:
            with _refusals():
                rows = await session.fetch_all(statement.sql, statement.values)
        return [row["key"] for row in rows]

    async def csv(self, query: Query) -> AsyncIterator[bytes]:
        """The matching items as CSV with a header, block by block, in flat memory."""
        self.allow("read", query.collection)
        statement = self.compiler.rows(query)
        async with self.database.read() as session:
            async for block in session.copy_out(_CSV.format(statement.sql), statement.values):
                yield bytes(block)

    def by_key(self, collection: str, key: Any) -> Condition | None:
        """The condition that picks one key; None when it can't be a key of the collection."""
        field = self.compiler.schema[collection].primary_key
        known = as_key(field, key)
        return None if known is None else Compare((field.name,), "_eq", Value(known))

    def by_keys(self, collection: str, keys: list[Any]) -> Condition:
        """The condition that picks some keys."""
        field = self.compiler.schema[collection].primary_key
        known = [known for key in keys if (known := as_key(field, key)) is not None]
        return Compare((field.name,), "_in", Value(known))

    def every_field(self, collection: str) -> tuple[Node, ...]:
        """The selection of `*`."""
        return FieldReader(self.compiler.schema, self.depth).selection(collection, ["*"])

    def _writer(self, session: WriteSession) -> Writer:
        return Writer(self.compiler.schema, session, self.caller)

    async def _json(self, statement: Statement) -> bytes | None:
        async with self.database.read() as session:
            return await _value(session, statement)

    async def _read_back(self, session: Session, keys: list[Any], back: Query) -> bytes:
        """What was written, inside the same transaction: before a worker can touch it."""
        condition = self.by_keys(back.collection, keys)
        wanted = condition if back.filter is None else All((back.filter, condition))
        query = Query(
            back.collection,
            back.selection,
            filter=wanted,
            search=back.search,
            sort=back.sort,
            limit=back.limit,
            offset=back.offset,
            surface=back.surface,
        )
        return await _value(session, self.compiler.items(query)) or b"[]"


async def _value(session: Session, statement: Statement) -> bytes | None:
    with _refusals():
        value = await session.fetch_value(statement.sql, statement.values)
    return None if value is None else bytes(value)


@contextmanager
def _refusals() -> Iterator[None]:
    """A value PostgreSQL can't take (a NUL, a moment it can't count) is the caller's mistake."""
    try:
        yield
    except psycopg.DataError as error:
        raise InvalidQuery(f"A value can't be compared: {first_line(error)}") from error
