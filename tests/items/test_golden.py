"""The statements themselves: a query in JSON, the SQL it becomes in the file next to it.

After a change of the compiler that is meant, write them anew and read the difference:
GOLDEN=write pytest tests/items/test_golden.py
"""

import json
import os
from pathlib import Path

import pytest

from app.access.caller import ANONYMOUS
from app.items.aggregate import OPERATIONS
from app.items.filter import FilterReader
from app.items.query import Aggregate, AggregateQuery, Group, Query, Value
from app.items.search import search_condition
from app.items.selection import FieldReader
from tests.items.books import COMPILER, LIBRARY

GOLDEN = Path(__file__).parent / "golden"
QUERIES = sorted(GOLDEN.glob("*.json"))


def statement_of(asked):
    collection, surface = asked["collection"], asked.get("surface", "rest")
    reader = FieldReader(LIBRARY, 10, surface)
    shared = {
        "filter": FilterReader(LIBRARY, ANONYMOUS, 10).read(collection, asked.get("filter")),
        "search": search_condition(LIBRARY, collection, asked.get("search")),
        "limit": Value(asked["limit"]) if "limit" in asked else None,
        "offset": Value(asked["offset"]) if "offset" in asked else None,
        "surface": surface,
    }
    form = asked.get("as", "items")
    if form == "aggregate":
        groups = tuple(Group(name, name) for name in asked.get("groupBy", ()))
        aggregates = tuple(
            Aggregate(name, name, tuple((field, field) for field in fields))
            for name, fields in asked["aggregate"].items()
            if name in OPERATIONS
        )
        sort = reader.aggregate_sort(collection, asked.get("sort", []), groups)
        query = AggregateQuery(collection, aggregates, groups, sort=sort, **shared)
        return COMPILER.aggregate(query)
    selection = reader.selection(collection, asked.get("fields", ["*"]))
    sort = () if form == "count" else reader.sort(collection, asked.get("sort", []))
    return getattr(COMPILER, form)(Query(collection, selection, sort=sort, **shared))


@pytest.mark.parametrize("path", QUERIES, ids=lambda path: path.stem)
def test_a_query_becomes_this_statement(path):
    statement = statement_of(json.loads(path.read_text()))
    bound = "".join(f"-- {name}: {value!r}\n" for name, value in sorted(statement.values.items()))
    text = "\n".join(line.rstrip() for line in statement.sql.splitlines()) + "\n" + bound
    golden = path.with_suffix(".sql")
    if os.environ.get("GOLDEN") == "write":
        golden.write_text(text)
    assert golden.read_text() == text


def test_every_statement_has_its_query():
    assert [path.stem for path in QUERIES] == sorted(path.stem for path in GOLDEN.glob("*.sql"))
    assert len(QUERIES) >= 10


@pytest.mark.parametrize("path", QUERIES, ids=lambda path: path.stem)
def test_postgresql_takes_the_statement(rows, path):
    statement = statement_of(json.loads(path.read_text()))
    rows.execute(f"EXPLAIN {statement.sql}", statement.values)
