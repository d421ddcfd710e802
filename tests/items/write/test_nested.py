"""To-many relations: fields, deep, filters, counts, and nested writes (directus.md 1.8, 2, 3.2)."""

import orjson
import pytest

from app.errors import FailedValidation, Forbidden, InvalidPayload
from app.items.query.selection import Options
from tests.items.conftest import ANTS, NONE, reader_of, titles

BEES = "20000000-0000-4000-8000-000000000000"
CATS = "30000000-0000-4000-8000-000000000000"


@pytest.fixture
def tagged(library, rows):
    """Ants is old and red, bees is old; Cats has no tag and stands on no shelf."""
    rows.execute("INSERT INTO tag (id, word) VALUES (1, 'old'), (2, 'red')")
    rows.execute(
        "INSERT INTO book_tag (book, tag, place) VALUES (%s, 1, 2), (%s, 2, 1), (%s, 1, 1)",
        [ANTS, ANTS, BEES],
    )
    return library


async def shelves(door, where):
    return [row["id"] for row in await door.read("shelf", "id", where=where, sort="id")]


async def test_without_fields_a_to_many_is_the_keys_of_its_rows(tagged):
    rows = await tagged.read("shelf", "id books", sort="id")
    assert rows == [
        {"id": "s1", "books": [ANTS]},
        {"id": "s2", "books": [BEES]},
        {"id": "s3", "books": []},
    ]


async def test_fields_go_through_junctions_and_back(tagged):
    [row] = await tagged.read(
        "shelf", "books.title books.tags.tag.word books.shelf.label", where={"id": {"_eq": "s1"}}
    )
    assert row == {
        "books": [
            {
                "title": "Ants",
                "tags": [{"tag": {"word": "old"}}, {"tag": {"word": "red"}}],
                "shelf": {"label": "Left"},
            }
        ]
    }


async def test_a_count_is_text_in_rest_as_the_driver_has_it(tagged):
    rows = await tagged.read("shelf", "id count(books)", sort="-count(books),id".replace(",", " "))
    assert [(row["id"], row["books_count"]) for row in rows] == [
        ("s1", "1"),
        ("s2", "1"),
        ("s3", "0"),
    ]


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ({"books": {"title": {"_eq": "Ants"}}}, ["s1"]),
        ({"books": {"_some": {"title": {"_eq": "Ants"}}}}, ["s1"]),
        ({"books": {"_none": {"title": {"_eq": "Ants"}}}}, ["s2", "s3"]),
        ({"books": {"_null": True}}, ["s3"]),
        ({"books": {"_nnull": True}}, ["s1", "s2"]),
        ({"books": ANTS}, ["s1"]),
        ({"books": {"_in": [ANTS, BEES]}}, ["s1", "s2"]),
        # A LEFT JOIN: no row counts as a row of nulls.
        ({"books": {"price": {"_null": True}}}, ["s2", "s3"]),
        ({"books": {"price": {"_nnull": True}}}, ["s1"]),
        # Conditions on one path look at one row.
        ({"books": {"title": {"_eq": "Ants"}, "pages": {"_eq": 20}}}, []),
        ({"_and": [{"books": {"title": {"_eq": "Ants"}}}, {"books": {"pages": {"_eq": 20}}}]}, []),
        (
            {"_or": [{"books": {"title": {"_eq": "Ants"}}}, {"label": {"_eq": "Loose"}}]},
            ["s1", "s3"],
        ),
        ({"books": {"tags": {"tag": {"word": {"_eq": "old"}}}}}, ["s1", "s2"]),
        ({"books": {"tags": {"tag": {"word": {"_eq": "red"}}}}}, ["s1"]),
        ({"books": {"tags": {"_some": {"tag": {"word": {"_eq": "red"}}}}}}, ["s1"]),
        ({"count(books)": {"_gt": 0}}, ["s1", "s2"]),
        ({"count(books)": {"_eq": 0}}, ["s3"]),
        ({"$FOLLOW(book,shelf)": {"title": {"_eq": "bees"}}}, ["s2"]),
        ({"room": {"shelves": {"_some": {"books": {"pages": {"_gt": 15}}}}}}, ["s2"]),
    ],
)
async def test_filters_through_to_manys(tagged, where, found):
    assert await shelves(tagged, where) == found


async def test_an_order_through_a_to_many_takes_the_least_or_the_greatest(tagged, rows):
    rows.execute("UPDATE book SET shelf = 's1' WHERE title = 'Cats'")
    assert [row["id"] for row in await tagged.read("shelf", "id", sort="books.pages id")] == [
        "s1",
        "s2",
        "s3",
    ]
    found = await tagged.read("shelf", "id", where={"books": {"_nnull": True}}, sort="-books.title")
    assert [row["id"] for row in found] == ["s2", "s1"]


@pytest.mark.parametrize(
    "field", ["id", "lent", "extra", "shelf", "price", "words", "opens", "tags"]
)
async def test_rows_of_any_type_order_what_they_are_of(tagged, field):
    for sort in (f"books.{field} id", f"-books.{field} id"):
        assert len(await tagged.read("shelf", "id", sort=sort)) == 3


async def test_each_alias_has_options_of_its_own(tagged, rows):
    rows.execute("UPDATE book SET shelf = 's1'")
    options = Options(
        alias={"cheap": "books", "dear": "books"},
        below={
            "cheap": Options(filter={"price": {"_lt": 5}}),
            "dear": Options(filter={"price": {"_gt": 5}}, limit=1),
            "books": Options(sort=("-title",), limit=2, page=1),
        },
        filter={"id": {"_eq": "s1"}},
    )
    fields = ["cheap.title", "dear.title", "books.title"]
    query = reader_of(tagged.items.schema).query("shelf", fields, options)
    assert orjson.loads(await tagged.items.many(query)) == [
        {
            "cheap": [{"title": "Ants"}],
            "dear": [{"title": "Cats"}],
            "books": [{"title": "bees"}, {"title": "Cats"}],
        }
    ]


async def test_the_limit_of_a_to_many_counts_for_each_parent(tagged, rows):
    rows.execute(
        "INSERT INTO book (title, shelf) SELECT 'b' || n, 's1' FROM generate_series(1, 150) n"
    )
    rows.execute(
        "INSERT INTO book (title, shelf) SELECT 'b' || n, 's2' FROM generate_series(1, 150) n"
    )
    found = await tagged.read("shelf", "books.title books", sort="id", limit=2)
    assert [len(row["books"]) for row in found] == [100, 100]


async def test_deep_reads_are_one_statement(tagged, statements):
    await tagged.read("room", "shelves.books.tags.tag.word", where={"shelves": {"_nnull": True}})
    assert len(statements) == 1


# Writing.


async def test_a_to_many_is_created_with_its_parent(door):
    [row] = await door.create(
        "shelf",
        {"id": "s9", "label": "New", "books": [{"title": "One"}, {"title": "Two", "pages": 3}]},
        fields="label books.title books.pages",
    )
    assert sorted(row["books"], key=str) == [
        {"title": "One", "pages": None},
        {"title": "Two", "pages": 3},
    ]


async def test_many_parents_with_many_rows_are_a_handful_of_statements(door, statements):
    await door.create(
        "shelf",
        *[
            {"id": f"s{n}", "label": "x", "books": [{"title": f"{n}-{m}"} for m in range(10)]}
            for n in range(100)
        ],
        fields="id",
    )
    assert len(statements) <= 5
    assert await door.items.count(door.query("book")) == 1000


async def test_an_array_is_the_whole_set(tagged):
    """Keys link, known objects update, others are made; who is left out is unlinked."""
    patch = {"books": [BEES, {"id": CATS, "pages": 9}, {"title": "Dogs"}]}
    [row] = await tagged.update("shelf", ("s1", patch), fields="books.title books.pages")
    assert sorted(row["books"], key=str) == [
        {"title": "Cats", "pages": 9},
        {"title": "Dogs", "pages": None},
        {"title": "bees", "pages": 20},
    ]
    assert await titles(tagged, where={"shelf": {"_null": True}}) == ["Ants"]
    assert await titles(tagged, where={"shelf": {"_eq": "s2"}}) == []


async def test_null_is_an_empty_set(tagged):
    await tagged.update("shelf", ("s1", {"books": None}))
    assert await titles(tagged, where={"shelf": {"_eq": "s1"}}) == []


async def test_an_object_names_the_changes(tagged):
    delta = {"create": [{"title": "Dogs"}], "update": [{"id": ANTS, "pages": 11}], "delete": []}
    await tagged.update("shelf", ("s1", {"books": delta}))
    assert await titles(tagged, where={"shelf": {"_eq": "s1"}}, sort="title") == ["Ants", "Dogs"]
    await tagged.update("shelf", ("s1", {"books": {"delete": [ANTS]}}))
    assert await titles(tagged, where={"shelf": {"_eq": "s1"}}) == ["Dogs"]
    assert "Ants" in await titles(tagged)


async def test_a_change_touches_rows_of_its_parent_only(tagged):
    delta = {"delete": [BEES, NONE, {"id": BEES}]}
    await tagged.update("shelf", ("s1", {"books": delta}))
    assert await titles(tagged, where={"shelf": {"_eq": "s2"}}) == ["bees"]
    for patch in ({"pages": 1}, {"pages": 1, "shelf": "s2"}, {"shelf": None}):
        with pytest.raises(Forbidden):
            await tagged.update("shelf", ("s1", {"books": {"update": [{"id": BEES, **patch}]}}))
    assert await titles(tagged, where={"pages": {"_eq": 1}}) == []


async def test_a_change_of_a_junction_touches_those_of_its_parent_only(tagged, rows):
    [theirs] = rows.execute("SELECT id FROM book_tag WHERE book = %s", [BEES]).fetchone()
    await tagged.update("book", (ANTS, {"tags": {"delete": [theirs]}}))
    change = {"update": [{"id": theirs, "tag": 2}]}
    with pytest.raises(Forbidden):
        await tagged.update("book", (ANTS, {"tags": change}))
    assert rows.execute("SELECT tag FROM book_tag WHERE id = %s", [theirs]).fetchall() == [(1,)]


async def test_a_row_comes_from_another_parent_where_it_is_said(tagged):
    for patch in ({"shelf": "s1"}, {"shelf": "s1", "pages": 7}):
        await tagged.update("shelf", ("s1", {"books": {"update": [{"id": BEES, **patch}]}}))
    found = await titles(tagged, where={"shelf": {"_eq": "s1"}, "pages": {"_eq": 7}})
    assert found == ["bees"]


async def test_a_row_of_no_parent_comes_by_any_change(tagged):
    """As exchange 172 of the recorded ones; it is taken from nobody."""
    await tagged.update("book", (BEES, {"shelf": None}))
    await tagged.update("shelf", ("s1", {"books": {"update": [{"id": BEES, "pages": 7}]}}))
    found = await titles(tagged, where={"shelf": {"_eq": "s1"}, "pages": {"_eq": 7}})
    assert found == ["bees"]


@pytest.mark.parametrize("delete", [[{}], [None], [[]], [{"id": None}], [{"title": "x"}]])
async def test_what_is_no_key_is_refused(tagged, delete):
    with pytest.raises(InvalidPayload, match="a key is needed"):
        await tagged.update("shelf", ("s1", {"books": {"delete": delete}}))


async def test_who_leaves_a_many_to_many_leaves_its_junction(tagged, rows):
    [row] = await tagged.update(
        "book",
        (ANTS, {"tags": [{"tag": {"id": 3, "word": "new"}}, {"tag": 2}]}),
        fields="tags.tag.word",
    )
    assert sorted(tag["tag"]["word"] for tag in row["tags"]) == ["new", "red"]
    assert rows.execute("SELECT count(*) FROM book_tag WHERE book = %s", [ANTS]).fetchone() == (2,)


@pytest.mark.parametrize(
    ("books", "message"),
    [
        ({"made": []}, 'update structure: "made" is not allowed'),
        ({"create": {}}, 'update structure: "create" must be an array'),
        ({"update": [{"title": "x"}]}, 'update structure: "id" is required'),
        ({"create": ["x"]}, "update structure: an object is needed"),
        ("x", "takes an array or an object of changes"),
    ],
)
async def test_a_malformed_change_is_refused(tagged, books, message):
    with pytest.raises(InvalidPayload, match=message):
        await tagged.update("shelf", ("s1", {"books": books}))


@pytest.mark.parametrize("key", [NONE, "nonsense"])
async def test_an_unknown_key_is_refused_and_nothing_is_changed(tagged, key):
    with pytest.raises(Forbidden):
        await tagged.update("shelf", ("s1", {"label": "changed", "books": [key]}))
    [row] = await tagged.read("shelf", "label books", where={"id": {"_eq": "s1"}})
    assert row == {"label": "Left", "books": [ANTS]}


async def test_what_is_wrong_below_says_where(door):
    shelf = {"id": "s9", "label": "x", "books": [{"title": "no!"}]}
    with pytest.raises(FailedValidation, match='field "title" at "books"') as refused:
        await door.create("shelf", shelf)
    assert refused.value.extensions["path"] == ["books"]
    assert await shelves(door, None) == []


async def test_a_singleton_is_its_defaults_until_it_is_written(door):
    query = door.query("note")
    assert await door.items.singleton(query) == b'{"id":null,"words":"none"}'
    await door.items.update_singleton("note", {"words": "some"}, door.back("note"))
    await door.items.update_singleton("note", {"words": "more"}, None)
    assert b'"words":"more"' in await door.items.singleton(query)
    assert await door.items.count(query) == 1
