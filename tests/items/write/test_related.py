"""Related objects in a payload, and links that PostgreSQL does not check (directus.md 1.8)."""

import pytest

from app.access.caller import Caller
from app.access.permissions import Permission, Permissions
from app.errors import (
    Forbidden,
    InvalidForeignKey,
)
from app.items.write.writer import Writer
from tests.items.books import COMPILER
from tests.items.conftest import NONE, USER, refused


async def test_a_related_object_is_created_and_linked(door):
    payload = {
        "title": "Ants",
        "shelf": {"id": "s", "label": "Left", "room": {"id": 1, "name": "Attic"}},
    }
    [row] = await door.create("book", payload, fields="shelf.label shelf.room.name")
    assert row == {"shelf": {"label": "Left", "room": {"name": "Attic"}}}
    assert len(await door.read("room")) == 1


async def test_a_known_related_object_is_updated_and_linked(door):
    await door.create("shelf", {"id": "s", "label": "Left"})
    [row] = await door.create(
        "book", {"title": "Ants", "shelf": {"id": "s", "label": "Right"}}, fields="shelf.*"
    )
    assert row["shelf"]["label"] == "Right"
    assert len(await door.read("shelf")) == 1


async def test_a_related_object_of_a_key_alone_is_a_link(door, statements):
    await door.create("shelf", {"id": "s", "label": "Left"})
    statements.clear()
    [row] = await door.create("book", {"title": "Ants", "shelf": {"id": "s"}}, fields="shelf")
    assert row == {"shelf": "s"}
    assert not any(statement.startswith("UPDATE") for statement in statements)


async def test_an_update_creates_related_objects_too(door):
    [book] = await door.create("book", {"title": "Ants"})
    patch = {"shelf": {"id": "s", "label": "Left"}, "sequel": {"title": "Bees"}}
    [row] = await door.update("book", (book["id"], patch), fields="shelf.label sequel.title")
    assert row == {"shelf": {"label": "Left"}, "sequel": {"title": "Bees"}}
    [row] = await door.update("book", (book["id"], {"shelf": None}), fields="shelf")
    assert row == {"shelf": None}


async def test_one_object_for_many_rows_is_created_once(door):
    """As Directus's `{keys, data}` does (directus.md 1.5)."""
    books = await door.create("book", {"title": "Ants"}, {"title": "Bees"})
    data = {"sequel": {"title": "Cats"}}
    rows = await door.update("book", *((book["id"], dict(data)) for book in books), fields="sequel")
    assert len({row["sequel"] for row in rows}) == 1
    assert len(await door.read("book")) == 3


async def test_one_new_key_given_twice_is_one_row(door):
    shelf = {"id": "s", "label": "Left"}
    again = {"id": "s", "built_at": "2020-01-01T00:00:00Z", "label": "Right"}
    rows = await door.create(
        "book",
        {"title": "Ants", "shelf": shelf},
        {"title": "Bees", "shelf": again},
        fields="shelf",
    )
    assert rows == [{"shelf": "s"}] * 2
    [row] = await door.read("shelf", "label built_at")
    assert row == {"label": "Right", "built_at": "2020-01-01T00:00:00.000Z"}


async def test_what_is_wrong_with_a_related_object_refuses_all(door):
    [error] = await refused(door, "book", {"title": "Ants", "shelf": {"id": "s"}})
    assert error.extensions["field"] == "label"
    await refused(door, "book", {"title": "x!", "shelf": {"id": "s", "label": "Left"}})
    assert await door.read("shelf") == []


async def test_related_objects_ask_for_permission_too(door, rows):
    """An admin's payload may make users; nobody else's may, whatever collection it is for."""
    async with door.items.database.write() as session:
        loans = Permissions([Permission("loan", "create")])
        nested = Writer(COMPILER, session, Caller(USER, permissions=loans))
        with pytest.raises(Forbidden, match='perform "create" for collection "directus_users"'):
            await nested.create("loan", [{"reader": {"first_name": "Eve"}}])
        with pytest.raises(Forbidden, match='perform "update" for collection "directus_users"'):
            await nested.create("loan", [{"reader": {"id": USER, "first_name": "Eve"}}])
        assert await nested.create("loan", [{"reader": {"id": USER}}])


# Links that PostgreSQL does not check.


async def test_an_unenforced_link_has_to_exist_all_the_same(door):
    for field in ("book", "reader"):
        [error] = await refused(door, "loan", {field: NONE})
        assert error.extensions == {"collection": "loan", "field": field, "value": NONE}
    [error] = await refused(door, "loan", {"place": "nope"}, {"place": None})
    assert error.extensions["value"] == "nope"
    [loan] = await door.create("loan", {"reader": USER})
    with pytest.raises(InvalidForeignKey):
        await door.update("loan", (loan["id"], {"place": "nope"}))


async def test_deleting_what_a_restricting_link_points_at_is_refused(door):
    [book] = await door.create("book", {"title": "Ants"})
    await door.create("loan", {"book": book["id"]})
    with pytest.raises(InvalidForeignKey) as raised:
        await door.delete("book", book["id"])
    assert raised.value.extensions == {
        "collection": "loan",
        "field": "book",
        "value": book["id"],
    }
    assert len(await door.read("book")) == 1


async def test_deleting_what_a_restricting_foreign_key_points_at_is_refused(door):
    await door.create("room", {"id": 1, "name": "Attic"})
    await door.create("shelf", {"id": "s", "label": "x", "room": 1})
    with pytest.raises(InvalidForeignKey) as raised:
        await door.delete("room", 1)
    assert raised.value.extensions == {"collection": "shelf", "field": "room", "value": "1"}


async def test_deleting_a_target_unlinks_or_leaves_a_record_of_the_past(door):
    await door.create("shelf", {"id": "s", "label": "x"}, {"id": "t", "label": "y"})
    await door.create("book", {"title": "Ants", "shelf": "s"})
    await door.create("loan", {"place": "s", "origin": "s"}, {"place": "t"})
    assert await door.delete("shelf", "s") == ["s"]
    assert await door.read("book", "shelf") == [{"shelf": None}]
    loans = await door.read("loan", "place origin")
    assert sorted(loans, key=str) == sorted(
        [{"place": None, "origin": "s"}, {"place": "t", "origin": None}], key=str
    )
