"""Writes: what is stored, what is refused and how, links, sets, and that all of it is one."""

# ruff: noqa: ARG002 - every rule is called with all that any rule needs.

import asyncio
import time
from decimal import Decimal
from uuid import uuid4

import orjson
import psycopg
import pytest

from app.access.caller import Caller
from app.errors import (
    AppError,
    ErrorList,
    FailedValidation,
    Forbidden,
    InvalidForeignKey,
    InvalidPayload,
    InvalidQuery,
    RecordNotUnique,
    ValueOutOfRange,
    ValueTooLong,
)
from app.items import rules
from app.items.items import Items
from app.items.rules import Rules
from app.items.write import Writer
from tests.items.conftest import USER
from tests.items.library import COMPILER, LIBRARY

NONE = "00000000-0000-4000-8000-000000000000"
OWN = "11111111-2222-4333-8444-555555555555"


async def refused(door, collection, *payloads):
    """The errors a create ends with; nothing may be left of it."""
    with pytest.raises((AppError, ErrorList)) as raised:
        await door.create(collection, *payloads)
    assert await door.items.count(door.query(collection)) == 0
    error = raised.value
    return error.errors if isinstance(error, ErrorList) else [error]


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
    [after] = await door.update("book", (row["id"], {"id": OWN, "title": "Bees"}), fields="id")
    assert after["id"] == row["id"]


# Values.


@pytest.mark.parametrize(
    ("field", "given", "shown"),
    [
        ("title", 5, "5"),
        ("title", True, "true"),
        ("title", 1.5, "1.5"),
        ("title", "🦊" * 40, "🦊" * 40),
        ("title", "'; DROP TABLE book; --", "'; DROP TABLE book; --"),
        ("title", '%s %(rows)s \\ " {}', '%s %(rows)s \\ " {}'),
        ("summary", {"a": [1]}, '{"a":[1]}'),
        ("summary", "", ""),
        ("pages", "7", 7),
        ("pages", 7.0, 7),
        ("pages", " 7 ", 7),
        ("pages", "7e2", 700),
        ("copies", 2**63 - 1, 2**63 - 1),
        ("copies", -(2**63), -(2**63)),
        ("isbn", 2**63 - 1, str(2**63 - 1)),
        ("isbn", "9007199254740993", "9007199254740993"),
        ("price", "12.345", "12.35"),
        ("price", 0.1, "0.10"),
        ("price", "9999.99", "9999.99"),
        ("price", "-9999.994", "-9999.99"),
        ("price", "1e-9999999", "0.00"),
        ("weight", 0.1, 0.1),
        ("weight", "1e300", 1e300),
        ("weight", Decimal("0.5"), 0.5),
        ("lent", "true", True),
        ("lent", "0", False),
        ("lent", 1, True),
        ("lent", False, False),
        ("extra", {"a": [1, None, {"b": "ü"}]}, {"a": [1, None, {"b": "ü"}]}),
        ("extra", "text", "text"),
        ("extra", 5, 5),
        ("extra", [], []),
        ("extra", 2**64 - 1, 2**64 - 1),
        ("words", ["a", "b"], ["a", "b"]),
        ("words", "a,b", ["a", "b"]),
        ("words", [], []),
        ("words", "", []),
        ("bought_at", "2024-02-29T12:00:00Z", "2024-02-29T12:00:00.000Z"),
        ("bought_at", "2024-02-29T12:00:00.1239", "2024-02-29T12:00:00.123Z"),
        ("bought_at", "2024-02-29T12:00:00+02:00", "2024-02-29T10:00:00.000Z"),
        ("bought_at", "2024-02-29", "2024-02-29T00:00:00.000Z"),
        ("bought_at", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"),
        ("bought_at", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59.000Z"),
        ("read_at", "2024-02-29T12:34:56", "2024-02-29T12:34:56"),
        ("printed", "2024-02-29", "2024-02-29"),
        ("printed", "2024-02-29T12:00:00Z", "2024-02-29"),
        ("opens", "12:34:56", "12:34:56"),
        ("opens", "12:34", "12:34:00"),
        ("label", OWN.upper(), OWN),
        ("label", OWN.replace("-", ""), OWN),
    ],
)
async def test_a_good_value_is_stored(door, field, given, shown):
    [row] = await door.create("book", {"title": "x", field: given}, fields=f"id {field}")
    assert row[field] == shown
    [row] = await door.update("book", (row["id"], {field: None} if field != "title" else {}))
    [row] = await door.update("book", (row["id"], {field: given}), fields=field)
    assert row[field] == shown


@pytest.mark.parametrize(
    ("field", "given", "kind", "message"),
    [
        ("title", "x" * 41, ValueTooLong, 'for field "title" in collection "book" is too long.'),
        ("title", "🦊" * 41, ValueTooLong, "is too long."),
        ("title", "a\x00b", InvalidPayload, 'Field "title" contains a NUL character'),
        ("extra", {"a": "\x00"}, InvalidPayload, "The database can't store a value"),
        ("extra", "\x00", InvalidPayload, "The database can't store a value"),
        ("extra", 2**64, InvalidPayload, "A value can't be stored"),
        ("summary", [2**64], InvalidPayload, "A value can't be stored"),
        ("pages", "abc", InvalidPayload, 'Invalid integer "abc" in field "pages"'),
        ("pages", "", InvalidPayload, 'Invalid integer "" in field "pages"'),
        ("pages", 1.5, InvalidPayload, 'Invalid integer "1.5" in field "pages"'),
        ("pages", True, InvalidPayload, 'Invalid integer "True"'),
        ("pages", [1], InvalidPayload, 'Invalid integer "[1]"'),
        ("pages", {}, InvalidPayload, 'Invalid integer "{}"'),
        ("pages", "NaN", InvalidPayload, 'Invalid integer "NaN"'),
        ("pages", "Infinity", InvalidPayload, 'Invalid integer "Infinity"'),
        ("pages", "1_0", InvalidPayload, 'Invalid integer "1_0"'),
        ("pages", "0x1", InvalidPayload, 'Invalid integer "0x1"'),
        ("pages", 2**31, ValueOutOfRange, 'for field "pages" in collection "book" is out of range'),
        ("pages", -(2**31) - 1, ValueOutOfRange, "is out of range"),
        ("pages", "1e9999999", ValueOutOfRange, "is out of range"),
        ("copies", 2**63, ValueOutOfRange, "is out of range"),
        ("isbn", 2**63, ValueOutOfRange, "is out of range"),
        ("isbn", "x", InvalidPayload, 'Invalid integer "x"'),
        ("price", "abc", InvalidPayload, 'Invalid number "abc" in field "price"'),
        ("price", "NaN", InvalidPayload, 'Invalid number "NaN"'),
        ("price", "-Infinity", InvalidPayload, 'Invalid number "-Infinity"'),
        ("price", 10000, ValueOutOfRange, 'Numeric value "10000" for field "price"'),
        ("price", "9999.995", ValueOutOfRange, "is out of range"),
        ("price", "-9999.995", ValueOutOfRange, "is out of range"),
        ("price", "1e9999999", ValueOutOfRange, "is out of range"),
        ("weight", "1e400", ValueOutOfRange, "is out of range"),
        ("weight", "heavy", InvalidPayload, 'Invalid number "heavy"'),
        ("lent", "yes", InvalidPayload, 'Invalid boolean "yes" in field "lent"'),
        ("lent", 2, InvalidPayload, 'Invalid boolean "2"'),
        ("lent", [], InvalidPayload, 'Invalid boolean "[]"'),
        ("words", [1], InvalidPayload, 'Field "words" takes a list of strings'),
        ("words", {"a": 1}, InvalidPayload, 'Field "words" takes a list of strings'),
        ("words", ["a\x00"], InvalidPayload, "NUL"),
        ("bought_at", "tomorrow", InvalidPayload, 'Invalid DateTime format in field "bought_at"'),
        ("bought_at", "2024-02-30T00:00:00Z", InvalidPayload, "Invalid DateTime format"),
        ("bought_at", "9999-12-31T23:59:59-14:00", InvalidPayload, "Invalid DateTime format"),
        ("bought_at", "0001-01-01T00:00:00+14:00", InvalidPayload, "Invalid DateTime format"),
        ("bought_at", "", InvalidPayload, "Invalid DateTime format"),
        ("bought_at", 1700000000, InvalidPayload, "Invalid DateTime format"),
        ("bought_at", [], InvalidPayload, "Invalid DateTime format"),
        ("read_at", "x", InvalidPayload, 'Invalid DateTime format in field "read_at"'),
        ("printed", "tomorrow", InvalidPayload, 'Invalid Date format in field "printed"'),
        ("printed", "2024-02-29 or so", InvalidPayload, "Invalid Date format"),
        ("printed", "2024-02-30", InvalidPayload, "Invalid Date format"),
        ("opens", "25:00", InvalidPayload, 'Invalid Time format in field "opens"'),
        ("label", "abc", InvalidPayload, 'Invalid uuid "abc" in field "label"'),
        ("label", 5, InvalidPayload, 'Invalid uuid "5"'),
        ("id", "abc", InvalidPayload, 'Invalid uuid "abc" in field "id"'),
        (
            "shelf",
            "nope",
            InvalidForeignKey,
            'Invalid foreign key "nope" for field "shelf" in collection "book".',
        ),
        ("sequel", "abc", InvalidForeignKey, 'Invalid foreign key "abc" for field "sequel"'),
        ("sequel", "", InvalidForeignKey, 'Invalid foreign key "" for field "sequel"'),
        ("sequel", [OWN], InvalidPayload, "Invalid uuid"),
        ("sequel", NONE, InvalidForeignKey, f'Invalid foreign key "{NONE}" for field "sequel"'),
        ("status", "gone", FailedValidation, 'Value has to be one of "in", "out", "lost".'),
        ("pages", 0, FailedValidation, 'Value has to be greater than or equal to "1".'),
        ("pages", 5001, FailedValidation, 'Value has to be less than or equal to "5000".'),
        ("title", "Ants!", FailedValidation, "Value doesn't have the correct format"),
        (
            "title",
            None,
            FailedValidation,
            'Validation failed for field "title". Value can\'t be null.',
        ),
    ],
)
async def test_a_bad_value_is_refused(door, field, given, kind, message):
    [error] = await refused(door, "book", {"title": "x", field: given})
    assert type(error) is kind
    assert message in error.message
    if field != "id":
        [row] = await door.create("book", {"title": "x"})
        with pytest.raises(kind) as raised:
            await door.update("book", (row["id"], {field: given}))
        assert message in raised.value.message
        orjson.dumps(raised.value.extensions)


async def test_a_missing_value_and_a_null_are_told_apart(door):
    """Transcripts 145 to 147."""
    [missing] = await refused(door, "book", {})
    assert missing.extensions == {"field": "title", "path": [], "type": "required"}
    [null] = await refused(door, "book", {"title": None})
    assert null.extensions == {"field": "title", "path": [], "type": "nnull"}
    for payload in ({"label": "x"}, {"id": None, "label": "x"}):
        [key] = await refused(door, "shelf", payload)
        assert (key.extensions["field"], key.extensions["type"]) == ("id", "required")
    [key] = await refused(door, "shelf", {"id": "", "label": "x"})
    assert (key.extensions["field"], key.extensions["type"]) == ("id", "nempty")


async def test_everything_wrong_is_told_at_once(door):
    errors = await refused(
        door,
        "book",
        {"title": "Ants!", "status": "gone", "pages": "abc", "price": "1e9"},
        {"pages": 0, "isbn": "x"},
        {"title": "fine"},
        {"title": None, "status": "gone"},
    )
    assert [(e.code, e.extensions.get("field"), e.extensions.get("type")) for e in errors] == [
        ("INVALID_PAYLOAD", None, None),  # pages
        ("VALUE_OUT_OF_RANGE", "price", None),
        ("INVALID_PAYLOAD", None, None),  # isbn
        ("FAILED_VALIDATION", "title", "regex"),
        ("FAILED_VALIDATION", "status", "in"),
        ("FAILED_VALIDATION", "title", "required"),
        ("FAILED_VALIDATION", "pages", "gte"),
        ("FAILED_VALIDATION", "title", "nnull"),
    ]


async def test_a_field_whose_value_cannot_be_stored_is_told_once(door):
    [error] = await refused(door, "book", {"title": "x" * 41})
    assert error.code == "VALUE_TOO_LONG"


@pytest.mark.parametrize("payload", [5, None, "x", [], [{"title": "x"}]])
async def test_an_item_is_an_object(door, payload):
    [error] = await refused(door, "book", {"title": "x"}, payload)
    assert error.message == "Invalid payload. Each item has to be an object."
    with pytest.raises(InvalidPayload, match="Each item has to be an object"):
        await door.update("book", (OWN, payload))


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


# Related objects.


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
        nested = Writer(LIBRARY, session, Caller(USER))
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
    start = time.perf_counter()
    made = await door.create("book", *payloads, fields="id")
    assert time.perf_counter() - start < 2
    assert len(made) == 10_000
    assert len(statements) <= 3
    statements.clear()
    start = time.perf_counter()
    patches = [(row["id"], {"pages": 2, "summary": "x"}) for row in made]
    assert len(await door.update("book", *patches, fields="id")) == 10_000
    assert time.perf_counter() - start < 2
    assert len(statements) <= 4
    statements.clear()
    assert len(await door.delete("book", *(row["id"] for row in made))) == 10_000
    assert len(statements) <= 5


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


# Rules of a domain.


@pytest.fixture
def ruled(monkeypatch):
    """Rules for books, for the time of the test."""

    def register(rules_of_book):
        monkeypatch.setitem(rules._rules, "book", rules_of_book)
        return rules_of_book

    return register


class Watching(Rules):
    def __init__(self):
        self.seen = []

    async def before_create(self, session, caller, rows):
        self.seen.append(("before_create", [row["title"] for row in rows]))
        for row in rows:
            row["summary"] = "by rule"

    async def after_create(self, session, caller, rows):
        found = await session.fetch_value("SELECT count(*) FROM book")
        self.seen.append(("after_create", [row["id"] is not None for row in rows], found))

    async def before_update(self, session, caller, updates):
        self.seen.append(
            (
                "before_update",
                [(u.before["title"], u.patch["title"], u.changes["title"]) for u in updates],
            )
        )
        for update in updates:
            update.patch["summary"] = "by update"

    async def after_update(self, session, caller, updates):
        self.seen.append(("after_update", [u.before["title"] for u in updates]))

    async def before_delete(self, session, caller, keys):
        self.seen.append(("before_delete", len(keys)))

    async def after_delete(self, session, caller, keys):
        self.seen.append(("after_delete", await session.fetch_value("SELECT count(*) FROM book")))


async def test_rules_are_called_with_sets_inside_the_transaction(door, ruled):
    watching = ruled(Watching())
    made = await door.create("book", {"title": "a"}, {"title": "b"})
    assert {row["summary"] for row in made} == {"by rule"}
    changed = await door.update("book", *((row["id"], {"title": "c"}) for row in made))
    assert {row["summary"] for row in changed} == {"by update"}
    await door.delete("book", *(row["id"] for row in made))
    assert [name for name, *_ in watching.seen] == [
        "before_create",
        "after_create",
        "before_update",
        "after_update",
        "before_delete",
        "after_delete",
    ]
    assert watching.seen[1] == ("after_create", [True, True], 2)
    assert sorted(watching.seen[2][1]) == [("a", "c", "c"), ("b", "c", "c")]
    assert watching.seen[5] == ("after_delete", 0)


async def test_what_rules_refuse_joins_what_the_definition_refuses(door, ruled):
    class Refusing(Rules):
        async def before_create(self, session, caller, rows):
            raise ErrorList([FailedValidation("summary", "eq", "Value has to be better.")])

    ruled(Refusing())
    errors = await refused(door, "book", {"title": "a!"})
    assert [error.extensions["field"] for error in errors] == ["summary", "title"]


async def test_rules_never_see_values_that_cannot_be_stored(door, ruled):
    watching = ruled(Watching())
    await refused(door, "book", {"title": "a", "pages": "x"})
    assert watching.seen == []


async def test_a_rule_that_fails_afterwards_undoes_the_write(door, ruled):
    class Failing(Rules):
        async def after_create(self, session, caller, rows):
            raise InvalidPayload("Not today")

    ruled(Failing())
    await refused(door, "book", {"title": "a"})


async def test_a_bad_read_back_undoes_the_write(door):
    """What is answered belongs to the write: nothing is stored that can't be shown."""
    back = door.query("book", where={"title": {"_ends_with": "\\"}})
    with pytest.raises(InvalidQuery):
        await door.items.create("book", [{"title": "a"}], back)
    assert await door.read("book") == []


async def test_the_system_writes_without_a_user(door):
    items = Items(door.items.database, COMPILER, Caller(is_admin=True))
    back = door.query("book", "user_created")
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
