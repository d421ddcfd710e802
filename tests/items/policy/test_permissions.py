"""Policies inside the statement: rows, fields, presets, validation (directus.md 6.3, 6.4)."""

from dataclasses import replace

import pytest
from sqlalchemy import func

from app.access.caller import Caller
from app.access.permissions import Permission, Permissions
from app.errors import FailedValidation, Forbidden, InvalidPayload
from app.items import hooks
from app.items.policy.read_policy import Restrictor
from tests.items.conftest import ANTS, USER, Door, titles

BEES = "20000000-0000-4000-8000-000000000000"
IN = {"status": {"_eq": "in"}}
OWN = {"user_created": {"_eq": "$CURRENT_USER"}}


def may(collection, action, fields="*", **options):
    return Permission(collection, action, fields=frozenset(fields.split()), **options)


@pytest.fixture
def as_user(library):
    """The library's door for a user with these permissions."""

    def door(*permissions):
        caller = Caller(USER, permissions=Permissions(permissions))
        return Door(replace(library.items, caller=caller))

    return door


async def test_without_permission_a_collection_is_not_there(as_user):
    door = as_user(may("shelf", "read"))
    for attempt in (
        lambda: door.read("book", "title"),
        lambda: door.read("shelf", "books.title"),
        lambda: door.read("shelf", "id", where={"books": {"title": {"_eq": "x"}}}),
        lambda: door.read("shelf", "id", where={"books": {"_some": {"title": {"_eq": "x"}}}}),
        lambda: door.read("shelf", "id", where={"count(books)": {"_gt": 0}}),
        lambda: door.read("shelf", "count(books)"),
        lambda: door.read("shelf", "id", where={"$FOLLOW(book,shelf)": {"title": {"_eq": "x"}}}),
        lambda: door.read("shelf", "id", sort="books.title"),
        lambda: door.items.count(door.query("book", "id")),
    ):
        with pytest.raises(Forbidden):
            await attempt()


async def test_a_wildcard_shows_what_may_be_read(as_user):
    door = as_user(may("shelf", "read"), may("room", "read", "name"))
    [row, *_] = await door.read("shelf", "*.*", sort="id")
    assert row == {
        "id": "s1",
        "label": "Left",
        "built_at": "2020-05-06T07:08:09.500Z",
        "room": {"name": "Attic"},
    }


@pytest.mark.parametrize(
    "options",
    [
        {"fields": "price"},
        {"where": {"price": {"_gt": 0}}},
        {"sort": "price"},
        {"fields": "shelf.label"},
        {"where": {"shelf": {"label": {"_eq": "x"}}}},
        {"where": {"_or": [{"title": {"_eq": "x"}}, {"price": {"_eq": 1}}]}},
    ],
)
async def test_a_field_not_allowed_is_not_there(as_user, options):
    door = as_user(may("book", "read", "id title shelf"), may("shelf", "read", "id"))
    with pytest.raises(Forbidden, match="or it does not exist"):
        await door.read("book", **{"fields": "title", **options})


async def test_all_missing_fields_are_named(as_user):
    door = as_user(may("book", "read", "id title"))
    with pytest.raises(Forbidden, match='fields "price", "nothing" in collection "book"'):
        await door.read("book", "title price nothing")


async def test_rows_are_those_of_any_permission(as_user):
    door = as_user(may("book", "read", rule=IN))
    assert await titles(door, sort="title") == ["Ants", "Cats"]
    door = as_user(may("book", "read", rule=IN), may("book", "read", rule={"pages": {"_eq": 20}}))
    assert await titles(door, sort="title") == ["Ants", "Cats", "bees"]
    door = as_user(may("book", "read", rule=IN), may("book", "read"))
    assert len(await titles(door)) == 3
    assert await door.items.count(door.query("book")) == 3


async def test_rules_go_through_relations_and_the_callers_own_rows(as_user):
    door = as_user(may("book", "read", rule={"shelf": {"room": {"name": {"_eq": "Attic"}}}}))
    assert await titles(door) == ["Ants"]
    door = as_user(may("book", "read", rule=OWN))
    assert await titles(door) == ["Ants"]
    door = as_user(may("shelf", "read", rule={"books": {"_some": OWN}}))
    assert [row["id"] for row in await door.read("shelf", "id")] == ["s1"]
    named = {"title": {"_neq": "$CURRENT_USER.first_name"}}
    assert len(await titles(as_user(may("book", "read", rule=named)))) == 3


async def test_a_field_of_some_rows_is_null_in_the_others(as_user):
    door = as_user(may("book", "read", "id title"), may("book", "read", "id pages", rule=OWN))
    rows = await door.read("book", "title pages", sort="title")
    assert rows == [
        {"title": "Ants", "pages": 10},
        {"title": "Cats", "pages": None},
        {"title": "bees", "pages": None},
    ]
    assert await titles(door, where={"pages": {"_eq": 20}}) == []
    assert await titles(door, where={"pages": {"_gt": 0}}) == ["Ants"]
    assert await titles(door, search="20") == []


async def test_a_key_of_some_rows_is_null_in_the_others(as_user):
    door = as_user(may("book", "read", "title"), may("book", "read", "id", rule=OWN))
    rows = await door.read("book", "id title", sort="title")
    assert rows == [
        {"id": ANTS, "title": "Ants"},
        {"id": None, "title": "Cats"},
        {"id": None, "title": "bees"},
    ]
    assert await titles(door, where={"id": {"_eq": ANTS}}) == ["Ants"]
    assert await titles(door, where={"id": {"_neq": ANTS}}) == []
    assert await titles(door, where={"id": {"_nnull": True}}) == ["Ants"]


@pytest.mark.parametrize(
    "options",
    [
        {"where": {"books": {"_eq": ANTS}}},
        {"where": {"books": ANTS}},
        {"where": {"books": {"_in": [ANTS]}}},
        {"where": {"$FOLLOW(book,shelf)": {"_eq": ANTS}}},
        {"where": {"books": {"_some": {"id": {"_eq": ANTS}}}}},
        {"sort": "books"},
        {"sort": "-books"},
    ],
)
async def test_a_key_not_allowed_is_not_asked_for_through_its_rows(as_user, options):
    door = as_user(may("shelf", "read"), may("book", "read", "title shelf"))
    with pytest.raises(Forbidden, match='field "id" in collection "book"'):
        await door.read("shelf", **{"fields": "id", **options})
    assert len(await door.read("shelf", "id", where={"books": {"_nnull": True}})) == 2
    door = as_user(may("shelf", "read"), may("book", "read"))
    assert await door.read("shelf", **{"fields": "id", **options})


async def test_what_is_computed_is_null_in_rows_where_it_may_not_be_read(as_user, monkeypatch):
    """What it is computed from may be read: it is no less masked."""
    shouted = ("book", "summary"), lambda table: func.upper(table.c.title)
    monkeypatch.setitem(hooks._expressions, *shouted)
    door = as_user(may("book", "read", "id title"), may("book", "read", "id summary", rule=OWN))
    rows = await door.read("book", "title summary", sort="title")
    assert [row["summary"] for row in rows] == ["ANTS", None, None]
    assert await titles(door, where={"summary": {"_eq": "CATS"}}) == []
    assert await titles(door, where={"summary": {"_eq": "ANTS"}}) == ["Ants"]


async def test_related_rows_of_some_rows_are_null_in_the_others(as_user):
    """A to-many has no column that could be null: it is no less masked."""
    door = as_user(
        may("shelf", "read", "id label"),
        may("shelf", "read", "id books", rule={"label": {"_neq": "Left"}}),
        may("room", "read"),
        may("book", "read"),
    )
    every = await door.read("shelf", "id", sort="id")
    rows = await door.read("shelf", "label books.title count(books)", sort="id")
    assert rows[0] == {"label": "Left", "books": None, "books_count": None}
    assert all(row["books"] is not None for row in rows[1:])
    assert (await door.read("shelf", "label books", sort="id"))[0]["books"] is None
    for where in (
        {"books": {"title": {"_nnull": True}}},
        {"books": {"_some": {"title": {"_nnull": True}}}},
        {"count(books)": {"_gt": 0}},
        {"_or": [{"books": {"title": {"_null": True}}}, {"books": {"title": {"_nnull": True}}}]},
    ):
        found = await door.read("shelf", "id", where=where)
        assert ("s1" in {row["id"] for row in found}) == ("_or" in where)
    none = await door.read("shelf", "id", where={"books": {"_none": {"title": {"_nnull": True}}}})
    assert every[0] in none
    least = await door.read("shelf", "id", sort="-books.title")
    assert least[0] == {"id": "s1"}  # without a title it sorts as null, which PostgreSQL puts first


async def test_related_rows_that_may_not_be_read_are_missing(as_user):
    door = as_user(may("book", "read", rule=IN), may("shelf", "read", rule={"id": {"_eq": "s2"}}))
    rows = await door.read("book", "title shelf.label sequel.title", sort="title")
    assert rows == [
        {"title": "Ants", "shelf": None, "sequel": None},
        {"title": "Cats", "shelf": None, "sequel": None},
    ]
    assert await titles(door, where={"shelf": {"label": {"_eq": "Left"}}}) == []
    assert await titles(door, where={"shelf": {"label": {"_null": True}}}, sort="title") == [
        "Ants",
        "Cats",
    ]
    [shelf] = await door.read("shelf", "id books count(books)")
    assert shelf == {"id": "s2", "books": [], "books_count": "0"}
    some = {"books": {"_none": {"title": {"_eq": "bees"}}}}
    assert [row["id"] for row in await door.read("shelf", "id", where=some)] == ["s2"]


async def test_a_create_takes_allowed_fields_and_presets_under_them(as_user):
    door = as_user(
        may("book", "create", "title pages", presets={"pages": 7, "summary": "$CURRENT_USER"}),
        may("book", "read"),
    )
    [row] = await door.create("book", {"title": "New"}, fields="title pages summary")
    assert row == {"title": "New", "pages": 7, "summary": USER}
    [row] = await door.create("book", {"title": "Newer", "pages": 8}, fields="pages")
    assert row == {"pages": 8}
    for payload in ({"title": "x", "price": 1}, {"title": "x", "nothing": 1}):
        with pytest.raises(Forbidden, match="or it does not exist"):
            await door.create("book", payload)


async def test_who_may_not_read_creates_all_the_same(as_user, library):
    door = as_user(may("book", "create"))
    assert await door.items.create("book", [{"title": "Unseen"}], None) is None
    assert "Unseen" in await titles(library)


async def test_every_permissions_validation_has_to_pass(as_user):
    door = as_user(
        may("book", "create", validation={"title": {"_regex": "^[A-Z]"}}),
        may("book", "create", validation={"pages": {"_lte": 100}, "status": {"_submitted": True}}),
        may("book", "read"),
    )
    await door.create("book", {"title": "Fine", "pages": 100, "status": "in"})
    with pytest.raises(FailedValidation, match="correct format"):
        await door.create("book", {"title": "bad", "status": "in"})
    with pytest.raises(FailedValidation, match='less than or equal to "100"'):
        await door.create("book", {"title": "Fine", "pages": 101, "status": "in"})


async def test_an_update_needs_every_row_and_every_field(as_user, library):
    door = as_user(may("book", "update", "title", rule=IN), may("book", "read"))
    [row] = await door.update("book", (ANTS, {"title": "Ant"}), fields="title")
    assert row == {"title": "Ant"}
    for patches in (
        [(BEES, {"title": "Bee"})],
        [(ANTS, {"title": "x"}), (BEES, {"title": "x"})],
        [(ANTS, {"pages": 1})],
        [(ANTS, {"nothing": 1})],
        [("nonsense", {"title": "x"})],
    ):
        with pytest.raises(Forbidden):
            await door.update("book", *patches)
    assert await titles(library, sort="title") == ["Ant", "Cats", "bees"]


async def test_a_key_that_names_its_row_is_no_change_of_it(as_user):
    """The rows of a batch bring theirs along, and so do nested objects."""
    door = as_user(may("book", "update", "title", rule=IN), may("book", "read"))
    await door.update("book", (ANTS, {"id": ANTS.upper(), "title": "Ant"}))
    with pytest.raises(InvalidPayload):
        await door.update("book", (ANTS, {"id": BEES, "title": "Ant"}))
    assert "Ant" in await titles(door)


async def test_each_row_allows_its_own_fields(as_user):
    door = as_user(
        may("book", "update", "title pages", rule=OWN),
        may("book", "update", "title", rule={"user_created": {"_null": True}}),
        may("book", "read"),
    )
    await door.update("book", (ANTS, {"pages": 1}), (BEES, {"title": "Bee"}))
    with pytest.raises(Forbidden, match='"pages"'):
        await door.update("book", (BEES, {"pages": 1}))


async def test_a_delete_needs_every_row(as_user, library):
    door = as_user(may("book", "delete", rule=IN), may("book", "read"))
    with pytest.raises(Forbidden):
        await door.delete("book", ANTS, BEES)
    assert len(await titles(library)) == 3
    assert await door.delete("book", ANTS) == [ANTS]


async def test_nested_writes_ask_for_permission_at_every_level(as_user):
    door = as_user(may("shelf", "create"), may("shelf", "read"), may("book", "read"))
    shelf = {"id": "s9", "label": "x"}
    await door.create("shelf", shelf)
    with pytest.raises(Forbidden, match='perform "create" for collection "book"'):
        await door.create("shelf", {"id": "s8", "label": "x", "books": [{"title": "x"}]})
    with pytest.raises(Forbidden, match='perform "update" for collection "book"'):
        await door.create("shelf", {"id": "s8", "label": "x", "books": [ANTS]})


async def test_restricted_reads_are_one_statement(as_user, statements):
    door = as_user(
        may("shelf", "read", rule={"room": {"name": {"_eq": "Attic"}}}),
        may("book", "read", rule=IN),
    )
    await door.read("shelf", "* books.*", where={"books": {"title": {"_eq": "Ants"}}})
    assert len(statements) == 1


@pytest.mark.parametrize("shown", ["title", "id title"])
async def test_an_order_ends_by_the_key_whoever_may_read_it(as_user, shown):
    door = as_user(may("book", "read", shown))
    for sort, ends in (("title", ".title ASC"), ("-title", ".title DESC"), ("", " ASC")):
        query = door.query("book", "title", sort=sort)
        restricted = Restrictor(door.items.schema, door.items.caller).restricted(query)
        order = door.items.compiler.items(restricted).sql.split("ORDER BY ")[1].split(") AS")[0]
        first, *rest = order.split(", ")
        assert first.endswith(ends)
        assert order.split(" ASC")[0].endswith(".id") or rest[-1].endswith(".id ASC")


async def test_a_nested_update_asks_for_what_it_changes(as_user, library):
    """Not for the link or the place, which stay as they are."""
    door = as_user(
        may("shelf", "read"), may("shelf", "update", "books"), may("book", "update", "title")
    )
    for books in (
        {"update": [{"id": ANTS, "title": "Ant"}]},
        [{"id": ANTS, "title": "Anteater"}],
        [ANTS],
        {"update": [{"id": ANTS, "shelf": "s1"}]},
        {"update": [{"id": ANTS}]},
    ):
        await door.update("shelf", ("s1", {"books": books}))
    assert await titles(library, where={"shelf": {"_eq": "s1"}}) == ["Anteater"]
    for books in ([], {"delete": [ANTS]}, {"update": [{"id": ANTS, "pages": 1}]}, [ANTS, BEES]):
        with pytest.raises(Forbidden):
            await door.update("shelf", ("s1", {"books": books}))


async def test_an_unchanged_list_changes_nothing(as_user, library, statements):
    door = as_user(
        may("shelf", "read"), may("shelf", "update", "books"), may("book", "update", "title")
    )
    [before] = await library.read("book", "date_updated", where={"id": {"_eq": ANTS}})
    await door.update("shelf", ("s1", {"books": [ANTS]}))
    [after] = await library.read("book", "date_updated", where={"id": {"_eq": ANTS}})
    assert after == before
    assert not any('UPDATE "book"' in text for text in statements)
