"""Nothing of a caller's that takes time or fails is computed of rows that its rule hides."""

import json

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.access.caller import ANONYMOUS, Caller
from app.access.permissions import Permission, Permissions
from app.items import hooks
from app.items.compile.compiler import Compiler
from app.items.items import Items
from app.items.policy.read_policy import Restrictor
from app.items.query.filter import FilterReader
from app.items.query.selection import Options
from app.items.query.tree import Query
from tests.items.books import COMPILER, LIBRARY, TABLES
from tests.items.conftest import DATA, USER, Door, opened, reader_of

NOT_BEES = {
    "a constant": {"status": {"_eq": "in"}},
    "two constants": {"status": {"_eq": "in"}, "copies": {"_gt": 0}},
    "a list": {"title": {"_in": ["Ants", "Cats", *map(str, range(60))]}},
    "any of some": {"_or": [{"title": {"_eq": "Ants"}}, {"title": {"_eq": "Cats"}}]},
    "a function": {"_or": [{"year(printed)": {"_eq": 2024}}, {"pages": {"_null": True}}]},
    "the caller's row": {"shelf": {"_neq": "s2"}, "title": {"_neq": "$CURRENT_USER.first_name"}},
    "a relation": {"shelf": {"label": {"_eq": "Left"}}},
    "a relation of a relation": {"shelf": {"room": {"name": {"_neq": "Cellar"}}}},
    "rows": {"tags": {"tag": {"word": {"_eq": "seen"}}}},
    "some rows": {"tags": {"_some": {"tag": {"word": {"_eq": "seen"}}}}},
    "a relation's rows": {"shelf": {"books": {"_none": {"title": {"_eq": "bees"}}}}},
}
"""Rules of all kinds that hide one book, "bees", and its twenty pages."""


def caller_of(rule):
    permissions = (
        Permission("book", "read", rule=rule),
        *(Permission(name, "read") for name in ("shelf", "room", "tag", "book_tag", "loan")),
    )
    return Caller(USER, permissions=Permissions(permissions))


@pytest.fixture
def books(rows):
    rows.execute(DATA)
    rows.execute(
        "INSERT INTO tag VALUES (1, 'seen'); "
        "INSERT INTO book_tag (book, tag) SELECT id, 1 FROM book WHERE title <> 'bees'; "
        "INSERT INTO loan (id, book, place) SELECT gen_random_uuid(), id, 's1' FROM book"
    )
    return rows


FAILS_OF_BEES = {"number": {"_gte": -100}}
"""`number` is computed so that this fails where a book has twenty pages."""
ASKED = [
    ("book", {"filter": FAILS_OF_BEES}),
    ("book", {"filter": {"_and": [{"pages": {"_eq": 20}}, FAILS_OF_BEES]}}),
    ("book", {"filter": {"_and": [{"title": {"_starts_with": "b"}}, FAILS_OF_BEES]}}),
    ("book", {"filter": {"_or": [FAILS_OF_BEES, {"shelf": {"label": {"_eq": "x"}}}]}}),
    ("book", {"filter": {"_or": [FAILS_OF_BEES, {"tags": {"id": {"_lt": 0}}}]}}),
    ("book", {"sort": ["number"]}),
    ("book", {"filter": {"sequel": FAILS_OF_BEES}}),
    ("book", {"sort": ["sequel.number"]}),
    ("shelf", {"filter": {"books": FAILS_OF_BEES}}),
    ("shelf", {"filter": {"books": {"_some": FAILS_OF_BEES}}}),
    ("shelf", {"filter": {"books": {"_none": FAILS_OF_BEES}}}),
    ("shelf", {"filter": {"$FOLLOW(book,shelf)": {"_some": FAILS_OF_BEES}}}),
    ("shelf", {"filter": {"_or": [{"books": FAILS_OF_BEES}, {"label": {"_eq": "x"}}]}}),
    ("shelf", {"filter": {"room": {"shelves": {"books": FAILS_OF_BEES}}}}),
    ("shelf", {"sort": ["books.number"]}),
    ("loan", {"filter": {"book": FAILS_OF_BEES}}),
    ("loan", {"filter": {"_or": [{"book": FAILS_OF_BEES}, {"id": {"_null": True}}]}}),
]


@pytest.mark.parametrize("rule", NOT_BEES.values(), ids=NOT_BEES)
@pytest.mark.parametrize("plan", ["nestloop", "hashjoin", "none"])
def test_what_fails_of_a_hidden_row_does_not_fail(books, monkeypatch, rule, plan):
    """Whatever way PostgreSQL joins."""
    failing = ("book", "number"), lambda table: 100 / (table.c.pages - 20)
    monkeypatch.setitem(hooks._expressions, *failing)
    compiler = Compiler(LIBRARY, TABLES)
    if plan != "none":
        books.execute(f"SET enable_{plan} = off")
    for collection, asked in ASKED:
        options = Options(filter=asked.get("filter"), sort=tuple(asked.get("sort", ())), limit=-1)
        query = reader_of(LIBRARY).query(collection, ["id"], options)
        restricted = Restrictor(LIBRARY, caller_of(rule)).restricted(query)
        for statement in (compiler.items(restricted), compiler.count(restricted)):
            books.execute(statement.sql, statement.values)


async def test_a_search_a_group_and_a_list_of_a_list_say_nothing_of_a_hidden_row(
    books, library_url, monkeypatch
):
    failing = ("book", "number"), lambda table: 100 / (table.c.pages - 20)
    monkeypatch.setitem(hooks._expressions, *failing)
    compiler = Compiler(LIBRARY, TABLES)
    async with opened(library_url) as database:
        for rule in NOT_BEES.values():
            door = Door(Items(database, compiler, caller_of(rule)))
            await door.read("book", "title number", search="5")
            query = door.items.reader().query(
                "shelf",
                ["books.number"],
                Options(limit=-1, below={"books": Options(filter=FAILS_OF_BEES, sort=("number",))}),
            )
            shelves = orjson.loads(await door.items.many(query))
            assert {"books": []} in shelves


def filters_of(plan):
    """Every filter in a plan as PostgreSQL prints it."""
    for name, value in plan.items():
        if name.endswith(("Filter", "Recheck Cond")):
            yield value
        for below in value if name == "Plans" else ():
            yield from filters_of(below)


@pytest.mark.parametrize("rule", NOT_BEES.values(), ids=NOT_BEES)
@pytest.mark.parametrize(
    "asked",
    [
        {
            "_and": [
                {"id": {"_neq": USER}},
                *[{"summary": {"_ncontains": f"zz{n}"}} for n in (1, 2)],
            ]
        },
        {"title": {"_icontains": "zz"}, "pages": {"_lt": 7}},
        {"sequel": {"summary": {"_icontains": "zz"}}},
        {"sequel": {"_and": [{"summary": {"_ncontains": f"zz{n}"}} for n in (1, 2)]}},
    ],
)
def test_the_rule_is_asked_first_in_every_plan(books, rule, asked):
    """Also where it is `column = constant`, which PostgreSQL else computes last."""
    query = Query("book", (), filter=FilterReader(LIBRARY, ANONYMOUS, 10).read("book", asked))
    statement = COMPILER.keys(Restrictor(LIBRARY, caller_of(rule)).restricted(query))
    for unused in ("", "hashjoin", "nestloop", "indexscan", "seqscan"):
        if unused:
            books.execute(f"SET enable_{unused} = off")
        explained = books.execute(f"EXPLAIN (FORMAT JSON) {statement.sql}", statement.values)
        [[[plan]]] = explained.fetchall()
        found = [text for text in filters_of(plan["Plan"]) if "zz" in text]
        assert found
        for text in found:
            assert "CASE WHEN" in text.partition("zz")[0], text


RULES = st.sampled_from(list(NOT_BEES.values()))
COMPARED = st.sampled_from(
    [
        {"title": {"_icontains": "a"}},
        {"title": {"_starts_with": "b"}},
        {"copies": {"_lte": 1}},
        {"title": {"_in": ["Ants", "bees"]}},
        {"summary": {"_null": True}},
        {"summary": {"_empty": True}},
        {"pages": {"_gt": 5}},
        {"pages": {"_neq": 20}},
        {"pages": {"_null": True}},
        {"year(printed)": {"_eq": 2024}},
        {"count(tags)": {"_eq": 0}},
        {"extra": {"_json": {"a[0]": {"_eq": 1}}}},
        {"shelf": {"label": {"_contains": "Le"}}},
        {"shelf": {"label": {"_null": True}}},
        {"sequel": {"title": {"_null": True}}},
        {"sequel": {"title": {"_ncontains": "zz"}}},
        {"sequel": {"summary": {"_empty": True}}},
        {"shelf": {"books": {"title": {"_contains": "s"}}}},
        {"shelf": {"books": {"title": {"_null": True}}}},
        {"shelf": {"books": {"_some": {"pages": {"_gt": 15}}}}},
        {"tags": {"_none": {"tag": {"word": {"_contains": "e"}}}}},
    ]
)
FILTERS = st.recursive(
    COMPARED,
    lambda below: st.builds(
        lambda key, parts: {key: parts},
        st.sampled_from(["_and", "_or"]),
        st.lists(below, min_size=1, max_size=3),
    ),
    max_leaves=8,
)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rule=RULES, asked=FILTERS)
def test_a_caller_finds_what_is_there_without_the_hidden_rows(books, rule, asked):
    """What a caller finds is what everybody would find if the hidden rows were not stored."""
    reader = FilterReader(LIBRARY, ANONYMOUS, 10)
    query = Query("book", (), filter=reader.read("book", asked))
    statement = COMPILER.keys(Restrictor(LIBRARY, caller_of(rule)).restricted(query))
    found = {row[0] for row in books.execute(statement.sql, statement.values)}
    hiding = COMPILER.keys(Query("book", (), filter=reader.read("book", rule_for_all(rule))))
    shown = {row[0] for row in books.execute(hiding.sql, hiding.values)}
    with books.transaction(force_rollback=True):
        books.execute("UPDATE book SET sequel = NULL WHERE NOT sequel = ANY(%s)", [list(shown)])
        books.execute("DELETE FROM loan")
        books.execute("DELETE FROM book WHERE NOT id = ANY(%s)", [list(shown)])
        everybody = COMPILER.keys(query)
        assert found == {row[0] for row in books.execute(everybody.sql, everybody.values)}


def rule_for_all(rule):
    """A rule as a filter of somebody who has no row of its own."""
    return json.loads(json.dumps(rule).replace("$CURRENT_USER.first_name", "Ada"))
