"""Reads: selections, order, pages, search, counts, groups; one statement for each."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import orjson
import psycopg
import pytest

from app.access.caller import ANONYMOUS, Caller
from app.errors import Forbidden, InvalidQuery
from app.items.compile import Compiler
from app.items.items import Items
from app.items.query import (
    Aggregate,
    AggregateQuery,
    Compare,
    Constant,
    Group,
    Leaf,
    Nested,
    Parts,
    Query,
    Sort,
    Value,
    values,
)
from app.items.selection import FieldReader
from tests.items.conftest import USER
from tests.items.library import COMPILER, LIBRARY, TABLES

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
ANTS = "10000000-0000-4000-8000-000000000000"


@pytest.fixture
async def library(door, rows):
    rows.execute(DATA)
    return door


async def titles(door, **options):
    return [row["title"] for row in await door.read("book", "title", **options)]


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
        "read_at": "2024-01-31T12:00:00",
        "printed": "2024-01-31",
        "opens": "12:00:00",
        "label": "0000000a-0000-4000-8000-00000000000a",
        "number": row["number"],
        "shelf": "s1",
        "sequel": "20000000-0000-4000-8000-000000000000",
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
        FieldReader(LIBRARY, 10).selection("book", [fields])
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
async def test_sorting(library, rows, sort, wanted):
    [collation] = rows.execute(
        "SELECT datcollate FROM pg_database WHERE datname = current_database()"
    ).fetchone()
    if collation not in {"C", "POSIX", "C.UTF-8"} and sort.lstrip("-") == "title":
        wanted = {"title": "Ants bees Cats", "-title": "Cats bees Ants"}[sort]
    assert sorted(await titles(library, sort=sort)) == sorted(wanted.split())
    if "title" not in sort or collation in {"C", "POSIX", "C.UTF-8"}:
        assert " ".join(await titles(library, sort=sort)) == wanted


@pytest.mark.parametrize(
    ("sort", "error", "message"),
    [
        ("nope", Forbidden, 'field "nope" in collection "book"'),
        ("-nope", Forbidden, 'field "nope"'),
        ("shelf.nope", Forbidden, 'field "nope" in collection "shelf"'),
        ("title.x", Forbidden, 'field "x"'),
        ("-", Forbidden, 'field ""'),
        ("title desc", Forbidden, 'field "title desc"'),
        ("year(title)", InvalidQuery, 'Invalid function specified "year"'),
        ("random()", InvalidQuery, "Invalid function specified"),
        (".".join(["sequel"] * 10) + ".id", InvalidQuery, "Max relational depth exceeded"),
    ],
)
def test_sorts_are_refused(sort, error, message):
    with pytest.raises(error) as refused:
        FieldReader(LIBRARY, 10).sort("book", [sort])
    assert message in refused.value.message


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


async def test_csv_comes_in_blocks_with_a_header(library):
    query = library.query("book", "title pages shelf words", sort="title", where={"shelf": "s1"})
    text = b"".join([block async for block in library.items.csv(query)])
    assert text == b'title,pages,shelf,words\nAnts,10,s1,"[""a"",""b""]"\n'


@pytest.mark.parametrize("text", ["\x00", "\\"])
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
            await items.create("book", [{"title": "x"}], query)
        with pytest.raises(Forbidden, match='perform "update"'):
            await items.update("book", [(ANTS, {})], query)
        with pytest.raises(Forbidden, match='perform "delete"'):
            await items.delete("book", [ANTS])


# One statement, whatever is asked.


async def test_a_read_is_one_statement(library, statements):
    where = {"shelf": {"room": {"name": "Attic"}}}
    sort = "-sequel.title shelf.room.name"
    await library.read("book", "*.*.* sequel.sequel.*", where=where, sort=sort, search="a", limit=5)
    assert len(statements) == 1


async def test_every_other_read_is_one_statement_too(library, statements):
    query = library.query("book", "shelf.room.name", where={"shelf": {"label": "Left"}})
    for read in (library.items.one, library.items.count, library.items.keys):
        await read(query)
    assert len(statements) == 3


# The cache of statements.


async def test_queries_of_one_shape_share_a_statement_and_keep_their_values(library):
    compiler = Compiler(LIBRARY, TABLES)
    library.items = Items(library.items.database, compiler, library.items.caller)
    for term, wanted in (("Ants", ["Ants"]), ("Cats", ["Cats"]), ("Dogs", [])):
        assert await titles(library, where={"title": {"_eq": term}}, limit=5) == wanted
    for limit in (1, 2, 3):
        assert len(await titles(library, limit=limit)) == limit
    info = compiler._list.cache_info()
    assert (info.misses, info.hits) == (2, 4)


def test_a_shape_is_what_is_asked_not_its_values():
    one = Query("book", (), Compare(("title",), "_eq", Value("a")), limit=Value(1))
    same = Query("book", (), Compare(("title",), "_eq", Value("b")), limit=Value(9))
    other = Query("book", (), Compare(("title",), "_neq", Value("a")), limit=Value(1))
    assert one == same
    assert hash(one) == hash(same)
    assert one != other
    assert one != Query("book", (), Compare(("title",), "_eq", Value("a")))
    assert [value.value for value in values(same)] == ["b", 9]


async def test_the_same_value_may_be_used_twice(library):
    value = Value("Ants")
    condition = Compare(("title",), "_eq", value)
    nested = Query("book", (Leaf("title", "title"),), filter=Compare(("title",), "_neq", value))
    query = Query("book", (Nested("next", "sequel", nested),), filter=condition)
    assert json.loads(await library.items.many(query)) == [{"next": {"title": "bees"}}]


# Names the caller chooses.

NAMES = (
    "r n o g json j key value v0 a0 g0 r_1 anon_1 book book_1 shelf_1 select _ __x NULL user "
    "row_to_json count"
).split()


@pytest.mark.parametrize("name", [*NAMES, "a" * 63, "é" * 31, "it's", 'a"b', "%s", "%%", "a b"])
async def test_any_name_may_be_a_key(library, name):
    inner = Query("shelf", (Leaf(name, "label"), Constant("t", "it's 100%")))
    selection = (
        Leaf("x", "title"),
        Nested(name, "shelf", inner),
        Parts("parts", "printed", ((name, "year"), ("t", "=50% o'clock"))),
    )
    query = Query("book", selection, filter=Compare(("title",), "_eq", Value("Ants")))
    [row] = orjson.loads(await library.items.many(query))
    assert row == {
        "x": "Ants",
        name: {name: "Left", "t": "it's 100%"},
        "parts": {name: 2024, "t": "50% o'clock"},
    }
    groups = AggregateQuery(
        "book",
        (Aggregate(name, "count", ((name, "id"), ("t", "=%'"))), Aggregate("n", "countAll", ())),
        groups=(Group(name, "status"),),
        group_key="group",
        sort=(Sort((name,)),),
        surface="graphql",
    )
    assert orjson.loads(await library.items.aggregate(groups)) == [
        {"group": {name: "in"}, name: {name: 2, "t": "%'"}, "n": 2},
        {"group": {name: "out"}, name: {name: 1, "t": "%'"}, "n": 1},
    ]


@pytest.mark.parametrize("name", ["a" * 64, "é" * 32])
async def test_a_name_postgresql_would_cut_is_refused(library, name):
    leaf = Query("book", (Leaf(name, "title"),))
    nested = Query("book", (Nested("s", "shelf", Query("shelf", (Leaf(name, "label"),))),))
    for query in (leaf, nested):
        with pytest.raises(InvalidQuery, match="is longer than 63 bytes"):
            await library.items.many(query)
    for aggregates in (
        (Aggregate(name, "countAll", ()),),
        (Aggregate("count", "count", ((name, "id"),)),),
    ):
        with pytest.raises(InvalidQuery, match="is longer than 63 bytes"):
            await library.items.aggregate(AggregateQuery("book", aggregates))


async def test_an_empty_selection_is_an_empty_object(library):
    """All fields of a level may be skipped by directives."""
    ants = Compare(("title",), "_eq", Value("Ants"))
    query = Query("book", (Nested("s", "shelf", Query("shelf", ())),), filter=ants)
    assert orjson.loads(await library.items.many(query)) == [{"s": {}}]
    assert orjson.loads(await library.items.many(Query("room", ()))) == [{}, {}]


# Groups.


def groups(*names, **options):
    return AggregateQuery(
        "book",
        options.pop("aggregates", (Aggregate("count", "countAll", ()),)),
        groups=tuple(Group(name, name) for name in names),
        surface=options.pop("surface", "rest"),
        **options,
    )


async def aggregated(door, query):
    return orjson.loads(await door.items.aggregate(query))


async def test_rest_shows_numbers_as_postgresqls_driver_does(library):
    """directus.md 2.6, transcripts 84 to 94."""
    several = tuple(
        Aggregate(name, name, (("pages", "pages"),))
        for name in ("count", "sum", "avg", "min", "max")
    )
    assert await aggregated(library, groups(aggregates=several)) == [
        {
            "count": {"pages": "2"},
            "sum": {"pages": "30"},
            "avg": {"pages": "15.0000000000000000"},
            "min": {"pages": 10},
            "max": {"pages": 20},
        }
    ]
    assert await aggregated(library, groups("status", sort=(Sort(("status",)),))) == [
        {"status": "in", "count": "2"},
        {"status": "out", "count": "1"},
    ]


async def test_graphql_shows_numbers(library):
    several = tuple(
        Aggregate(name, name, (("price", "price"),))
        for name in ("count", "countDistinct", "sum", "avg", "min", "max")
    )
    assert await aggregated(library, groups(aggregates=several, surface="graphql")) == [
        {
            "count": {"price": 2},
            "countDistinct": {"price": 2},
            "sum": {"price": 31.5},
            "avg": {"price": 15.75},
            "min": {"price": 1.5},
            "max": {"price": 30},
        }
    ]


async def test_nothing_matches_is_one_group_of_nothing(library):
    nothing = Compare(("title",), "_eq", Value("Dogs"))
    query = groups(aggregates=(Aggregate("sum", "sum", (("pages", "pages"),)),), filter=nothing)
    assert await aggregated(library, query) == [{"sum": {"pages": None}}]
    assert await aggregated(library, groups("status", filter=nothing)) == []


async def test_without_aggregates_and_groups_there_is_one_row(library):
    query = AggregateQuery("book", (), group_key="group", surface="graphql")
    assert await aggregated(library, query) == [{"group": None}]
    constant = AggregateQuery("book", (), constants=(Constant("t", "x"),), surface="graphql")
    assert await aggregated(library, constant) == [{"t": "x"}]


async def test_group_values_are_shown_like_fields(library):
    names = "bought_at", "isbn", "price", "words", "printed", "id", "lent"
    only = Compare(("title",), "_eq", Value("Ants"))
    [rest] = await aggregated(library, groups(*names, filter=only))
    shown = {
        "bought_at": "2024-01-31T12:00:00.123Z",
        "isbn": "9007199254740993",
        "price": "1.50",
        "words": ["a", "b"],
        "printed": "2024-01-31",
        "id": ANTS,
        "lent": True,
    }
    assert rest == {**shown, "count": "1"}
    query = groups(*names, filter=only, group_key="group", surface="graphql")
    [graphql] = await aggregated(library, query)
    assert graphql == {"group": {**shown, "price": 1.5}, "count": 1}


async def test_groups_by_a_part_of_a_date(library):
    query = AggregateQuery(
        "book",
        (Aggregate("n", "countAll", ()),),
        groups=(Group("printed_year", "printed", "year"),),
        sort=(Sort(("printed_year",), descending=True),),
    )
    assert await aggregated(library, query) == [
        {"printed_year": None, "n": "2"},
        {"printed_year": "2024", "n": "1"},
    ]


async def test_groups_have_pages_filters_and_search(library):
    by_status = (Sort(("status",)),)
    assert await aggregated(library, groups("status", sort=by_status, limit=Value(1))) == [
        {"status": "in", "count": "2"}
    ]
    assert await aggregated(library, groups("status", sort=by_status, offset=Value(1))) == [
        {"status": "out", "count": "1"}
    ]
    through = Compare(("shelf", "label"), "_eq", Value("Left"))
    assert await aggregated(library, groups("status", filter=through)) == [
        {"status": "in", "count": "1"}
    ]


def test_groups_are_sorted_by_groups_and_aggregates_only():
    reader = FieldReader(LIBRARY, 10)
    by = (Group("status", "status"), Group("printed_year", "printed", "year"))

    def sort(*terms):
        return reader.aggregate_sort("book", list(terms), by)

    assert sort("-status", "printed_year", "year(printed)") == (
        Sort(("status",), descending=True),
        Sort(("printed_year",)),
        Sort(("printed_year",)),
    )
    assert sort("count", "-sum.pages", "max.price") == (
        Sort(("count",)),
        Sort(("sum", "pages"), descending=True),
        Sort(("max", "price")),
    )
    for term, message in (
        ("title", 'Can\'t sort by "title": it is no group'),
        ("printed", 'Can\'t sort by "printed": it is no group'),
        ("month(printed)", "it is no group"),
        ("sum.title", '"title" is no number'),
        ("max.extra", '"extra" is no number'),
    ):
        with pytest.raises(InvalidQuery) as refused:
            sort(term)
        assert message in refused.value.message
    for term in ("nope", "sum.nope", "count.shelf.label"):
        with pytest.raises(Forbidden):
            sort(term)


async def test_an_aggregate_of_every_field_is_possible(library):
    """json_build_object would end at 50 members."""
    members = tuple((f"{name}{n}", name) for name in LIBRARY.fields("book") for n in range(4))
    query = groups(aggregates=(Aggregate("count", "count", members),), surface="graphql")
    [row] = await aggregated(library, query)
    assert len(row["count"]) == len(members)
    assert row["count"]["pages0"] == 2


async def test_more_parts_than_postgresql_takes_are_refused(library):
    parts = tuple((f"y{n}", "year") for n in range(51))
    with pytest.raises(InvalidQuery, match="50 members at most"):
        await library.items.many(Query("book", (Parts("p", "printed", parts),)))


def test_decimals_of_filters_keep_their_digits(rows):
    rows.execute("INSERT INTO book (title, price) VALUES ('a', 0.10)")
    query = Query("book", (), Compare(("price",), "_eq", Value(Decimal("0.10"))))
    statement = COMPILER.count(query)
    assert rows.execute(statement.sql, statement.values).fetchone() == (1,)


def test_statements_hold_no_values(rows):
    """Values are bound: the text of a statement is the same for all."""
    secret = "a value nobody else would think of"
    query = Query(
        "book",
        (Leaf("title", "title"),),
        filter=Compare(("title",), "_eq", Value(secret)),
        search=Compare(("summary",), "_icontains", Value(f"%{secret}%")),
        limit=Value(123456),
    )
    statement = COMPILER.items(query)
    assert secret not in statement.sql
    assert "123456" not in statement.sql
    assert isinstance(rows, psycopg.Connection)
