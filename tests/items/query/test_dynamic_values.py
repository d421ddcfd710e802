"""Values of the caller's own row in filters: `$CURRENT_USER.first_name` (directus.md 3.4)."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.access.caller import Caller
from app.errors import InvalidQuery
from app.items.query.filter import FilterReader
from app.items.query.tree import Query
from tests.items.books import COMPILER, LIBRARY
from tests.items.conftest import USER


@pytest.mark.parametrize(
    ("filter_", "titles"),
    [
        ({"title": {"_eq": "$CURRENT_USER.first_name"}}, ["Ann"]),
        ({"title": {"_in": "$CURRENT_USER.first_name"}}, ["Ann"]),
        ({"title": {"_neq": "$CURRENT_USER.first_name"}}, ["Joanna", "bananas"]),
        ({"title": {"_starts_with": "$CURRENT_USER.first_name"}}, ["Ann"]),
        ({"title": {"_icontains": "$CURRENT_USER.first_name"}}, ["Ann", "Joanna"]),
        ({"title": {"_eq": "$CURRENT_USER.id"}}, []),
        ({"title": {"_ncontains": "$CURRENT_USER.id"}}, ["Ann", "Joanna", "bananas"]),
        ({"user_created": {"_in": "$CURRENT_USER.id"}}, ["Ann"]),
        ({"bought_at": {"_contains": "$CURRENT_USER.id"}}, []),
    ],
)
def test_what_they_mean(rows, filter_, titles):
    rows.execute("UPDATE directus_users SET first_name = 'Ann' WHERE id = %s", [USER])
    rows.execute(
        "INSERT INTO book (title, user_created, bought_at) VALUES ('Ann', %s, '2024-06-01'), "
        "('Joanna', NULL, NULL), ('bananas', NULL, NULL)",
        [USER],
    )
    condition = FilterReader(LIBRARY, Caller(USER), 10).read("book", filter_)
    statement = COMPILER.keys(Query("book", (), filter=condition))
    found = [row[0] for row in rows.execute(statement.sql, statement.values)]
    named = dict(rows.execute("SELECT id, title FROM book"))
    assert sorted(named[key] for key in found) == titles


@pytest.mark.parametrize(
    ("filter_", "reason"),
    [
        ({"pages": {"_eq": "$CURRENT_USER.first_name"}}, '"first_name" is not a valid integer'),
        ({"bought_at": {"_gt": "$CURRENT_USER.id"}}, '"id" is not a valid timestamp'),
        ({"user_created": {"_in": "$CURRENT_USER.first_name"}}, '"first_name" is not a valid uuid'),
        ({"pages": {"_between": "$CURRENT_USER.id"}}, '"_between" has to be an array of values'),
        ({"title": {"_null": "$CURRENT_USER.first_name"}}, '"_null" has to be a boolean'),
        ({"title": {"_eq": "$CURRENT_USER.loans"}}, '"loans" is not a field of "directus_users"'),
        ({"title": {"_eq": "$CURRENT_USER.id.x"}}, '"id.x" is not a field of "directus_users"'),
        ({"title": {"_eq": "$CURRENT_USER.nope"}}, '"nope" is not a field of "directus_users"'),
        ({"title": {"_nin": ["$CURRENT_USER.nope"]}}, '"nope" is not a field of "directus_users"'),
        ({"title": {"_nin": "x,$CURRENT_USER.nope"}}, '"nope" is not a field of "directus_users"'),
        (
            {"pages": {"_between": [1, "$CURRENT_USER.id"]}},
            '"_between" takes no value of the caller\'s own row',
        ),
    ],
)
def test_what_does_not_fit_is_an_invalid_query(filter_, reason):
    with pytest.raises(InvalidQuery) as refused:
        FilterReader(LIBRARY, Caller(USER), 10).read("book", filter_)
    assert refused.value.extensions["reason"] == reason


NAMED = st.sampled_from(["$CURRENT_USER.first_name", "Ann", "Joanna", "zz", "$CURRENT_USER.id"])
SPELLINGS = {
    "array": list,
    "text": ",".join,
    "indexes": lambda items: {str(place): item for place, item in enumerate(items)},
}


@pytest.fixture
def three_books(rows):
    rows.execute("UPDATE directus_users SET first_name = 'Ann' WHERE id = %s", [USER])
    rows.execute("INSERT INTO book (title) VALUES ('Ann'), ('Joanna'), (%s)", [USER])
    return rows


@given(
    items=st.lists(NAMED, min_size=1, max_size=4),
    operator=st.sampled_from(["_in", "_nin"]),
    spelling=st.sampled_from(sorted(SPELLINGS)),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_in_a_list_they_mean_what_they_mean_alone(three_books, items, operator, spelling):
    """So no rule lets through what it names, however it names it."""
    own = {"$CURRENT_USER.first_name": "Ann", "$CURRENT_USER.id": USER}
    found = []
    for listed in (SPELLINGS[spelling](items), [own.get(item, item) for item in items]):
        reader = FilterReader(LIBRARY, Caller(USER), 10)
        condition = reader.read("book", {"title": {operator: listed}})
        statement = COMPILER.keys(Query("book", (), filter=condition))
        found.append(sorted(three_books.execute(statement.sql, statement.values).fetchall()))
    assert found[0] == found[1]
