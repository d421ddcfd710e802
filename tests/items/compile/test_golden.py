"""The statements themselves: a query in JSON, the SQL it becomes in the file next to it.

After a change of the compiler that is meant, write them anew and read the difference:
GOLDEN=write pytest tests/items/compile/test_golden.py
"""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from app.access.caller import SYSTEM, Caller
from app.access.permissions import Permission, Permissions
from app.items.policy.read_policy import Restrictor
from app.items.query.groups import aggregate_query
from app.items.query.selection import Options
from tests.items.books import COMPILER, LIBRARY
from tests.items.conftest import USER, reader_of

CALLERS = {
    "admin": SYSTEM,
    "reader": Caller(
        USER,
        permissions=Permissions(
            (
                Permission("book", "read", rule={"shelf": {"room": {"name": {"_neq": "Vault"}}}}),
                Permission(
                    "book",
                    "read",
                    fields=frozenset({"title", "price"}),
                    rule={"user_created": {"_eq": "$CURRENT_USER"}},
                ),
                Permission("shelf", "read", rule={"books": {"status": {"_eq": "in"}}}),
            )
        ),
    ),
}
"""Who asks: an admin, and somebody whose rules go through relations and mask fields."""

GOLDEN = Path(__file__).parent / "golden"
QUERIES = sorted(GOLDEN.glob("*.json"))


def statement_of(asked):
    collection, form = asked["collection"], asked.get("as", "items")
    reader = reader_of(LIBRARY, asked.get("surface", "rest"))
    options = Options(
        filter=asked.get("filter"),
        search=asked.get("search"),
        sort=tuple(asked.get("sort", ())),
        limit=asked.get("limit", -1),
        offset=asked.get("offset"),
        alias=asked.get("alias", {}),
        below={name: Options(**deep) for name, deep in asked.get("deep", {}).items()},
    )
    if form == "aggregate":
        query = aggregate_query(
            reader, collection, asked["aggregate"], asked.get("groupBy", []), options
        )
        return COMPILER.aggregate(query)
    query = reader.query(collection, asked.get("fields", ["*"]), options)
    if form == "count":
        query = replace(query, selection=(), sort=(), limit=None)
    caller = CALLERS[asked.get("caller", "admin")]
    return getattr(COMPILER, form)(Restrictor(LIBRARY, caller).restricted(query))


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
