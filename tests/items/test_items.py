"""Reads: what is selected and how it is shown, order, pages, search, keys, counts."""

from dataclasses import replace
from datetime import UTC, datetime

import orjson
import pytest

from app.access.caller import ANONYMOUS, Caller
from app.access.permissions import Permission, Permissions
from app.errors import Forbidden, InvalidQuery
from app.items.items import Items
from app.items.policy.readable_schema import View
from app.items.query.functions import functions_of
from app.items.query.sort import OrderReader
from app.items.query.tree import Aggregate, AggregateQuery, Query, Sort
from schema.definition import Field
from tests.items.books import COMPILER, LIBRARY
from tests.items.conftest import ANTS, USER, reader_of, titles


async def test_every_type_is_shown_as_directus_shows_it(library):
    """directus.md 3.5."""
    [row] = await library.read("book", where={"title": "Ants"})
    assert row == {
        "id": ANTS,
        "user_created": USER,
        "date_created": row["date_created"],
        "user_updated": None,
        "date_updated": None,
        "title": "Ants",
        "summary": None,
        "status": "in",
        "pages": 10,
        "copies": 1099511627776,
        "isbn": "9007199254740993",
        "price": "1.50",
        "weight": 0.25,
        "lent": True,
        "extra": {"a": [1, None]},
        "words": ["a", "b"],
        "bought_at": "2024-01-31T12:00:00.123Z",
        "read_at": "2024-01-31T12:00:00.9",
        "printed": "2024-01-31",
        "opens": "12:00:00.9",
        "label": "0000000a-0000-4000-8000-00000000000a",
        "number": row["number"],
        "shelf": "s1",
        "sequel": "20000000-0000-4000-8000-000000000000",
        "tags": [],
    }
    datetime.strptime(row["date_created"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)


async def test_an_empty_csv_is_an_empty_list_and_a_missing_one_null(library):
    rows = await library.read("book", "words", sort="title")
    assert [row["words"] for row in rows if row["words"] != ["a", "b"]] == [None, []]


async def test_secrets_read_as_stars(library):
    [row] = await library.read("directus_users", "first_name password token")
    assert row == {"first_name": "Ada", "password": "**********", "token": "**********"}


@pytest.mark.parametrize(
    ("fields", "row"),
    [
        ("title", {"title": "Ants"}),
        ("title title", {"title": "Ants"}),
        ("shelf", {"shelf": "s1"}),
        ("shelf.label", {"shelf": {"label": "Left"}}),
        ("shelf shelf.label", {"shelf": {"label": "Left"}}),
        ("shelf.label shelf", {"shelf": {"label": "Left"}}),
        ("shelf.id shelf.room.name", {"shelf": {"id": "s1", "room": {"name": "Attic"}}}),
        ("shelf.room", {"shelf": {"room": 1}}),
        (
            "shelf.*",
            {
                "shelf": {
                    "id": "s1",
                    "label": "Left",
                    "room": 1,
                    "built_at": "2020-05-06T07:08:09.500Z",
                    "books": [ANTS],
                }
            },
        ),
        ("sequel.sequel.title", {"sequel": {"sequel": {"title": "Cats"}}}),
        ("sequel.sequel.sequel.title", {"sequel": {"sequel": {"sequel": None}}}),
        ("year(printed)", {"printed_year": 2024}),
        ("weekday(printed) week(printed)", {"printed_weekday": 3, "printed_week": 5}),
        (
            "hour(bought_at) minute(bought_at) second(bought_at)",
            {"bought_at_hour": 12, "bought_at_minute": 0, "bought_at_second": 0},
        ),
        ("second(opens)", {"opens_second": 0}),
        ("month(read_at) day(read_at)", {"read_at_month": 1, "read_at_day": 31}),
        ("shelf.year(built_at)", {"shelf": {"built_at_year": 2020}}),
        ("year(shelf.built_at)", {"shelf": {"built_at_year": 2020}}),
    ],
)
async def test_fields_select(library, fields, row):
    assert await library.read("book", fields, where={"title": "Ants"}) == [row]


async def test_a_star_below_a_star_opens_every_relation_once(library):
    [row] = await library.read("book", "*.*", where={"title": "Ants"})
    assert row["shelf"]["label"] == "Left"
    assert row["shelf"]["room"] == 1
    assert row["sequel"]["title"] == "bees"
    assert row["user_created"]["first_name"] == "Ada"
    assert set(row) == set(LIBRARY.fields("book"))


@pytest.mark.parametrize(
    ("fields", "error", "message"),
    [
        ("nope", Forbidden, 'field "nope" in collection "book"'),
        (
            "shelf.nope",
            Forbidden,
            'field "nope" in collection "shelf" or it does not exist. Queried in "shelf".',
        ),
        ("title.x", Forbidden, 'field "x" in collection "book"'),
        ("year(nope)", Forbidden, 'field "nope"'),
        ("year(shelf.nope)", Forbidden, 'field "nope" in collection "shelf"'),
        ("year(title)", InvalidQuery, 'Invalid function specified "year"'),
        ("sleep(printed)", InvalidQuery, 'Invalid function specified "sleep"'),
        ("year(printed", InvalidQuery, "Invalid function specified"),
        ("year(printed))", InvalidQuery, "Invalid function specified"),
        ("year(printed);--", InvalidQuery, "Invalid function specified"),
        (".".join(["sequel"] * 11) + ".id", InvalidQuery, "Max relational depth exceeded"),
        ('title"', Forbidden, 'field "title""'),
        ("title' FROM book; --", Forbidden, "field"),
    ],
)
def test_fields_are_refused(fields, error, message):
    with pytest.raises(error) as refused:
        reader_of(LIBRARY).selection("book", [fields])
    assert message in refused.value.message


async def test_ten_relations_deep_is_allowed(library):
    row = (await library.read("book", ".".join(["sequel"] * 10) + ".id", sort="title"))[0]
    assert row["sequel"]["sequel"]["sequel"] is None


@pytest.mark.parametrize(
    ("sort", "wanted"),
    [
        ("", "Ants bees Cats"),  # by key
        ("title", "Ants Cats bees"),
        ("-title", "bees Cats Ants"),
        ("-pages", "Cats bees Ants"),  # NULL first when descending
        ("pages", "Ants bees Cats"),
        ("status -title", "Cats Ants bees"),
        ("shelf.label", "Ants bees Cats"),
        ("-shelf.label", "Cats bees Ants"),
        ("-shelf.room.name", "Cats bees Ants"),
        ("sequel.sequel.title title", "Ants Cats bees"),
        ("-sequel.title", "Cats Ants bees"),
        ("year(printed) -title", "Ants bees Cats"),
        ("year(shelf.built_at) title", "Ants Cats bees"),
        ("-shelf.year(built_at) -title", "bees Cats Ants"),
    ],
)
async def test_sorting(library, sort, wanted):
    """In the order of the database: here by code point, upper case first."""
    assert " ".join(await titles(library, sort=sort)) == wanted


@pytest.mark.parametrize(
    ("sort", "error", "message"),
    [
        ("nope", Forbidden, 'field "nope" in collection "book"'),
        ("-nope", Forbidden, 'field "nope"'),
        ("shelf.nope", Forbidden, 'field "nope" in collection "shelf"'),
        ("title.x", Forbidden, 'field "x"'),
        ("-", Forbidden, 'field ""'),
        (
            "user_created.token",
            Forbidden,
            'field "token" in collection "directus_users" or it does not exist. Queried in "user_',
        ),
        ("-user_created.password", Forbidden, 'field "password" in collection "directus_users"'),
        ("title desc", Forbidden, 'field "title desc"'),
        ("year(title)", InvalidQuery, 'Invalid function specified "year"'),
        ("random()", InvalidQuery, "Invalid function specified"),
        (".".join(["sequel"] * 10) + ".id", InvalidQuery, "Max relational depth exceeded"),
    ],
)
def test_sorts_are_refused(sort, error, message):
    with pytest.raises(error) as refused:
        reader_of(LIBRARY).order.sort("book", [sort])
    assert message in refused.value.message


def test_no_order_of_secrets_stands_in_for_one_that_may_not_be_read():
    permission = Permission("directus_users", "read", frozenset({"password", "first_name"}))
    caller = Caller(USER, permissions=Permissions((permission,)))
    assert OrderReader(View(LIBRARY, caller), 10).sort("directus_users", []) == (
        Sort(("first_name",)),
    )


def test_a_concealed_field_has_no_functions():
    """Not even one of a type that has some: its parts are as secret as it is."""
    born = Field(name="born", type="date")
    assert "year" in functions_of(born)
    assert functions_of(replace(born, special=("conceal",))) == ()


async def test_a_collection_is_sorted_by_its_sort_field(library):
    rows = await library.read("shelf", "label")
    assert [row["label"] for row in rows] == ["Left", "Loose", "Right"]


async def test_pages(library):
    assert await titles(library, limit=2) == ["Ants", "bees"]
    assert await titles(library, limit=2, offset=2) == ["Cats"]
    assert await titles(library, offset=3) == []
    assert await titles(library, limit=0) == []
    assert await titles(library, offset=2**62) == []
    assert len(await titles(library, limit=2**62)) == 3


@pytest.mark.parametrize(
    ("term", "wanted"),
    [
        ("AN", "Ants"),
        ("  ants  ", "Ants"),
        ("S", "Ants bees Cats"),
        ("20", "bees"),
        ("20.0", "bees"),
        ("30", "Cats"),
        ("1.5", "Ants"),
        ("0.25", "Ants"),
        ("1099511627776", "Ants"),
        ("9007199254740993", "Ants"),
        ("99999999999999999999999999", ""),
        ("1e9999999", ""),
        ("nan", ""),
        ("inf", ""),
        ("0000000a-0000-4000-8000-00000000000a", "Ants"),
        ("s2", "bees"),  # the key of a shelf is a text of the book, as in Directus
        ("Left", ""),  # not through relations
        ("'; DROP TABLE book; --", ""),
        ("", "Ants bees Cats"),
        ("   ", "Ants bees Cats"),
        (None, "Ants bees Cats"),
        (["Ants"], "Ants bees Cats"),
    ],
)
async def test_search(library, term, wanted):
    """directus.md 2.3."""
    assert sorted(await titles(library, search=term)) == sorted(wanted.split())


async def test_search_does_not_look_into_secrets(library):
    assert await library.read("directus_users", "id", search="hash") == []
    assert len(await library.read("directus_users", "id", search="ada")) == 1


async def test_search_and_filter_hold_together(library):
    assert await titles(library, search="s", where={"status": "in"}) == ["Ants", "Cats"]


async def test_a_collection_with_nothing_to_search_finds_nothing(door, rows):
    rows.execute("INSERT INTO loan DEFAULT VALUES")
    assert await door.read("loan", search="a") == []
    assert len(await door.read("loan")) == 1


async def test_count_ignores_the_page(library):
    count = library.items.count
    assert await count(library.query("book", limit=1, offset=1)) == 3
    assert await count(library.query("book", where={"status": "in"})) == 2
    assert await count(library.query("book", search="ants")) == 1
    assert await count(library.query("book", where={"shelf": {"label": "Left"}})) == 1


async def test_keys(library):
    assert await library.items.keys(library.query("room", sort="-id")) == [2, 1]
    found = await library.items.keys(library.query("book", where={"title": "Ants"}, limit=1))
    assert found == [ANTS]


async def test_one_item_or_none(library):
    query = library.query("book", "title", where={"title": "Ants"}, limit=1)
    assert orjson.loads(await library.items.one(query)) == {"title": "Ants"}
    assert await library.items.one(library.query("book", where={"title": "Dogs"})) is None


@pytest.mark.parametrize(
    ("collection", "key", "found"),
    [
        ("book", ANTS, True),
        ("book", ANTS.replace("-", ""), True),
        ("book", "not-a-uuid", False),
        ("book", 5, False),
        ("book", None, False),
        ("book", {"a": 1}, False),
        ("room", 1, True),
        ("room", "1", True),
        ("room", "1.0", True),
        ("room", "--1", False),
        ("room", "1.5", False),
        ("room", "x", False),
        ("room", "9" * 40, False),
        ("room", True, False),
        ("shelf", "s1", True),
        ("shelf", "s\x00", False),
        ("shelf", ["s1"], False),
        ("shelf", "' OR 1=1 --", False),
    ],
)
async def test_a_malformed_key_is_a_missing_row(library, collection, key, found):
    condition = library.items.by_key(collection, key)
    rows = 0 if condition is None else await library.items.count(Query(collection, (), condition))
    assert rows == found
    many = Query(collection, (), library.items.by_keys(collection, [key]))
    assert await library.items.count(many) == found


@pytest.mark.parametrize("text", ["\x00"])
async def test_what_postgresql_cannot_compare_is_an_invalid_query(library, text):
    where = {"title": {"_ends_with": text}}
    for read in (library.items.many, library.items.one, library.items.count, library.items.keys):
        with pytest.raises(InvalidQuery, match="A value can't be compared"):
            await read(library.query("book", "title", where=where))


async def test_a_nul_is_no_search_that_crashes(library):
    with pytest.raises(InvalidQuery):
        await library.read("book", search="a\x00")


async def test_nobody_reads_without_permission(library, library_url):
    for caller in (ANONYMOUS, Caller(USER)):
        items = Items(library.items.database, COMPILER, caller)
        query = library.query("book")
        for read in (items.many, items.one, items.count, items.keys):
            with pytest.raises(Forbidden, match='access collection "book" or it does not exist'):
                await read(query)
        with pytest.raises(Forbidden):
            await items.aggregate(AggregateQuery("book", (Aggregate("n", "countAll", ()),)))
        with pytest.raises(Forbidden, match='perform "create" for collection "book"'):
            await items.create("book", [{"title": "x"}], None)
        with pytest.raises(Forbidden, match='perform "update"'):
            await items.update("book", [(ANTS, {})], None)
        with pytest.raises(Forbidden, match='perform "delete"'):
            await items.delete("book", [ANTS])
