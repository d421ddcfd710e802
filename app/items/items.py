"""The door itself: one caller's reads and writes, for every surface alike."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
import psycopg

from app.access.caller import Caller
from app.access.permissions import Action
from app.database.session import Database, Session, WriteSession
from app.errors import AppError, ErrorList, Forbidden, OutOfTime
from app.items.cache.prepared import Asked, PreparedRead, PreparedReads, Statement
from app.items.compile.compiler import Compiler, name_of
from app.items.export.exports import Format, exported
from app.items.policy.actions import ACTIONS, described, may, require
from app.items.policy.read_policy import AnyQuery, Restrictor
from app.items.policy.readable_rows import ReadableRows
from app.items.policy.readable_schema import View
from app.items.policy.singleton import key_of_singleton
from app.items.query.cost import require_affordable
from app.items.query.filter import FilterReader
from app.items.query.selection import LIMITS, Limits, QueryReader
from app.items.query.tree import AggregateQuery, Compare, Condition, Leaf, Query, Surface, Value
from app.items.write.bulk_import import Rows, import_rows
from app.items.write.constraint_errors import as_refusal
from app.items.write.refusal_details import has_details, reveal_details
from app.items.write.reorder import reorder
from app.items.write.upsert import upsert
from app.items.write.validation import refuse
from app.items.write.values import as_key
from app.items.write.writer import Writer
from schema import Collection, Schema

_WRITTEN = 100
"""Rows that a write is reckoned to have, before it is known what it writes."""


@dataclass(frozen=True, slots=True)
class Items:
    """Reads and writes of one caller. Reads answer JSON bytes as PostgreSQL made them."""

    database: Database
    compiler: Compiler
    caller: Caller
    limits: Limits = LIMITS
    readings: PreparedReads = field(default_factory=PreparedReads, compare=False)

    @property
    def schema(self) -> Schema:
        return self.compiler.schema

    def view(self) -> View:
        """The schema as the caller may read it."""
        return View(self.schema, self.caller)

    def readable_rows(self) -> ReadableRows:
        """What the caller sees, for statements of our own."""
        return ReadableRows(self.compiler, self.caller)

    def reader(self, surface: Surface = "rest") -> QueryReader:
        """A reader of the caller's queries."""
        view = self.view()
        filters = FilterReader(view, self.caller, self.limits.depth)
        return QueryReader(view, filters, self.limits, surface)

    def known(self, collection: str) -> Collection:
        """The collection. Raises Forbidden when no surface may name it."""
        if collection not in self.schema or self.schema[collection].internal:
            raise Forbidden.collection(collection)
        return self.schema[collection]

    def allow(self, action: Action, collection: str) -> Collection:
        """The collection, if the caller may do that to it at all. Raises Forbidden."""
        found = self.known(collection)
        require(self.caller, action, found)
        return found

    def permissions(self) -> dict[str, dict[Action, dict[str, Any]]]:
        """What the caller may do, by collection, of those it may do anything to (6.6)."""
        return {
            collection.name: described(self.caller, collection)
            for collection in self.schema.exposed()
            if any(may(self.caller, action, collection) for action in ACTIONS)
        }

    def known_reading(self, asked: Asked) -> PreparedRead | None:
        """The list that was asked, where it was asked before."""
        return self.readings.known(self.caller, asked, "list")

    def reading(self, asked: Asked | None, read: Callable[[], Query]) -> PreparedRead:
        """The list that was asked; `read` reads the query, where nobody has asked it before.

        Raises what `read` raises, and Forbidden.
        """

        def made() -> PreparedRead:
            query = read()
            self.allow("read", query.collection)
            return PreparedRead(query.collection, self.compiler.items(self._affordable(query)))

        return self.readings.reading(self.caller, asked, "list", made)

    def reading_by_key(self, asked: Asked | None, read: Callable[[], Query]) -> PreparedRead:
        """As `reading`, of one item whose key comes when it runs."""
        return self._reading_by("_eq", asked, read, self.compiler.item, 1)

    def reading_by_keys(self, asked: Asked | None, read: Callable[[], Query]) -> PreparedRead:
        """As `reading`, of the items whose keys come when it runs."""
        return self._reading_by("_in", asked, read, self.compiler.items, _WRITTEN)

    def _reading_by(
        self,
        operator: str,
        asked: Asked | None,
        read: Callable[[], Query],
        compiled: Callable[[Query], Statement],
        rows: int,
    ) -> PreparedRead:
        def made() -> PreparedRead:
            query = read()
            self.allow("read", query.collection)
            key, primary = Value(None), self.schema[query.collection].primary_key
            by_key = Compare((primary.name,), operator, key)
            restricted = self._affordable(query, rows, chosen=by_key)
            return PreparedRead(query.collection, compiled(restricted), name_of(restricted, key))

        return self.readings.reading(self.caller, asked, operator, made)

    async def run(self, reading: PreparedRead) -> bytes:
        """The items of a reading as a JSON array."""
        return await self._json(reading.statement) or b"[]"

    async def find(self, reading: PreparedRead, key: Any) -> bytes | None:
        """The item of a reading by key as a JSON object; None: there is none of that key."""
        known = as_key(self.schema[reading.collection].primary_key, key)
        return None if known is None else await self._json(reading.of(known))

    async def many(self, query: Query) -> bytes:
        """The matching items as a JSON array."""
        return await self.run(self.reading(None, lambda: query))

    async def many_of(self, query: Query, keys: list[Any]) -> bytes:
        """Those of the keys' items that match, as a JSON array."""
        self.allow("read", query.collection)
        chosen = self._affordable(query, chosen=self.by_keys(query.collection, keys))
        return await self._json(self.compiler.items(chosen)) or b"[]"

    async def one(self, query: Query, chosen: Condition | None = None) -> bytes | None:
        """The first matching item as a JSON object, or None. `chosen`: of the rows it picks."""
        self.allow("read", query.collection)
        return await self._json(self.compiler.item(self._affordable(query, 1, chosen=chosen)))

    async def has(self, collection: str, key: Any) -> bool:
        """Whether the caller sees an item of that key."""
        condition = self.by_key(collection, key)
        return condition is not None and await self.count(Query(collection, ()), condition) > 0

    async def count(self, query: Query, chosen: Condition | None = None) -> int:
        """How many items match, whatever the page. `chosen`: as `one`."""
        self.allow("read", query.collection)
        statement = self.compiler.count(self._restricted(query, chosen))
        with _refusals():
            return int(await self.database.fetch_value(statement.sql, statement.values))

    async def aggregate(self, query: AggregateQuery) -> bytes:
        """The groups as a JSON array."""
        self.allow("read", query.collection)
        return await self._json(self.compiler.aggregate(self._restricted(query))) or b"[]"

    async def create(
        self, collection: str, payloads: list[Any], back: PreparedRead | None
    ) -> bytes | None:
        """Create an item for every payload; the new items as a JSON array, shaped by `back`.

        None when the caller can't see them, or `back` is None.
        """
        self.allow("create", collection)
        async with self.writing() as session:
            keys = await self._writer(session).create(collection, payloads)
            return await self._read_back(session, keys, back)

    async def update(
        self,
        collection: str,
        patches: list[tuple[Any, Any]],
        back: PreparedRead | None,
        *,
        by_query: bool = False,
    ) -> bytes | None:
        """Patch items by key; those that exist as a JSON array, shaped by `back`. As `create`.

        `by_query`: a query has picked the keys, so how many there are is no matter of the body.
        """
        self.allow("update", collection)
        async with self.writing() as session:
            writer = self._writer(session, bounded=not by_query)
            keys = await writer.update(collection, patches)
            return await self._read_back(session, keys, back)

    async def upsert(self, collection: str, payloads: list[Any]) -> list[Any]:
        """Update the items whose keys the payloads name, create the others; the keys."""
        found = self.known(collection)
        async with self.writing() as session:
            return await upsert(self._writer(session), found, payloads)

    async def singleton(self, query: Query) -> bytes:
        """The one item of a singleton; before it is written, the defaults (directus.md 1.3)."""
        self.allow("read", query.collection)
        chosen = await self.item_of_singleton(query.collection)
        if chosen is not None and (found := await self.one(query, chosen)) is not None:
            return found
        fields = self.schema.fields(query.collection)
        shown = {
            node.key: fields[node.field].default
            for node in query.selection
            if isinstance(node, Leaf) and node.function is None
        }
        return orjson.dumps(shown)

    async def item_of_singleton(self, collection: str) -> Condition | None:
        """The condition that picks the one item of a singleton; None: it is not written yet."""
        sql = key_of_singleton(self.compiler, self.caller, self.schema[collection])
        key = await self.database.fetch_value(sql.sql, sql.values)
        return None if key is None else self.by_key(collection, key)

    async def update_singleton(
        self, collection: str, patch: dict[str, Any], back: PreparedRead | None
    ) -> bytes | None:
        """Patch the one item of a singleton, made where it is not there yet."""
        self.allow("update", collection)
        async with self.writing() as session:
            keys = await upsert(self._writer(session), self.schema[collection], [patch])
            return await self._read_back(session, keys, back)

    async def delete(
        self, collection: str, keys: list[Any], *, by_query: bool = False
    ) -> list[Any]:
        """Delete items by key; the keys of those that existed. `by_query`: as `update`."""
        self.allow("delete", collection)
        async with self.writing() as session:
            return await self._writer(session, bounded=not by_query).delete(collection, keys)

    async def keys(self, query: Query) -> list[Any]:
        """The keys of the matching items."""
        self.allow("read", query.collection)
        statement = self.compiler.keys(self._restricted(query))
        async with self.database.read() as session:
            with _refusals():
                rows = await session.fetch_all(statement.sql, statement.values)
        return [row["key"] for row in rows]

    async def export(
        self, query: Query, form: Format, *, safe: bool = False, chosen: Condition | None = None
    ) -> AsyncGenerator[bytes, None]:
        """The matching items in a form for files, block by block, in flat memory.

        A caller that stops reading early has to close it: until then it holds a connection.
        `safe`: no cell of a CSV is a formula. `chosen`: as `one`.
        """
        self.allow("read", query.collection)
        restricted = self._affordable(query, 1, chosen=chosen)  # it comes row by row
        async with self.database.read_long() as session:
            with _refusals():
                made = exported(session, self.compiler, restricted, form, safe=safe)
                async with aclosing(made) as blocks:
                    async for block in blocks:
                        yield block

    def by_key(self, collection: str, key: Any) -> Condition | None:
        """The condition that picks one key; None when it can't be a key of the collection."""
        primary = self.compiler.schema[collection].primary_key
        known = as_key(primary, key)
        return None if known is None else Compare((primary.name,), "_eq", Value(known))

    def by_keys(self, collection: str, keys: list[Any]) -> Condition:
        """The condition that picks some keys."""
        primary = self.compiler.schema[collection].primary_key
        known = [known for key in keys if (known := as_key(primary, key)) is not None]
        return Compare((primary.name,), "_in", Value(known))

    async def import_rows(self, collection: str, rows: Rows, most_errors: int) -> int:
        """Create or update an item for every row, all or none; how many.

        Raises Forbidden unless the caller may create and update, and an ErrorList of what is wrong
        with the rows: it looks on after the first error, until `most_errors` rows are wrong.
        """
        found = self.allow("create", collection)
        self.allow("update", collection)
        if found.system and not self.caller.is_admin:
            raise Forbidden
        async with self.database.write() as session:
            return await import_rows(session, self.compiler, self.caller, found, rows, most_errors)

    async def reorder(self, collection: str, item: Any, to: Any) -> None:
        """Put `item` where `to` is, in the manual order of its collection.

        Raises what an update raises, and InvalidPayload where there is no such order.
        """
        found = self.allow("update", collection)
        async with self.writing() as session:
            await reorder(session, self.compiler, self.caller, found, item, to)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[WriteSession]:
        """One transaction. Raises OutOfTime when it takes longer than STATEMENT_TIMEOUT.

        What is refused in it is told as the caller may know it.
        """
        errors: list[AppError] = []
        try:
            async with self.database.write() as session:
                yield session
        except psycopg.errors.QueryCanceled as error:
            raise OutOfTime from error
        except (AppError, ErrorList) as refused:
            errors = refused.errors if isinstance(refused, ErrorList) else [refused]
            if not any(map(has_details, errors)):
                raise
        if errors:
            async with self.database.read() as session:
                refuse(await reveal_details(session, self.compiler, self.caller, errors))

    def _writer(self, session: WriteSession, *, bounded: bool = True) -> Writer:
        most = self.limits.mutations if bounded else None
        return Writer(self.compiler, session, self.caller, most)

    def _affordable(
        self, query: Query, rows: int | None = None, *, chosen: Condition | None = None
    ) -> Query:
        """The query as the caller may read it. Raises InvalidQuery where it may cost too much."""
        require_affordable(self.schema, query, self.limits.repeated, rows)
        return self._restricted(query, chosen)

    def _restricted(self, query: AnyQuery, chosen: Condition | None = None) -> AnyQuery:
        """`chosen`: of the rows that it picks, whether the caller may read what by or not."""
        restrictor = Restrictor(self.schema, self.caller)
        restricted = restrictor.restricted(query)
        return restricted if chosen is None else restrictor.within(restricted, chosen)

    async def _json(self, statement: Statement) -> bytes | None:
        with _refusals():
            value = await self.database.fetch_value(statement.sql, statement.values)
        if value is None:
            return None
        self.database.answered(len(value))
        return bytes(value)

    async def _read_back(
        self, session: Session, keys: list[Any], back: PreparedRead | None
    ) -> bytes | None:
        """What was written, inside the same transaction: before a worker can touch it.

        None when the caller may not read any of it: the write stands (directus.md 1.4).
        """
        if back is None:
            return None
        primary = self.schema[back.collection].primary_key
        known = [known for key in keys if (known := as_key(primary, key)) is not None]
        statement = back.of(known)
        with _refusals():
            value = await session.fetch_value(statement.sql, statement.values)
        if value is None:
            return b"[]"
        self.database.answered(len(value))
        return bytes(value)

    def may_read(self, collection: str) -> bool:
        """Whether the caller may read anything of the collection."""
        return self.view().may_read(collection)


@contextmanager
def _refusals() -> Iterator[None]:
    """PostgreSQL's refusals as the caller's errors."""
    try:
        yield
    except psycopg.Error as error:
        refused = as_refusal(error)
        if refused is None:
            raise
        raise refused from error
