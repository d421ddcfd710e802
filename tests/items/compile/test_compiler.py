"""One statement for each read, kept by shape, under whatever names the caller chooses."""

import json
from dataclasses import replace
from decimal import Decimal

import orjson
import pytest

from app.access.caller import Caller
from app.access.permissions import Permission, Permissions
from app.errors import AnswerTooLarge
from app.items.compile.compiler import Compiler
from app.items.items import Items
from app.items.query.selection import Options
from app.items.query.tree import (
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
from tests.items.books import COMPILER, LIBRARY, TABLES
from tests.items.conftest import ANTS, USER, reader_of, titles


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


PLAN = "EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {}"


def made(plan):
    """How many rows were made of the to-one relations in a plan, loops times rows."""
    nodes, found = [plan], 0
    while nodes:
        node = nodes.pop()
        nodes += node.get("Plans", ())
        if node.get("Relation Name") == "shelf":
            found += node["Actual Loops"]
    return found


@pytest.mark.parametrize(
    "page",
    [
        {"limit": 5, "offset": 300},
        {"limit": 5, "sort": "-title"},
        {"limit": 5, "where": {"status": {"_eq": "in"}}},
        {"offset": 395},
    ],
    ids=str,
)
async def test_a_page_costs_what_its_rows_cost(library, rows, page):
    """Of rows that are skipped or cut off nothing is made, nor of what they refer to."""
    rows.execute(
        "INSERT INTO book (id, title, status, shelf, copies)"
        " SELECT gen_random_uuid(), 'b' || n, 'in', 's1', 1 FROM generate_series(1, 397) AS n"
    )
    rows.execute("ANALYZE book")
    query = library.query("book", "title shelf.label", **page)
    statement = COMPILER.items(query)
    found = orjson.loads(await library.items.many(query))
    assert len(found) == 5
    [[plan]] = rows.execute(PLAN.format(statement.sql), statement.values).fetchone()
    assert 0 < made(plan["Plan"]) <= 5
    plain = library.query("book", "title", **page)
    assert [book["title"] for book in found] == [
        book["title"] for book in orjson.loads(await library.items.many(plain))
    ]


@pytest.mark.parametrize("rule", [{}, {"status": {"_neq": "lost"}}])
async def test_of_one_key_nothing_else_is_on_the_page(library, rule):
    """So its keys are not looked for first."""
    permissions = Permissions((Permission("book", "read", rule=rule), Permission("shelf", "read")))
    items = replace(library.items, caller=Caller(USER, permissions=permissions))
    query = library.query("book", "title shelf.label")
    reading = items.reading_by_key(None, lambda: query)
    assert '"page."' not in reading.statement.sql
    assert orjson.loads(await items.find(reading, ANTS))["title"] == "Ants"


async def test_a_page_of_a_to_many_costs_what_its_rows_cost(library, rows):
    rows.execute("UPDATE book SET shelf = NULL")
    rows.execute(
        "INSERT INTO book (id, title, status, shelf, sequel, copies)"
        f" SELECT gen_random_uuid(), 'b' || n, 'in', 's1', '{ANTS}', 1"
        " FROM generate_series(1, 400) AS n"
    )
    below = {"books": Options(limit=3, offset=9)}
    options = Options(filter={"id": {"_eq": "s1"}}, limit=-1, below=below)
    query = reader_of(LIBRARY).query("shelf", ["id", "books.sequel.shelf.id"], options)
    statement = COMPILER.items(query)
    [[plan]] = rows.execute(PLAN.format(statement.sql), statement.values).fetchone()
    [shelf] = orjson.loads(await library.items.many(query))
    assert len(shelf["books"]) == 3
    assert 0 < made(plan["Plan"]) <= 1 + 3


# The cache of statements.


async def test_queries_of_one_shape_share_a_statement_and_keep_their_values(library):
    compiler = Compiler(LIBRARY, TABLES)
    library.items = Items(library.items.database, compiler, library.items.caller)
    for term, wanted in (("Ants", ["Ants"]), ("Cats", ["Cats"]), ("Dogs", [])):
        assert await titles(library, where={"title": {"_eq": term}}, limit=5) == wanted
    for limit in (1, 2, 3):
        assert len(await titles(library, limit=limit)) == limit
    kept = list(compiler._list._texts)
    assert len(kept) == 2
    assert {value.value for query in kept for value in values(query)} == {None}


async def test_a_number_and_a_text_at_one_json_path_are_two_shapes(library, rows):
    rows.execute("""UPDATE book SET extra = '{"n": "9"}' WHERE title = 'Ants'""")
    rows.execute("""UPDATE book SET extra = '{"n": 9.0}' WHERE title = 'Cats'""")
    library.items = Items(library.items.database, Compiler(LIBRARY, TABLES), library.items.caller)
    for value, wanted in ((9, ["Ants", "Cats"]), ("9", ["Ants"]), ("9.0", ["Cats"]), (9.1, [])):
        found = await titles(library, where={"extra": {"_json": {"n": {"_eq": value}}}})
        assert sorted(found) == wanted
    assert await titles(
        library, where={"extra": {"_json": {"n": {"_in": [9, 10]}}}, "title": "Cats"}
    )


async def test_no_list_of_a_row_is_larger_than_an_answer(library, rows):
    """However it is nested, and beside others: all lists of a row are there at once."""
    rows.execute("UPDATE book SET summary = repeat('x', 1000)")
    rows.execute("UPDATE book SET shelf = (SELECT id FROM shelf ORDER BY id LIMIT 1)")
    [count] = rows.execute("SELECT count(*) FROM book").fetchone()
    books = Query("book", (Leaf("summary", "summary"),))

    async def read(most, *keys):
        compiler = Compiler(LIBRARY, TABLES, most=most)
        items = Items(library.items.database, compiler, library.items.caller)
        query = Query("shelf", tuple(Nested(key, "books", books) for key in keys))
        await items.many(query)
        await items.one(replace(query, limit=Value(1)))

    await read(1100 * count, "a")
    with pytest.raises(AnswerTooLarge):
        await read(900 * count, "a")
    await read(9000 * count, *"abcdefgh")
    with pytest.raises(AnswerTooLarge):  # each of eight has half of it
        await read(1900 * count, *"abcdefgh")


def test_the_oldest_statement_makes_room():
    compiler = Compiler(LIBRARY, TABLES, keep=2)
    for key in ("a", "b", "c"):
        compiler.items(Query("book", (Leaf(key, "title"),)))
    assert [query.selection[0].key for query in compiler._list._texts] == ["b", "c"]


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


@pytest.mark.parametrize("name", ["a" * 64, "é" * 32, "%'\"" * 30])
async def test_a_name_may_be_longer_than_postgresql_s_are(library, name):
    nodes = (
        Leaf(f"{name}1", "title"),
        Nested("s", "shelf", Query("shelf", (Leaf(name, "label"),))),
    )
    ants = Compare(("title",), "_eq", Value("Ants"))
    found = await library.items.many(Query("book", nodes, filter=ants))
    assert orjson.loads(found) == [{f"{name}1": "Ants", "s": {name: "Left"}}]
    aggregates = (
        Aggregate(f"{name}1", "countAll", ()),
        Aggregate("count", "count", ((f"{name}2", "id"),)),
    )
    counted = await library.items.aggregate(AggregateQuery("book", aggregates))
    assert orjson.loads(counted) == [{f"{name}1": "3", "count": {f"{name}2": "3"}}]


async def test_an_empty_selection_is_an_empty_object(library):
    """All fields of a level may be skipped by directives."""
    ants = Compare(("title",), "_eq", Value("Ants"))
    query = Query("book", (Nested("s", "shelf", Query("shelf", ())),), filter=ants)
    assert orjson.loads(await library.items.many(query)) == [{"s": {}}]
    assert orjson.loads(await library.items.many(Query("room", ()))) == [{}, {}]


def test_decimals_of_filters_keep_their_digits(rows):
    rows.execute("INSERT INTO book (title, price) VALUES ('a', 0.10)")
    query = Query("book", (), Compare(("price",), "_eq", Value(Decimal("0.10"))))
    statement = COMPILER.count(query)
    assert rows.execute(statement.sql, statement.values).fetchone() == (1,)


def test_statements_hold_no_values():
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
