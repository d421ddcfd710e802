"""Filters: every operator against what it means in Python, and what is refused (directus.md 3)."""

import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import orjson
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.access.caller import ANONYMOUS, Caller
from app.errors import Forbidden, InvalidQuery
from app.items.filter import FilterReader
from app.items.operators import ADMITTED
from app.items.query import Query
from tests.items.library import COMPILER, LIBRARY

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
        operators = ADMITTED[type_of(field)]
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
    # % and _ are wildcards (directus.md 3.1).
    wild = "".join({"%": ".*", "_": "."}.get(c, re.escape(c)) for c in operand)
    flags = re.DOTALL | (re.IGNORECASE if folded else 0)
    return (re.search(f"{start}{wild}{end}", value, flags) is not None) != negated


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


def keys_of(connection, filter_):
    condition = FilterReader(LIBRARY, ANONYMOUS, 10).read("book", filter_)
    statement = COMPILER.keys(Query("book", (), filter=condition))
    found = connection.execute(statement.sql, statement.values).fetchall()
    return sorted(str(row[0]) for row in found)


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
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


TITLES = ["a", "A", "aA", "Ab", "ba", "_", "%", "a%A", " ", "AAA", None, ""]


@pytest.mark.parametrize("operator", sorted(ADMITTED["text"] - LISTS))
def test_a_text_operator_means_what_it_says(rows, operator):
    """Every operand on every text: case, wildcards, the whole text, nothing at all."""
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


@pytest.mark.parametrize(
    ("filter_", "reason"),
    [
        ({"title": {"_in": []}}, '"_in" has to be an array of values'),
        ({"title": {"_in": 5}}, '"_in" has to be an array of values'),
        ({"title": {"_nin": None}}, '"_nin" has to be an array of values'),
        ({"pages": {"_between": "x"}}, "Invalid numeric value"),
        ({"title": {"_null": "x"}}, '"_null" has to be a boolean'),
        ({"title": {"_empty": 1}}, '"_empty" has to be a boolean'),
        ({"title": {"_nnull": []}}, '"_nnull" has to be a boolean'),
        (
            {"title": {"_eq": ["a"]}},
            'The filter value for "_eq" has to be a string, number, or boolean',
        ),
        (
            {"title": {"_contains": {"a": 1}}},
            'The filter value for "_contains" has to be a string, number, or boolean',
        ),
        (
            {"title": {"_in": [None]}},
            'The filter value for "_in" has to be a string, number, or boolean',
        ),
        (
            {"pages": {"_gt": None}},
            'The filter value for "_gt" has to be a string, number, or boolean',
        ),
        ({"pages": {"_eq": 2**53}}, 'The filter value for "_eq" is not a valid number'),
        ({"pages": {"_lt": "1e9999999"}}, 'The filter value for "_lt" is not a valid number'),
        (
            {"title": {"_eq": ""}},
            'You can\'t filter for an empty string in "_eq". Use "_empty" or "_nempty" instead',
        ),
        (
            {"title": {"_in": "a,,b"}},
            'You can\'t filter for an empty string in "_in". Use "_empty" or "_nempty" instead',
        ),
        ({"pages": {"_eq": "abc"}}, "Invalid numeric value"),
        ({"pages": {"_eq": "NaN"}}, "Invalid numeric value"),
        ({"pages": {"_eq": "Infinity"}}, "Invalid numeric value"),
        ({"pages": {"_eq": "1_0"}}, "Invalid numeric value"),
        ({"pages": {"_eq": True}}, "Invalid numeric value"),
        ({"pages": {"_eq": 1.5}}, "Invalid numeric value"),
        ({"year(printed)": {"_eq": "soon"}}, "Invalid numeric value"),
        (
            {"extra": {"_eq": 1}},
            '"json" field type does not contain the "_eq" filter operator',
        ),
        (
            {"pages": {"_contains": "1"}},
            '"integer" field type does not contain the "_contains" filter operator',
        ),
        (
            {"lent": {"_in": [True]}},
            '"boolean" field type does not contain the "_in" filter operator',
        ),
        (
            {"label": {"_contains": "0"}},
            '"uuid" field type does not contain the "_contains" filter operator',
        ),
        ({"title": {"_regex": "a"}}, 'Invalid filter operator "_regex"'),
        ({"title": {"_submitted": True}}, 'Invalid filter operator "_submitted"'),
        ({"title": {"_nicontains": "a"}}, 'Invalid filter operator "_nicontains"'),
        ({"title": {"_nope": "a"}}, 'Invalid filter operator "_nope"'),
        ({"title": {"nope": "a"}}, 'Invalid filter key "nope" on "title"'),
        ({"_eq": "a"}, 'Invalid filter key "_eq" on "book"'),
        (5, 'Invalid filter key "_eq" on "book"'),
        ([{"title": "a"}], 'Invalid filter key "_eq" on "book"'),
        ({"_and": 5}, '"_and" has to be an array of filter objects'),
        ({"_or": ["a"]}, '"_or" has to be an array of filter objects'),
        ({"title": {"_or": "a"}}, '"_or" has to be an array of filter objects'),
        (
            {"shelf": {"_some": {"label": {"_eq": "a"}}}},
            '"_some" can only be used with top level relational alias field',
        ),
        ({"year(title)": {"_eq": 1}}, 'Invalid function specified "year"'),
        ({"hour(printed)": {"_eq": 1}}, 'Invalid function specified "hour"'),
        ({"year(opens)": {"_eq": 1}}, 'Invalid function specified "year"'),
        ({"sleep(printed)": {"_eq": 1}}, 'Invalid function specified "sleep"'),
        ({"label": {"_eq": "abc"}}, 'The filter value "abc" is not a valid uuid'),
        ({"printed": {"_eq": "tomorrow"}}, 'The filter value "tomorrow" is not a valid date'),
        ({"bought_at": {"_gt": 5}}, 'The filter value "5" is not a valid timestamp'),
        ({"lent": {"_eq": "maybe"}}, 'The filter value "maybe" is not a boolean'),
    ],
)
def test_a_malformed_filter_is_refused(filter_, reason):
    with pytest.raises(InvalidQuery) as refused:
        FilterReader(LIBRARY, ANONYMOUS, 10).read("book", filter_)
    assert refused.value.extensions["reason"].startswith(reason)


@pytest.mark.parametrize("operator", sorted(ADMITTED["string"] - ADMITTED["hash"]))
@pytest.mark.parametrize("field", ["password", "token"])
def test_a_concealed_field_cannot_be_guessed_by_filters(field, operator):
    with pytest.raises(InvalidQuery) as refused:
        FilterReader(LIBRARY, ANONYMOUS, 10).read("directus_users", {field: {operator: "a"}})
    assert refused.value.extensions["reason"] == (
        f'Field with "conceal" special does not allow the "{operator}" filter operator'
    )


@pytest.mark.parametrize(
    ("filter_", "message"),
    [
        (
            {"nope": {"_eq": 1}},
            'field "nope" in collection "book" or it does not exist. Queried in root.',
        ),
        (
            {"shelf": {"nope": {"_eq": 1}}},
            'field "nope" in collection "shelf" or it does not exist. Queried in "shelf".',
        ),
        (
            {"shelf": {"room": {"nope": {"_eq": 1}}}},
            'field "nope" in collection "room" or it does not exist. Queried in "shelf.room".',
        ),
        ({"year(nope)": {"_eq": 1}}, 'field "nope" in collection "book"'),
        ({"year(shelf.nope)": {"_eq": 1}}, 'field "nope" in collection "shelf"'),
        ({"nope_func": {"year": {"_eq": 1}}}, 'field "nope" in collection "book"'),
        ({"id\" = '1' OR 1=1 --": {"_eq": 1}}, 'collection "book" or it does not exist'),
    ],
)
def test_an_unknown_field_is_forbidden(filter_, message):
    with pytest.raises(Forbidden) as refused:
        FilterReader(LIBRARY, ANONYMOUS, 10).read("book", filter_)
    assert message in refused.value.message


def nested(levels, key="_and"):
    filter_ = {"title": {"_eq": "a"}}
    for _ in range(levels):
        filter_ = {key: [filter_]} if key.startswith("_") else {key: filter_}
    return filter_


@pytest.mark.parametrize(
    "filter_", [nested(11, "sequel"), nested(60), nested(5000 // 20), {"_or": [nested(400)]}]
)
def test_depth_is_bounded(filter_):
    with pytest.raises(InvalidQuery) as refused:
        FilterReader(LIBRARY, ANONYMOUS, 10).read("book", filter_)
    assert refused.value.extensions["reason"] == "Max relational depth exceeded"


def test_what_is_allowed_of_depth_compiles(rows):
    assert keys_of(rows, nested(45)) == []
    assert keys_of(rows, nested(9, "sequel")) == []


@pytest.mark.parametrize(
    ("filter_", "titles"),
    [
        ({"title": "A"}, "A"),
        ({"title": {"_in": "A,B"}}, "AB"),
        ({"title": {"_in": {"0": "A", "1": "B"}}}, "AB"),
        ({"pages": {"_between": "2,3"}}, "BC"),
        ({"pages": {"_between": {"0": 2, "1": "3"}}}, "BC"),
        ({"pages": {"_between": [2]}}, "ABC"),
        ({"pages": {"_between": [1, 2, 3]}}, "ABC"),
        ({"pages": {"_eq": "1.0"}}, "A"),
        ({"pages": {"_gt": 1, "_lt": 3}}, "B"),
        ({"pages": {"_and": [{"_gt": 1}, {"_lt": 3}]}}, "B"),
        ({"pages": {"_or": {"0": {"_eq": 1}, "1": {"_eq": 3}}}}, "AC"),
        ({"pages": {"_or": []}}, "ABC"),
        ({"_or": {"0": {"pages": {"_eq": 1}}, "1": {"title": {"_eq": "C"}}}}, "AC"),
        ({"_and": []}, "ABC"),
        ({"_or": [{}, {"title": "A"}]}, "ABC"),
        ({}, "ABC"),
        (None, "ABC"),
        ({"title": {}}, "ABC"),
        ({"summary": {"_eq": None}}, "ABC"),
        ({"summary": {"_eq": "null"}}, "ABC"),
        ({"summary": "NULL"}, "ABC"),
        ({"summary": {"_neq": None}}, ""),
        ({"summary": {"_null": "true"}}, "ABC"),
        ({"summary": {"_null": "false"}}, ""),
        ({"summary": {"_null": None}}, "ABC"),
        ({"summary": {"_null": ""}}, "ABC"),
        ({"lent": {"_eq": "true"}}, "A"),
        ({"lent": {"_eq": 0}}, "B"),
        ({"shelf": "s"}, "AB"),
        ({"shelf": {"_eq": "s"}}, "AB"),
        ({"shelf": {"id": {"_eq": "s"}}}, "AB"),
        ({"shelf": {"_null": True}}, "C"),
        ({"shelf": {"_and": [{"label": "L"}, {"id": "s"}]}}, "AB"),
        ({"shelf": {"_or": [{"label": "x"}, {"id": "s"}]}}, "AB"),
        ({"shelf": {"room": {"name": {"_eq": "R"}}}}, "AB"),
        ({"shelf": {"year(built_at)": {"_eq": 2020}}}, "AB"),
        ({"year(shelf.built_at)": {"_eq": 2020}}, "AB"),
        ({"shelf": {"built_at_func": {"year": {"_gt": 2019}, "month": {"_eq": 5}}}}, "AB"),
        ({"printed_func": {"year": {"_eq": 2024}}}, "A"),
        ({"year(printed)": 2024}, "A"),
        ({"year(printed)": {"_in": [2024, 2**40]}}, "A"),
        ({"printed": {"_eq": "2024-02-29T10:00:00Z"}}, "A"),
        ({"bought_at": {"_gt": "2024-01-01"}}, "A"),
        ({"bought_at": {"_eq": "2024-06-01T14:00:00+02:00"}}, "A"),
        ({"bought_at": {"_lt": "$NOW"}}, "A"),
        ({"bought_at": {"_lt": "$NOW(-30 years)"}}, ""),
        ({"bought_at": {"_between": ["2024-01-01", "$NOW(+1 day)"]}}, "A"),
        ({"user_created": {"_eq": "$CURRENT_USER"}}, "A"),
        ({"user_created": {"_in": ["$CURRENT_USER"]}}, "A"),
        ({"price": {"_eq": "1.50"}}, "A"),
        ({"price": {"_gt": 1.4999999999}}, "A"),
        ({"copies": {"_eq": 2**40}}, "A"),
        ({"title": {"_contains": "_"}}, "ABC"),
    ],
)
def test_what_filters_mean(rows, filter_, titles):
    user = "6d6cb08a-0000-4000-8000-039e350eef1e"
    rows.execute("INSERT INTO room VALUES (1, 'R')")
    rows.execute("INSERT INTO shelf VALUES ('s', 'L', 1, '2020-05-06T00:00:00Z')")
    rows.execute(
        "INSERT INTO book (title, pages, lent, shelf, printed, bought_at, user_created, price, "
        "copies) VALUES ('A', 1, true, 's', '2024-02-29', '2024-06-01T12:00:00Z', %s, 1.5, %s), "
        "('B', 2, false, 's', '2023-01-01', NULL, NULL, NULL, 1), "
        "('C', 3, NULL, NULL, NULL, NULL, NULL, NULL, 1)",
        [user, 2**40],
    )
    condition = FilterReader(LIBRARY, Caller(user), 10).read("book", filter_)
    statement = COMPILER.keys(Query("book", (), filter=condition))
    found = [row[0] for row in rows.execute(statement.sql, statement.values)]
    named = dict(rows.execute("SELECT id, title FROM book"))
    assert "".join(sorted(named[key] for key in found)) == titles


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("$NOW", timedelta()),
        ("$NOW(-1 day)", timedelta(days=-1)),
        ("$NOW(+2 hours)", timedelta(hours=2)),
        ("$NOW(3)", timedelta(days=3)),
        ("$NOW(-1.5h)", timedelta(hours=-1.5)),
        ("$NOW(-500 ms)", timedelta(milliseconds=-500)),
        ("$NOW(1w)", timedelta(weeks=1)),
        ("$NOW(nonsense)", timedelta()),
        ("$NOW(-99999999 years)", timedelta()),
        (f"$NOW(-{'9' * 400} days)", timedelta()),
    ],
)
def test_now_is_a_moment(text, offset):
    condition = FilterReader(LIBRARY, ANONYMOUS, 10).read("book", {"bought_at": {"_eq": text}})
    wanted = datetime.now(UTC) + offset
    assert abs(condition.value.value - wanted) < timedelta(seconds=10)


INJECTIONS = [
    "'",
    "''",
    '"',
    "\\",
    "\\'",
    "%",
    "%%",
    "%s",
    "%(v0)s",
    "%(x)s",
    "$1",
    ":x",
    "{}",
    "--",
    ";",
    "/*",
    "'; DROP TABLE book; --",
    "' OR '1'='1",
    "\u0000"[:0] + "\u2019",
    "🦊",
    "a\nb",
]


@pytest.mark.parametrize("text", INJECTIONS)
def test_a_value_is_only_a_value(rows, text):
    rows.execute("INSERT INTO book (title) VALUES (%s), ('other')", [text])
    assert len(keys_of(rows, {"title": {"_eq": text}})) == 1
    assert len(keys_of(rows, {"title": {"_in": [text, "nothing"]}})) == 1
    assert len(keys_of(rows, {"title": {"_nin": [text]}})) == 1
    assert rows.execute("SELECT count(*) FROM book").fetchone() == (2,)


def test_a_backslash_at_the_end_of_a_pattern_is_a_data_error(rows):
    """`app.items.items` answers 400 for it: see test_reading.py."""
    rows.execute("INSERT INTO book (title) VALUES ('a')")
    with pytest.raises(psycopg.DataError):
        keys_of(rows, {"title": {"_ends_with": "\\"}})
