"""Values of every type: what is stored, and how the others are refused (directus.md 3.5, 6.4)."""

from decimal import Decimal

import orjson
import pytest

from app.errors import (
    FailedValidation,
    InvalidForeignKey,
    InvalidPayload,
    ValueOutOfRange,
    ValueTooLong,
)
from tests.items.conftest import NONE, OWN, refused


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
