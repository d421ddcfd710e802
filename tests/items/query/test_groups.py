"""Groups and aggregates (directus.md 2.6 and 4.7)."""

import orjson
import pytest

from app.errors import Forbidden, InvalidQuery
from app.items.query.groups import read_group, require_operand
from app.items.query.sort import OrderReader
from app.items.query.tree import (
    Aggregate,
    AggregateQuery,
    Compare,
    Constant,
    Group,
    Parts,
    Query,
    Sort,
    Value,
)
from tests.items.books import LIBRARY
from tests.items.conftest import ANTS, reader_of


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
        {"printed_year": 2024, "n": "1"},
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
    reader = OrderReader(LIBRARY, 10)
    by = (Group("status", "status"), Group("printed_year", "printed", "year"))

    def sort(*terms):
        return reader.of_groups("book", list(terms), by)

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


def test_of_a_concealed_field_only_the_number_is_told():
    order = OrderReader(LIBRARY, 10)
    reader = reader_of(LIBRARY)
    for field in ("token", "password"):
        assert order.of_groups("directus_users", [f"count.{field}"], ())
        require_operand(reader, "directus_users", "count", field)
        for refused in (
            lambda name=field: order.of_groups("directus_users", [f"max.{name}"], ()),
            lambda name=field: require_operand(reader, "directus_users", "max", name),
            lambda name=field: read_group(reader, "directus_users", name),
        ):
            with pytest.raises(Forbidden) as error:
                refused()
            assert f'field "{field}" in collection "directus_users"' in error.value.message


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
