"""Filters: the forms they come in, and what is refused (directus.md 2.2, 2.13, 3)."""

from datetime import UTC, datetime, timedelta

import pytest

from app.access.caller import ANONYMOUS, Caller
from app.errors import Forbidden, InvalidQuery
from app.items.query.filter import FilterReader
from app.items.query.operators import ADMITTED
from app.items.query.tree import Query
from tests.items.books import COMPILER, LIBRARY
from tests.items.conftest import keys_of


@pytest.mark.parametrize(
    ("filter_", "reason"),
    [
        ({"title": {"_in": []}}, '"_in" has to be an array of values'),
        ({"title": {"_in": ["a"] * 20_001}}, '"_in" takes 20000 values at most'),
        ({"title": {"_nin": ",".join("a" * 20_001)}}, '"_nin" takes 20000 values at most'),
        ({"title": {"_in": 5}}, '"_in" has to be an array of values'),
        ({"title": {"_nin": None}}, '"_nin" has to be an array of values'),
        ({"pages": {"_between": "x"}}, "Invalid numeric value"),
        ({"pages": {"_between": [2]}}, '"_between" has to be an array of two values'),
        ({"pages": {"_between": [1, 2, 3]}}, '"_between" has to be an array of two values'),
        ({"pages": {"_nbetween": "2"}}, '"_nbetween" has to be an array of two values'),
        ({"pages": {"_nbetween": {"0": 2}}}, '"_nbetween" has to be an array of two values'),
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
        ({"title": {}}, 'The filter has no condition on "title"'),
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
        ({"pages": {"_eq": "1.0"}}, "A"),
        ({"pages": {"_gt": 1, "_lt": 3}}, "B"),
        ({"pages": {"_and": [{"_gt": 1}, {"_lt": 3}]}}, "B"),
        ({"pages": {"_or": {"0": {"_eq": 1}, "1": {"_eq": 3}}}}, "AC"),
        ({"_or": {"0": {"pages": {"_eq": 1}}, "1": {"title": {"_eq": "C"}}}}, "AC"),
        ({"_and": []}, "ABC"),
        ({"_or": [{}, {"title": "A"}]}, "ABC"),
        ({}, "ABC"),
        (None, "ABC"),
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
        ({"title": {"_contains": "_"}}, ""),
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
    ],
)
def test_now_is_a_moment(text, offset):
    condition = FilterReader(LIBRARY, ANONYMOUS, 10).read("book", {"bought_at": {"_eq": text}})
    wanted = datetime.now(UTC) + offset
    assert abs(condition.value.value - wanted) < timedelta(seconds=10)


@pytest.mark.parametrize(
    "text",
    [
        "$NOW(nonsense)",
        "$NOW(",
        "$NOW()x",
        "$NOWx",
        "$NOW(-1 fortnight)",
        "$NOW(-99999999 years)",
        f"$NOW(-{'9' * 400} days)",
    ],
)
def test_what_says_no_moment_is_refused(text):
    with pytest.raises(InvalidQuery, match=r"is not a time|out of range"):
        FilterReader(LIBRARY, ANONYMOUS, 10).read("book", {"bought_at": {"_eq": text}})


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


def test_a_backslash_is_a_character_like_any_other(rows):
    rows.execute("INSERT INTO book (title) VALUES ('a'), (%s)", ["b\\"])
    assert len(keys_of(rows, {"title": {"_ends_with": "\\"}})) == 1
    assert len(keys_of(rows, {"title": {"_nstarts_with": "b\\"}})) == 1
