"""Writes: defaults and specials, keys, sets of rows, and that all of a write is one."""

import asyncio
from uuid import uuid4

import orjson
import psycopg
import pytest

from app import slices
from app.access.caller import Caller
from app.errors import AppError, ErrorList, InvalidPayload, InvalidQuery, RecordNotUnique
from app.items.items import Items
from tests.items.books import COMPILER
from tests.items.conftest import NONE, OWN, USER, refused

# Defaults and specials.


async def test_a_new_row_has_its_defaults_and_specials(door):
    [row] = await door.create("book", {"title": "Ants"})
    assert (row["status"], row["copies"], row["pages"]) == ("in", 1, None)
    assert row["user_created"] == USER
    assert row["date_created"] is not None
    assert row["user_updated"] is row["date_updated"] is None
    assert row["number"] >= 1


async def test_what_the_server_sets_a_client_cannot(door):
    payload = {
        "title": "Ants",
        "date_created": "2001-01-01T00:00:00Z",
        "user_created": None,
        "user_updated": USER,
        "date_updated": "2001-01-01T00:00:00Z",
        "number": 4711,
        "nope": 1,
        "__proto__": {},
    }
    [row] = await door.create("book", payload)
    assert row["user_created"] == USER
    assert not row["date_created"].startswith("2001")
    assert row["user_updated"] is row["date_updated"] is None
    assert row["number"] != 4711
    [row] = await door.update("book", (row["id"], {"date_created": "2001-01-01", "number": 4711}))
    assert not row["date_created"].startswith("2001")
    assert row["number"] != 4711


async def test_a_default_gives_way_to_null(door):
    [row] = await door.create("book", {"title": "Ants", "status": None, "copies": None})
    assert (row["status"], row["copies"]) == (None, None)


async def test_the_client_may_bring_the_key(door):
    [row] = await door.create("book", {"id": OWN.upper(), "title": "Ants"}, fields="id")
    assert row == {"id": OWN}
    [row] = await door.create("book", {"id": None, "title": "Bees"}, fields="id")
    assert row["id"] not in {None, OWN}


async def test_an_update_says_who_and_when(door):
    [row] = await door.create("book", {"title": "Ants"})
    [row] = await door.update("book", (row["id"], {"title": "Bees"}))
    assert (row["title"], row["user_updated"]) == ("Bees", USER)
    assert row["date_updated"] >= row["date_created"]


async def test_an_empty_patch_is_a_change_too(door):
    """Transcript 160."""
    [row] = await door.create("book", {"title": "Ants"})
    [row] = await door.update("book", (row["id"], {}))
    assert row["date_updated"] is not None


async def test_a_key_never_changes(door):
    [row] = await door.create("book", {"title": "Ants"})
    with pytest.raises(InvalidPayload, match="can't be changed"):
        await door.update("book", (row["id"], {"id": OWN, "title": "Bees"}))
    assert [book["title"] for book in await door.read("book")] == ["Ants"]


# The database's own refusals.


async def test_a_key_twice_is_not_unique(door, rows):
    await door.create("book", {"id": OWN, "title": "Ants"})
    with pytest.raises(RecordNotUnique) as raised:
        await door.create("book", {"id": OWN, "title": "Bees"})
    assert raised.value.message == (
        f'Value "{OWN}" for field "id" in collection "book" has to be unique.'
    )
    assert raised.value.extensions == {"collection": "book", "field": "id", "value": OWN}


async def test_a_value_twice_is_not_unique(door, rows):
    await door.create("book", {"isbn": 5, "title": "Ants"}, {"title": "Bees"})
    with pytest.raises(RecordNotUnique) as raised:
        await door.create("book", {"isbn": 5, "title": "Cats"})
    assert raised.value.extensions["field"] == "isbn"
    [bees] = await door.read("book", "id", where={"title": "Bees"})
    with pytest.raises(RecordNotUnique):
        await door.update("book", (bees["id"], {"isbn": 5}))


async def test_of_a_pair_the_last_field_is_named(door):
    await door.create("shelf", {"id": "s", "label": "x"})
    with pytest.raises(RecordNotUnique) as raised:
        await door.create("book", *[{"title": "Ants", "shelf": "s"}] * 2)
    assert raised.value.extensions == {"collection": "book", "field": "title", "value": "Ants"}


async def test_a_value_with_parentheses_is_named_whole(door):
    await door.create("shelf", {"id": "a) (b, c", "label": "x"})
    with pytest.raises(RecordNotUnique) as raised:
        await door.create("shelf", {"id": "a) (b, c", "label": "x"})
    assert raised.value.extensions["field"] == "id"


# Updates and deletes of many.


async def test_patches_may_differ_and_missing_keys_are_skipped(door):
    [one] = await door.create("book", {"title": "Ants"})
    [two] = await door.create("book", {"title": "Bees"})
    rows = await door.update(
        "book",
        (one["id"], {"pages": 1}),
        (two["id"], {"title": "Cats", "pages": 2}),
        (NONE, {"pages": 3}),
        ("malformed", {"pages": 3}),
        fields="title pages",
    )
    assert sorted(rows, key=lambda row: row["pages"]) == [
        {"title": "Ants", "pages": 1},
        {"title": "Cats", "pages": 2},
    ]


async def test_patches_of_one_key_add_up(door):
    [one] = await door.create("book", {"title": "Ants"})
    rows = await door.update(
        "book",
        (one["id"], {"pages": 1, "summary": "a"}),
        (one["id"].upper(), {"pages": 2, "lent": True}),
        fields="pages summary lent",
    )
    assert rows == [{"pages": 2, "summary": "a", "lent": True}]


async def test_deleting_answers_the_keys_there_were(door):
    [one] = await door.create("book", {"title": "Ants"})
    keys = [NONE, one["id"].replace("-", ""), "malformed", None, {"a": 1}, ["x"], 5, "\x00"]
    assert await door.delete("book", *keys) == [one["id"]]
    assert await door.delete("book", *keys) == []
    assert await door.delete("book") == []


async def test_keys_of_every_kind_can_be_written(door):
    await door.create("room", {"id": "7", "name": "a"}, {"id": 8, "name": "b"})
    assert await door.update("room", ("7", {"name": "c"}), fields="name") == [{"name": "c"}]
    assert sorted(await door.delete("room", 7, "8", "x", "9" * 40)) == [7, 8]
    slashed = "/01/0931 ünï'\""
    await door.create("shelf", {"id": slashed, "label": "a"})
    assert await door.update("shelf", (slashed, {"label": "b"}), fields="label") == [{"label": "b"}]
    assert await door.delete("shelf", slashed) == [slashed]


# Sets.


async def test_ten_thousand_rows_are_a_handful_of_statements(door, statements):
    await door.create("shelf", {"id": "s", "label": "x"})
    payloads = [
        {"id": str(uuid4()), "title": f"t{n}", "shelf": "s", "isbn": n, "pages": 1 + n % 9}
        for n in range(10_000)
    ]
    statements.clear()
    made = await door.create("book", *payloads, fields="id")
    assert len(made) == 10_000
    assert len(statements) <= 3
    statements.clear()
    patches = [(row["id"], {"pages": 2, "summary": "x"}) for row in made]
    assert len(await door.update("book", *patches, fields="id")) == 10_000
    assert len(statements) <= 5
    statements.clear()
    assert len(await door.delete("book", *(row["id"] for row in made))) == 10_000
    assert len(statements) <= 5


async def test_a_change_loads_what_it_needs_a_portion_at_a_time(door, statements, monkeypatch):
    monkeypatch.setattr(slices, "_HEAVIEST", 5000)
    long = {"summary": "x" * 1000, "extra": {"a": "x" * 1000}}
    made = await door.create("book", *({"title": f"t{n}", **long} for n in range(10)), fields="id")
    keys = [row["id"] for row in reversed(made)]
    statements.clear()
    assert len(await door.update("book", *((key, {"pages": 3}) for key in keys))) == 10
    loading = [text for text in statements if text.startswith("SELECT") and "json_agg" not in text]
    assert len([text for text in loading if '"pages"' in text]) == 1
    assert not any('"summary"' in text or '"extra"' in text for text in loading)
    statements.clear()
    patch = {"summary": "y" * 1000}
    answered = await door.update("book", *((key, patch) for key in keys), fields="id")
    assert {row["id"] for row in answered} == set(keys)
    assert len([text for text in statements if text.startswith("UPDATE")]) == 5  # two rows each
    changed = await door.read("book", "id", where={"summary": {"_starts_with": "y"}})
    assert len(changed) == 10
    bad = [(key, patch | {"pages": 4}) for key in keys[:-1]] + [(keys[-1], {"pages": "no"})]
    with pytest.raises((AppError, ErrorList)):
        await door.update("book", *bad)
    assert await door.read("book", "id", where={"pages": {"_eq": 4}}) == []


async def test_what_is_said_once_and_created_often_counts_each_time(door, statements):
    shared = {"title": "t", "extra": {"a": "x" * 1_000_000}}
    with pytest.raises(InvalidPayload, match="take parts"):
        await door.create("book", *([shared] * 100))
    assert statements == []


async def test_a_thousand_related_objects_are_a_set_too(door, statements):
    payloads = [
        {"title": f"t{n}", "shelf": {"id": f"s{n}", "label": "x", "room": {"id": n % 10}}}
        for n in range(1000)
    ]
    statements.clear()
    await door.create("book", *payloads, fields="id")
    assert len(statements) <= 8
    assert await door.items.count(door.query("room")) == 10


async def test_one_bad_row_of_many_leaves_nothing(door):
    payloads = [{"title": f"t{n}", "isbn": n} for n in range(1000)]
    for bad in (
        {"title": "x", "isbn": 5},
        {"title": "x", "pages": "x"},
        {"title": "x", "sequel": NONE},
    ):
        await refused(door, "book", *payloads, bad)


async def test_rows_of_different_fields_are_one_set(door, statements):
    statements.clear()
    rows = await door.create(
        "book",
        {"title": "Ants", "pages": 1},
        {"title": "Bees", "summary": "x"},
        {"title": "Cats", "copies": 5},
        fields="title pages summary copies status",
    )
    assert len([s for s in statements if s.startswith("INSERT")]) == 1
    assert sorted(rows, key=lambda row: row["title"]) == [
        {"title": "Ants", "pages": 1, "summary": None, "copies": 1, "status": "in"},
        {"title": "Bees", "pages": None, "summary": "x", "copies": 1, "status": "in"},
        {"title": "Cats", "pages": None, "summary": None, "copies": 5, "status": "in"},
    ]


async def test_nothing_to_create_is_nothing(door, statements):
    assert await door.create("book") == []
    assert await door.update("book") == []


async def test_a_write_answers_more_rows_than_a_list_shows(door):
    assert len(await door.create("book", *({"title": str(n)} for n in range(150)))) == 150


async def test_a_bad_read_back_undoes_the_write(door):
    """What is answered belongs to the write: nothing is stored that can't be shown."""
    back = door.back("book", where={"title": {"_eq": "\0"}})
    with pytest.raises(InvalidQuery):
        await door.items.create("book", [{"title": "a"}], back)
    assert await door.read("book") == []


async def test_the_system_writes_without_a_user(door):
    items = Items(door.items.database, COMPILER, Caller(is_admin=True))
    back = door.back("book", "user_created")
    assert orjson.loads(await items.create("book", [{"title": "a"}], back)) == [
        {"user_created": None}
    ]


async def test_two_writers_of_the_same_rows_do_not_deadlock(door, library_url):
    made = await door.create("book", *({"title": str(n)} for n in range(50)))
    keys = [row["id"] for row in made]
    await asyncio.gather(
        *(
            door.update("book", *((key, {"pages": n}) for key in order))
            for n, order in enumerate((keys, keys[::-1], keys, keys[::-1]), start=1)
        )
    )
    with psycopg.connect(library_url) as connection:
        assert connection.execute("SELECT count(DISTINCT pages) FROM book").fetchone() == (1,)


async def test_keys_that_count_up_go_on_after_given_ones(door):
    [first] = await door.create("note", {"words": "a"})
    rows = await door.create("book_tag", {"id": 70}, {}, {"place": 1}, fields="id place")
    assert [row["id"] for row in rows][:1] != [None]
    assert max(row["id"] for row in rows) > 70
    [row] = await door.create("book_tag", {}, fields="id")
    assert row["id"] > 71
    assert isinstance(first["id"], int)
