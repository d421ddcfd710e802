"""What a read may cost by its limits (app.items.query.cost)."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import InvalidQuery
from app.items.query.cost import require_affordable
from app.items.query.selection import Options
from app.settings import Settings
from schema import BUILTIN
from tests.items.books import LIBRARY
from tests.items.conftest import reader_of


def cost(fields, collection="book", limit=None, below=None, rows=None, alias=None):
    """The rows a read may repeat, and the place that is named."""
    options = Options(limit=limit, below=below or {}, alias=alias or {})
    query = reader_of(LIBRARY).query(collection, fields.split(), options)
    try:
        require_affordable(LIBRARY, query, 0, rows)
    except InvalidQuery as refused:
        words = str(refused.message).split()
        return int(words[words.index("show") + 1]), str(refused.message).split('"')[1]
    return 0, ""


@pytest.mark.parametrize(
    ("collection", "fields", "limit"),
    [
        ("book", "*", -1),
        ("room", "shelves.books.title", -1),
        ("book", "shelf.room.name sequel.title", -1),
        ("book", "sequel.sequel.sequel.title", -1),
    ],
)
def test_what_shows_a_row_once_is_free(collection, fields, limit):
    assert cost(fields, collection, limit) == (0, "")


@pytest.mark.parametrize(
    ("collection", "fields", "limit"),
    [("book", "*.*", -1), ("book", "*.*.*", None), ("room", "*.*.*", None), ("room", "*.*", -1)],
)
def test_what_directuss_clients_ask_is_affordable(collection, fields, limit):
    assert cost(fields, collection, limit)[0] <= Settings.model_fields["max_repeated_rows"].default


def all_of(*names, limit):
    below = {}
    for name in reversed(names):
        below = {name: Options(limit=limit, below=below)}
    return below


@pytest.mark.parametrize(
    ("fields", "options", "rows", "place"),
    [
        ("shelf.books.title", {}, 100 * 100, "shelf.books"),
        ("shelf.books.title", {"limit": 7}, 7 * 100, "shelf.books"),
        ("shelf.books", {"limit": 7}, 7 * 100, "shelf.books"),
        ("shelf.books.title", {"limit": 1, "below": all_of("shelf", "books", limit=5)}, 5, ""),
        ("shelf.books.title", {"limit": -1}, 1_000 * 100, "shelf.books"),
        (
            "shelf.books.shelf.books.title",
            {},
            100 * 100 + 100 * 100 * 100,
            "shelf.books.shelf.books",
        ),
        ("shelf.count(books)", {}, 100 * 100, "shelf.books_count"),
        ("count(tags)", {"limit": -1}, 0, ""),
        ("a.word b.word", {"alias": {"a": "tags", "b": "tags"}}, None, "b"),
    ],
)
def test_what_may_show_it_again_counts(fields, options, rows, place):
    if rows is None:
        fields, rows = fields.replace("word", "tag"), 100 * 100
    found, named = cost(fields, **options)
    assert found == rows
    assert place in {"", named}


def test_one_row_counts_as_one():
    assert cost("shelf.books.title", rows=1) == (100, "shelf.books")
    assert cost("shelf.books.title", rows=100) == (10_000, "shelf.books")


@settings(deadline=None)
@given(st.lists(st.integers(1, 1000), min_size=1, max_size=5), st.integers(1, 1000))
def test_limits_multiply_and_every_level_adds_its_rows(limits, first):
    below, fields = {}, "title"
    for limit in reversed(limits):
        below = {"shelf": Options(below={"books": Options(limit=limit, below=below)})}
        fields = f"shelf.books.{fields}"
    expected = sum(first * math.prod(limits[: n + 1]) for n in range(len(limits)))
    assert cost(fields, limit=first, below=below)[0] == expected


@pytest.mark.parametrize("collection", sorted(c.name for c in BUILTIN.exposed()))
def test_every_collection_may_be_exported_whole_with_what_it_leads_to(collection):
    reader = reader_of(BUILTIN)
    deep = [] if collection in {"directus_policies", "directus_roles", "directus_users"} else [100]
    for fields, limit in (("*.*", -1), *(("*.*.*", most) for most in deep)):
        query = reader.query(collection, [fields], Options(limit=limit), backlinks=False)
        require_affordable(BUILTIN, query, Settings.model_fields["max_repeated_rows"].default)
