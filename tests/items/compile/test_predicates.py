"""Every filter operator against what it means in Python, NULLs included (directus.md 3.1)."""

import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.access.caller import ANONYMOUS
from app.items.query.filter import FilterReader
from app.items.query.operators import ADMITTED
from app.items.query.tree import Query
from tests.items.books import COMPILER, LIBRARY
from tests.items.conftest import keys_of

UUIDS = [f"0000000{n}-0000-4000-8000-00000000000{n}" for n in range(1, 4)]
TEXTS = st.text("abA%_ ", max_size=3)
MOMENTS = st.integers(0, 64 * 24).map(
    lambda hours: datetime(2023, 12, 29, tzinfo=UTC) + timedelta(hours=hours)
)

STORED = {
    "title": st.text("abA%_ ", min_size=1, max_size=3),
    "summary": TEXTS,
    "words": st.sampled_from(["a,b", "b", "aA,%"]),
    "pages": st.integers(-3, 3),
    "copies": st.sampled_from([0, 2**40, -(2**40)]),
    "isbn": st.sampled_from([1, 2**62]),
    "price": st.decimals(-2, 2, places=1),
    "weight": st.sampled_from([-1.5, 0.0, 0.25]),
    "lent": st.booleans(),
    "label": st.sampled_from(UUIDS),
    "bought_at": MOMENTS,
    "read_at": MOMENTS.map(lambda moment: moment.replace(tzinfo=None)),
    "printed": MOMENTS.map(lambda moment: moment.date()),
    "opens": MOMENTS.map(lambda moment: moment.time()),
    "extra": st.sampled_from([{"a": 1}, [], "x"]),
    "shelf": st.sampled_from(["s1", "s2"]),
}
SHELVES = {"s1": "aA", "s2": None}
REQUIRED = {"title"}
RANGES = {"_between", "_nbetween"}
LISTS = {"_in", "_nin"}
CLAIMS = {"_null", "_nnull", "_empty", "_nempty"}
MEANINGS = {
    "_eq": lambda value, operand: value == operand,
    "_neq": lambda value, operand: value != operand,
    "_lt": lambda value, operand: value < operand,
    "_lte": lambda value, operand: value <= operand,
    "_gt": lambda value, operand: value > operand,
    "_gte": lambda value, operand: value >= operand,
    "_in": lambda value, operand: value in operand,
    "_nin": lambda value, operand: value not in operand,
    "_between": lambda value, operand: operand[0] <= value <= operand[1],
    "_nbetween": lambda value, operand: not operand[0] <= value <= operand[1],
}
TEXTUAL = {"_contains": ("", ""), "_starts_with": ("^", ""), "_ends_with": ("", "$")}
PARTS = {
    "year": lambda d: d.year,
    "month": lambda d: d.month,
    "week": lambda d: d.isocalendar().week,
    "day": lambda d: d.day,
    "weekday": lambda d: d.isoweekday() % 7,
    "hour": lambda d: d.hour,
}


def wire(value):
    """A value as JSON has it."""
    if isinstance(value, Decimal):
        return str(value)
    return value.isoformat() if isinstance(value, date | time) else value


def type_of(field):
    return LIBRARY.fields("book")[field].type


@st.composite
def books(draw):
    """Up to five rows, every field null now and then."""
    rows = []
    for number in range(draw(st.integers(0, 5))):
        row = {"id": f"{number}0000000-0000-4000-8000-000000000000"}
        for name, values in STORED.items():
            row[name] = draw(values if name in REQUIRED else st.none() | values)
        rows.append(row)
    for name in ("isbn",):  # unique
        seen = set()
        for row in rows:
            row[name] = None if row[name] in seen else row[name]
            seen.add(row[name])
    pairs = set()
    return [
        r
        for r in rows
        if (r["shelf"], r["title"]) not in pairs and not pairs.add((r["shelf"], r["title"]))
    ]


@st.composite
def comparisons(draw):
    """One condition on one field: the filter object and its meaning."""
    field = draw(st.sampled_from(sorted(set(STORED) - {"shelf"})))
    part = None
    if isinstance_date(field) and draw(st.booleans()):
        part = draw(
            st.sampled_from(
                sorted(PARTS) if "time" in type_of(field).lower() else sorted(set(PARTS) - {"hour"})
            )
        )
        operators, values = ADMITTED["integer"], st.integers(0, 60) | st.just(2024)
    else:
        operators = ADMITTED[type_of(field)] - {"_json"}  # of another form
        values = STORED[field].filter(lambda value: value != "")
    operator = draw(st.sampled_from(sorted(operators)))
    if type_of(field) == "timestamp" and part is None and operator.endswith("contains"):
        operator = "_eq"  # its text form is PostgreSQL's own
    if operator in CLAIMS:
        operand = draw(st.booleans())
    elif operator in RANGES:
        operand = draw(st.lists(values, min_size=2, max_size=2))
    elif operator in LISTS:
        operand = draw(st.lists(values, min_size=1, max_size=3))
    else:
        operand = draw(values)
    given = [wire(v) for v in operand] if isinstance(operand, list) else wire(operand)
    name = field if part is None else f"{part}({field})"

    def meaning(row):
        value = row[field]
        if part is not None and value is not None:
            value = PARTS[part](value)
        return holds(operator, value, operand)

    return {name: {operator: given}}, meaning


def isinstance_date(field):
    return type_of(field) in {"date", "dateTime", "timestamp"}


def holds(operator, value, operand):
    """What an operator means. A missing value matches only what asks for it."""
    if operator in CLAIMS:
        name = operator.removeprefix("_")
        missing = value is None or (name.endswith("empty") and value == "")
        return (missing == (name in {"null", "empty"})) == operand
    if value is None:
        return False
    if operator in MEANINGS:
        return MEANINGS[operator](value, operand)
    name = operator.removeprefix("_")
    negated = name.startswith("n")
    name = name.removeprefix("n")
    folded = name.startswith("i")
    start, end = TEXTUAL["_" + name.removeprefix("i")]
    flags = re.DOTALL | (re.IGNORECASE if folded else 0)
    return (re.search(f"{start}{re.escape(operand)}{end}", value, flags) is not None) != negated


@st.composite
def on_shelves(draw):
    """A condition through the relation: a book without a shelf has no label."""
    operator = draw(st.sampled_from(["_eq", "_neq", "_null", "_nnull", "_empty"]))
    operand = draw(st.booleans()) if operator in CLAIMS else draw(st.sampled_from(["aA", "b"]))
    filter_ = {"shelf": {"label": {operator: operand}}}
    return filter_, lambda row: holds(operator, SHELVES.get(row["shelf"]), operand)


def combined(children):
    def joined(parts, key):
        keys = {"_and": all, "_or": any}
        if not parts or (key == "_or" and any(f == {} for f, _ in parts)):
            return {key: [f for f, _ in parts]}, lambda _row: True
        return (
            {key: [f for f, _ in parts]},
            lambda row: keys[key](meaning(row) for _, meaning in parts),
        )

    return st.builds(joined, st.lists(children, max_size=3), st.sampled_from(["_and", "_or"]))


FILTERS = st.recursive(
    comparisons() | on_shelves() | st.just(({}, lambda _row: True)), combined, max_leaves=5
)


@pytest.fixture
def shelves(rows):
    # label is required by the definition, so the null goes in below it
    rows.execute("ALTER TABLE shelf ALTER label DROP NOT NULL")
    for key, label in SHELVES.items():
        rows.execute("INSERT INTO shelf (id, label) VALUES (%s, %s)", [key, label])
    yield rows
    rows.execute("DELETE FROM book")
    rows.execute("DELETE FROM shelf")
    rows.execute("ALTER TABLE shelf ALTER label SET NOT NULL")


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(books=books(), filtered=FILTERS)
def test_a_filter_matches_the_rows_python_would(shelves, books, filtered):
    filter_, meaning = filtered
    with shelves.transaction(force_rollback=True):
        rows = [{name: wire(value) for name, value in row.items()} for row in books]
        shelves.execute("SET LOCAL timezone = 'UTC'")
        shelves.execute(
            "INSERT INTO book (id, "
            + ", ".join(STORED)
            + ") SELECT id, "
            + ", ".join(STORED)
            + " FROM json_populate_recordset(NULL::book, %s::json)",
            [orjson.dumps(rows).decode()],
        )
        assert keys_of(shelves, filter_) == sorted(r["id"] for r in books if meaning(r))


TITLES = ["a", "A", "aA", "Ab", "ba", "_", "%", "a%A", "\\", "a\\", "\\%", " ", "AAA", None, ""]


@pytest.mark.parametrize("operator", sorted(ADMITTED["text"] - LISTS))
def test_a_text_operator_means_what_it_says(rows, operator):
    """Every operand on every text: case, what LIKE has other meanings for, the whole text."""
    with rows.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO book (title, summary) VALUES (%s, %s)",
            [(str(place), text) for place, text in enumerate(TITLES)],
        )
    operands = [True, False] if operator in CLAIMS else [text for text in TITLES if text]
    for operand in operands:
        condition = FilterReader(LIBRARY, ANONYMOUS, 10).read(
            "book", {"summary": {operator: operand}}
        )
        statement = COMPILER.keys(Query("book", (), filter=condition))
        sql = f"SELECT title FROM book WHERE id IN ({statement.sql})"
        found = {int(row[0]) for row in rows.execute(sql, statement.values)}
        wanted = {n for n, text in enumerate(TITLES) if holds(operator, text, operand)}
        assert found == wanted, operand
