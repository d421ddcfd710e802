"""The library: its database, and the door to it."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
import psycopg
import pytest

from app.access.caller import ANONYMOUS, Caller
from app.database.session import Database, Session
from app.errors import AppError, ErrorList
from app.items.cache.prepared import PreparedRead
from app.items.items import Items
from app.items.query.filter import FilterReader
from app.items.query.selection import LIMITS, Options, QueryReader
from app.items.query.tree import Query, Surface
from schema import Schema
from tests.installation import own_database
from tests.items.books import COMPILER, LIBRARY, TABLES, create_tables

USER = "6d6cb08a-0000-4000-8000-039e350eef1e"
ADMIN = Caller(USER, is_admin=True)
NONE = "00000000-0000-4000-8000-000000000000"
OWN = "11111111-2222-4333-8444-555555555555"
"""A key that no row has, and one that a client brings."""
ANTS = "10000000-0000-4000-8000-000000000000"
DATA = """
INSERT INTO room VALUES (1, 'Attic'), (2, 'Cellar');
INSERT INTO shelf VALUES ('s1', 'Left', 1, '2020-05-06T07:08:09.5Z'), ('s2', 'Right', 2, NULL),
  ('s3', 'Loose', NULL, NULL);
INSERT INTO book (id, title, pages, price, status, shelf, isbn, copies, words, label, bought_at,
  read_at, printed, opens, lent, extra, weight, user_created)
VALUES
('10000000-0000-4000-8000-000000000000', 'Ants', 10, 1.5, 'in', 's1', 9007199254740993,
  1099511627776, 'a,b', '0000000a-0000-4000-8000-00000000000a', '2024-01-31T12:00:00.123456Z',
  '2024-01-31T12:00:00.9', '2024-01-31', '12:00:00.9', true, '{"a": [1, null]}', 0.25,
  '6d6cb08a-0000-4000-8000-039e350eef1e'),
('20000000-0000-4000-8000-000000000000', 'bees', 20, NULL, 'out', 's2', NULL, 1, '', NULL, NULL,
  NULL, NULL, NULL, NULL, NULL, NULL, NULL),
('30000000-0000-4000-8000-000000000000', 'Cats', NULL, 30, 'in', NULL, NULL, 1, NULL, NULL, NULL,
  NULL, NULL, NULL, NULL, NULL, NULL, NULL);
UPDATE book SET sequel = '20000000-0000-4000-8000-000000000000' WHERE title = 'Ants';
UPDATE book SET sequel = '30000000-0000-4000-8000-000000000000' WHERE title = 'bees';
"""


def reader_of(schema: Schema, surface: Surface = "rest") -> QueryReader:
    """A reader of an admin's queries."""
    return QueryReader(schema, FilterReader(schema, ANONYMOUS, 10), LIMITS, surface)


class Door:
    """The library's door with short words: what tests say."""

    def __init__(self, items: Items) -> None:
        self.items = items

    def query(
        self,
        collection: str,
        fields: str = "*",
        where: Any = None,
        sort: str = "",
        search: str | None = None,
        limit: int | None = None,
        offset: int | None = None,
    ) -> Query:
        options = Options(
            filter=where,
            search=search,
            sort=tuple(sort.split()),
            limit=-1 if limit is None else limit,
            offset=offset,
        )
        return self.items.reader().query(collection, fields.split(), options)

    async def read(self, collection: str, fields: str = "*", **options: Any) -> list[Any]:
        rows: list[Any] = orjson.loads(
            await self.items.many(self.query(collection, fields, **options))
        )
        return rows

    def back(self, collection: str, fields: str = "*", **options: Any) -> PreparedRead:
        """How a write answers what it wrote."""
        query = self.query(collection, fields, **options)
        return self.items.reading_by_keys(None, lambda: query)

    async def create(self, collection: str, *payloads: Any, fields: str = "*") -> list[Any]:
        back = self.back(collection, fields)
        rows: list[Any] = orjson.loads(await self.items.create(collection, list(payloads), back))
        return rows

    async def update(self, collection: str, *patches: Any, fields: str = "*") -> list[Any]:
        back = self.back(collection, fields)
        rows: list[Any] = orjson.loads(await self.items.update(collection, list(patches), back))
        return rows

    async def delete(self, collection: str, *keys: Any) -> list[Any]:
        return await self.items.delete(collection, list(keys))


@pytest.fixture(scope="session")
def library_url(database_url: str) -> Iterator[str]:
    with own_database(database_url) as url:
        create_tables(url)
        yield url


@pytest.fixture
def rows(library_url: str) -> Iterator[psycopg.Connection[Any]]:
    """The database itself, emptied, with one user."""
    with psycopg.connect(library_url, autocommit=True) as connection:
        connection.execute(f"TRUNCATE {', '.join(TABLES.tables)}")
        connection.execute(
            "INSERT INTO directus_users (id, first_name, password, token) "
            "VALUES (%s, 'Ada', 'hash', 'hash')",
            [USER],
        )
        yield connection


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    database = Database(url, max_size=4)
    await database.open()
    try:
        yield database
    finally:
        await database.close()


@pytest.fixture
async def door(rows: psycopg.Connection[Any], library_url: str) -> AsyncIterator[Door]:
    """An admin's door to an empty library."""
    async with opened(library_url) as database:
        yield Door(Items(database, COMPILER, ADMIN))


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The text of every statement that sessions run from now on."""
    seen: list[str] = []
    run = Session.run

    async def noted(self: Session, statement: Any, values: Any) -> Any:
        seen.append(str(statement))
        return await run(self, statement, values)

    monkeypatch.setattr(Session, "run", noted)
    return seen


@pytest.fixture
async def library(door: Door, rows: psycopg.Connection[Any]) -> Door:
    """The door to a library with three books."""
    rows.execute(DATA)
    return door


async def titles(door: Door, **options: Any) -> list[str]:
    """The titles of the books read so."""
    return [row["title"] for row in await door.read("book", "title", **options)]


async def refused(door: Door, collection: str, *payloads: Any) -> list[AppError]:
    """The errors a create ends with; nothing may be left of it."""
    with pytest.raises((AppError, ErrorList)) as raised:
        await door.create(collection, *payloads)
    assert await door.items.count(door.query(collection)) == 0
    error = raised.value
    return error.errors if isinstance(error, ErrorList) else [error]


def keys_of(connection: psycopg.Connection[Any], filter_: Any) -> list[str]:
    """The keys of the books that a filter matches."""
    condition = FilterReader(LIBRARY, ANONYMOUS, 10).read("book", filter_)
    statement = COMPILER.keys(Query("book", (), filter=condition))
    found = connection.execute(statement.sql, statement.values).fetchall()
    return sorted(str(row[0]) for row in found)
