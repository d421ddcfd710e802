"""How much one query may ask for (app.items.query.size), and that the same twice is asked once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import InvalidQuery
from app.items.query import selection
from app.items.query.groups import aggregate_query
from app.items.query.selection import Options
from app.items.query.size import Size
from schema import BUILTIN
from tests.items.books import LIBRARY
from tests.items.conftest import reader_of


@pytest.fixture
def counted(monkeypatch):
    """How many names and other parts were looked at."""
    parts = []

    class Counting(Size):
        def add(self, more):
            parts.append(more)
            super().add(more)

    monkeypatch.setattr(selection, "Size", Counting)
    return parts


def nodes(fields, collection="book", **options):
    return reader_of(LIBRARY).query(collection, fields, Options(limit=1, **options)).selection


@given(
    st.lists(st.sampled_from("title * *.* shelf.* shelf.room.name count(tags)".split())),
    st.integers(2, 200),
)
def test_the_same_again_asks_for_nothing_more(fields, times):
    assert nodes(fields * times) == nodes(fields)


@pytest.mark.parametrize("field", ["*", "*.*", "*.*.*", "shelf.*.*", "shelf.room.*"])
def test_copies_are_not_even_looked_at(counted, field):
    nodes([field])
    once = sum(counted)
    counted.clear()
    nodes([field] * 4000)
    assert sum(counted) == once


@pytest.mark.parametrize(
    "fields",
    [
        [".".join("*" * 10)],
        ["account.*.*.*.*.*.*.*.*"] * 2000,
        [f"account.*.*.*.*.*.a{number}" for number in range(2000)],
        [".".join("*" * depth) for depth in range(1, 11)],
        [f"json(description, a{number})" for number in range(3000)],
    ],
)
def test_what_would_be_too_much_is_refused_before_it_is_written_out(counted, fields):
    with pytest.raises(InvalidQuery, match="fewer wildcards"):
        reader_of(BUILTIN).query("product", fields, Options(limit=1))
    assert sum(counted) < 2 * 2500


def test_a_long_path_is_not_copied_for_every_relation():
    with pytest.raises(InvalidQuery, match="depth"):
        nodes(["*." * 1000])
    with pytest.raises(InvalidQuery, match="depth"):
        nodes(["*.*." + "a" * 100_000])


@pytest.mark.parametrize("collection", sorted(c.name for c in BUILTIN.exposed()))
def test_three_levels_of_every_collection_may_be_asked_with_a_filter(collection):
    key = BUILTIN[collection].primary_key.name
    either = {"_or": [{key: {"_null": True}}] * 450}
    reader_of(BUILTIN).query(collection, ["*", "*.*.*"], Options(filter=either, sort=(key,) * 100))


@pytest.mark.parametrize(
    "options",
    [
        Options(filter={"_or": [{"title": "a"}] * 90}),
        Options(sort=("title",) * 90),
        Options(search="a"),
    ],
)
def test_options_of_all_levels_count_together(options):
    names = [f"a{number}" for number in range(90)]
    fields = [f"{name}.{field}" for name in names for field in LIBRARY.fields("book")]
    alias = dict.fromkeys(names, "sequel")
    few = [f"{name}.id" for name in names]
    nodes(few, alias=alias)
    with pytest.raises(InvalidQuery, match="conditions"):
        nodes([*few, *fields], alias=alias, below=dict.fromkeys(names, options))


def test_the_same_aggregate_and_group_twice_is_one():
    def made(times):
        return aggregate_query(
            reader_of(LIBRARY),
            "book",
            {"count": ["id", "title"] * times, "sum": ["pages"] * times},
            ["status", "year(bought_at)"] * times,
            Options(),
        )

    assert made(1000) == made(1)
    assert len(made(1000).aggregates[0].fields) == 2
    with pytest.raises(InvalidQuery, match="sort"):
        aggregate_query(reader_of(LIBRARY), "book", {}, ["status"], Options(sort=("status",) * 101))
