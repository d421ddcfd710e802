"""Prepared reads: what is known of a read that was asked before, and for whom."""

from dataclasses import replace

import orjson
import pytest

from app.access.caller import Caller
from app.access.permissions import Permission, Permissions
from app.errors import Forbidden
from app.items.cache.prepared import Asked, PreparedReads
from tests.items.conftest import ANTS, USER, Door

BEES = "20000000-0000-4000-8000-000000000000"

TITLES = Asked("rest", "book", "fields=title")


class Reader:
    """Reads a book's title for a door, and counts how often its query was made."""

    def __init__(self, door, where=None):
        self.door = door
        self.where = where
        self.made = 0

    def query(self):
        self.made += 1
        return self.door.query("book", "title", where=self.where)

    async def list(self, asked=TITLES):
        items = self.door.items
        return orjson.loads(await items.run(items.reading(asked, self.query)))

    async def one(self, key, asked=TITLES):
        items = self.door.items
        found = await items.find(items.reading_by_key(asked, self.query), key)
        return None if found is None else orjson.loads(found)


def limited(library, readings, *permissions, user=USER, account=None):
    caller = Caller(user, account, permissions=Permissions(permissions))
    return Door(replace(library.items, caller=caller, readings=readings))


def may_read(rule, fields="*"):
    return Permission("book", "read", fields=frozenset({fields}), rule=rule)


async def test_what_was_asked_before_is_not_read_again(library):
    reader = Reader(library)
    first = await reader.list()
    assert await reader.list() == first
    assert reader.made == 1
    await reader.list(Asked("rest", "book", "fields=title&limit=1"))
    await reader.list(Asked("graphql", "book", "fields=title"))
    await reader.list(None)
    assert reader.made == 4


async def test_each_key_is_its_own_item(library):
    reader = Reader(library)
    assert [await reader.one(ANTS), await reader.one(BEES)] == [
        {"title": "Ants"},
        {"title": "bees"},
    ]
    assert await reader.one("no key") is None
    assert await reader.one(None) is None
    assert reader.made == 1
    only = Reader(library, where={"title": {"_eq": "Ants"}})
    asked = Asked("rest", "book", "fields=title&filter[title]=Ants")
    assert await only.one(ANTS, asked) == {"title": "Ants"}
    assert await only.one(BEES, asked) is None


async def test_nobody_reads_by_what_another_may(library):
    readings = PreparedReads()
    everything = Reader(Door(replace(library.items, readings=readings)))
    ants = Reader(limited(library, readings, may_read({"title": {"_eq": "Ants"}})))
    bees = Reader(limited(library, readings, may_read({"title": {"_eq": "bees"}})))
    nothing = Reader(limited(library, readings))
    assert len(await everything.list()) > 1
    assert await ants.list() == [{"title": "Ants"}]
    assert await bees.list() == [{"title": "bees"}]
    assert await ants.one(BEES) is None
    assert await bees.one(BEES) == {"title": "bees"}
    for _ in range(2):
        with pytest.raises(Forbidden):
            await nothing.list()


async def test_variables_stand_for_the_one_who_asks(library):
    readings, rule = PreparedReads(), may_read({"id": {"_eq": "$CURRENT_USER"}})
    permissions = Permissions([rule])
    for key, title in ((ANTS, "Ants"), (BEES, "bees"), (ANTS, "Ants")):
        caller = Caller(key, permissions=permissions)
        door = Door(replace(library.items, caller=caller, readings=readings))
        assert await Reader(door).list() == [{"title": title}]


@pytest.mark.parametrize(
    "asked",
    [
        Asked("rest", "book", "filter[bought_at][_lt]=$NOW"),
        Asked("rest", "book", "filter[bought_at][_lt]=%24%4e%4F%57"),
        Asked("rest", "book", 'filter={"bought_at":{"_lt":"$%5Cu004eOW"}}'),
        Asked("graphql", "book", r'book(filter: {bought_at: {_lt: "\u0024\u004eOW"}}) {title}'),
        Asked("rest", "book", "x" * 5000),
    ],
)
async def test_what_moves_or_is_long_is_read_every_time(library, asked):
    reader = Reader(library)
    await reader.list(asked)
    await reader.list(asked)
    assert reader.made == 2


async def test_a_rule_of_the_moment_is_read_every_time(library):
    rule = may_read({"bought_at": {"_lt": "$NOW(-1 day)"}})
    reader = Reader(limited(library, PreparedReads(), rule))
    await reader.list()
    await reader.list()
    assert reader.made == 2


async def test_the_oldest_reading_goes_first(library, monkeypatch):
    monkeypatch.setattr("app.items.cache.prepared._MOST", 2)
    reader = Reader(Door(replace(library.items, readings=PreparedReads())))
    for text in ("a", "b", "c", "c", "b", "a"):
        await reader.list(Asked("rest", "book", text))
    assert reader.made == 4
