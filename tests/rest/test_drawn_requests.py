"""Requests drawn over the whole query language: none may end in an internal error.

`EXAMPLES=20000 pytest tests/rest/test_drawn_requests.py` draws as many as an acceptance wants.
"""

import json
import os
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

EXAMPLES = int(os.environ.get("EXAMPLES", "150"))
DRAWN = settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None
)

COLLECTIONS = ("port", "berth", "ship", "tag", "office", "ship_tag", "captain")
FIELDS = (
    "id name opened founded seen at score big ratio active meta words berths label port sort"
    " captain qty tags tag ship word motto nope * y"
).split()
FUNCTIONS = "year month week day weekday hour minute second count json nope".split()
OPERATORS = (
    "_eq _neq _lt _lte _gt _gte _in _nin _between _nbetween _null _nnull _empty _nempty _contains"
    " _ncontains _icontains _starts_with _nstarts_with _istarts_with _ends_with _regex _some _none"
    " _json _intersects _and _or _foo _submitted"
).split()
ODD = st.sampled_from(
    [
        None,
        True,
        False,
        0,
        1,
        -1,
        2**31,
        2**63,
        2**64,
        10**400,
        0.1,
        1e308,
        "",
        " ",
        "a",
        "%",
        "\\",
        "\x00",
        "\ud800".encode("utf-16", "surrogatepass").decode("utf-16", "replace"),
        "'",
        '"',
        "$NOW",
        "$NOW(-1 day)",
        "$NOW(",
        "$CURRENT_USER",
        "$CURRENT_USER.role.name",
        "$FOLLOW(ship,captain)",
        "2024-01-01",
        "2024-13-01",
        "2024-01-01T00:00:00.5+14:00",
        "00:00:60",
        "1e5",
        "1e999999999",
        "NaN",
        "Infinity",
        "null",
        "true",
        [],
        {},
        [1],
        [[1]],
        {"id": 1},
        [{"id": 1}],
        "a,b",
        "1,2",
        "123456789012345678901234567890.5",
        "(",
        "[",
        "x" * 300,
    ]
)


def path_of(depth: int) -> st.SearchStrategy[str]:
    plain = st.sampled_from(FIELDS)
    parts = st.lists(plain, min_size=1, max_size=depth).map(".".join)
    call = st.tuples(st.sampled_from(FUNCTIONS), parts).map(lambda c: f"{c[0]}({c[1]})")
    argument = st.sampled_from(["a", "a.b[0]", ".", "", "[", "a,b", "\x00", "'", "a" * 100, "[-1]"])
    deep = st.tuples(plain, argument).map(lambda c: f"json({c[0]},{c[1]})")
    odd = st.sampled_from(
        ["", ".", "..", "a.", "()", "year()", "$FOLLOW(a,b)", "\x00", "a\x00", "*.*", "-", "sort"]
    )
    return parts | call | deep | odd


PATH = path_of(3)
CONDITION: st.SearchStrategy[Any] = st.recursive(
    st.dictionaries(st.sampled_from(OPERATORS), ODD, max_size=2) | ODD,
    lambda inner: (
        st.dictionaries(
            PATH | st.sampled_from(["_and", "_or", "_some", "_none"]), inner, max_size=2
        )
        | st.lists(inner, max_size=2)
    ),
    max_leaves=5,
)
NUMBER = st.sampled_from(
    ["0", "1", "-1", "-2", "", "x", "1.5", str(2**31), str(2**63), "1e3", "\x00"]
)
LISTED = st.lists(PATH, max_size=3)
PARAMS = st.fixed_dictionaries(
    {},
    optional={
        "fields": LISTED.map(",".join),
        "filter": CONDITION.map(json.dumps) | st.text('{}[]"_a:,', max_size=8),
        "sort": LISTED.map(",".join),
        "search": st.sampled_from(["a", "", "\x00", "%", "1e400", "x" * 300]),
        "limit": NUMBER,
        "offset": NUMBER,
        "page": NUMBER,
        "meta": st.sampled_from(["*", "total_count", "filter_count", "nope"]),
        "groupBy": LISTED.map(",".join),
        "alias": st.dictionaries(
            st.sampled_from(["y", "", "a.b", "\x00", "n" * 80]), PATH, max_size=2
        ).map(json.dumps),
        "deep": st.dictionaries(
            st.sampled_from(FIELDS),
            st.dictionaries(
                st.sampled_from(
                    ["_filter", "_sort", "_limit", "_alias", "_search", "_aggregate", "x"]
                ),
                CONDITION | ODD,
                max_size=2,
            ),
            max_size=2,
        ).map(json.dumps),
        "aggregate": st.dictionaries(
            st.sampled_from(
                "count countDistinct countAll sum avg min max sumDistinct nope".split()
            ),
            LISTED | ODD,
            max_size=2,
        ).map(json.dumps),
        "export": st.sampled_from(["csv", "json", "xml", "yaml", "nope"]),
        "export_safe": st.sampled_from(["true", "x"]),
        "backlink": st.sampled_from(["false", "x"]),
    },
)
VALUE = ODD | st.recursive(
    ODD,
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from([*FIELDS, "create", "update", "delete"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)
ITEM = st.dictionaries(st.sampled_from(FIELDS), VALUE, max_size=4)


async def fine(harbour: Any, method: str, path: str, **options: Any) -> None:
    answer = await harbour.client.request(method, path, **options)
    assert answer.status_code < 500, (method, path, options, answer.text)


def body(value: Any) -> dict[str, Any]:
    return {"content": json.dumps(value), "headers": {"Content-Type": "application/json"}}


@pytest.fixture
async def filled(harbour: Any) -> Any:
    await harbour.data(
        "POST", "/items/port", [{"name": "a", "meta": {"a": {"b": [1]}}}, {"name": "b"}]
    )
    await harbour.data(
        "POST", "/items/berth", [{"label": "x", "port": 1}, {"label": "y", "port": 2}]
    )
    await harbour.data(
        "POST",
        "/items/ship",
        {"name": "s", "qty": 1, "captain": {"name": "Ada"}, "tags": [{"tag": {"word": "w"}}]},
    )
    return harbour


@given(st.sampled_from(COLLECTIONS), PARAMS)
@DRAWN
async def test_reads(filled: Any, collection: str, params: dict[str, str]) -> None:
    await fine(filled, "GET", f"/items/{collection}", params=params)
    await fine(filled, "GET", f"/items/{collection}/1", params=params)


@given(
    st.sampled_from(COLLECTIONS),
    st.fixed_dictionaries(
        {},
        optional={
            "query": st.dictionaries(
                st.sampled_from(
                    "fields filter sort search limit offset aggregate groupBy alias deep".split()
                ),
                CONDITION | ODD | LISTED,
                max_size=3,
            )
            | ODD,
            "keys": VALUE,
        },
    ),
)
@DRAWN
async def test_searches(filled: Any, collection: str, asked: dict[str, Any]) -> None:
    await fine(filled, "SEARCH", f"/items/{collection}", **body(asked))


@given(
    st.sampled_from(["POST", "PATCH", "DELETE"]),
    st.sampled_from(["", "/1", "/x", "/%00"]),
    st.sampled_from(COLLECTIONS),
    ITEM
    | st.lists(ITEM | ODD, max_size=3)
    | st.fixed_dictionaries(
        {"data": ITEM | ODD},
        optional={
            "keys": VALUE,
            "query": st.dictionaries(
                st.sampled_from(["filter", "limit", "sort"]), CONDITION | ODD, max_size=2
            ),
        },
    ),
    PARAMS,
)
@DRAWN
async def test_writes(
    filled: Any, method: str, key: str, collection: str, said: Any, params: Any
) -> None:
    key = "" if method == "POST" else key
    await fine(filled, method, f"/items/{collection}{key}", params=params, **body(said))


def literal(value: Any) -> str:
    """A value as GraphQL writes it."""
    if isinstance(value, dict):
        names = [(name, inner) for name, inner in value.items() if name.isidentifier()]
        return "{" + ", ".join(f"{name}: {literal(inner)}" for name, inner in names) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(literal, value)) + "]"
    return json.dumps(value)


NAMES = st.sampled_from([name for name in FIELDS if name.isidentifier()])
KNOWN = {
    "port": "id name score big ratio active meta words berths{id label port{id}}"
    " opened_func{year hour} berths_func{count}",
    "berth": "id label sort port{id name}",
    "ship": "id name qty captain{id name} tags{id sort tag{id word}}",
}


@given(
    st.sampled_from(sorted(KNOWN)),
    st.dictionaries(
        NAMES | st.sampled_from(["_and", "_or", "opened_func", "berths_func"]),
        CONDITION,
        max_size=2,
    ),
    LISTED,
    ODD,
    ODD,
    ODD,
    st.booleans(),
)
@DRAWN
async def test_graphql(
    filled: Any,
    root: str,
    condition: Any,
    sort: Any,
    limit: Any,
    search: Any,
    value: Any,
    in_text: bool,
) -> None:
    given_values = {
        "f": condition,
        "s": sort,
        "l": limit,
        "q": search,
        "d": {"name": value, "meta": value},
    }
    if in_text:
        arguments = ", ".join(
            f"{name}: {literal(given_values[key])}"
            for name, key in (("filter", "f"), ("sort", "s"), ("limit", "l"), ("search", "q"))
        )
        said = {
            "query": f"{{ {root}({arguments}) {{ {KNOWN[root]} }} {root}_aggregated({arguments},"
            f" groupBy: {literal(sort)}) {{ group count {{ id }} }} }}"
        }
    else:
        query = (
            f"query ($f: {root}_filter, $s: [String], $l: Int, $q: String)"
            f" {{ {root}(filter: $f, sort: $s, limit: $l, search: $q) {{ {KNOWN[root]} }} }}"
        )
        said = {"query": query, "variables": {key: given_values[key] for key in "fslq"}}
    answer = await filled.client.post("/graphql", **body(said))
    assert answer.status_code < 500
    assert "unexpected error" not in answer.text, (said, answer.text)
    mutation = f"mutation ($d: create_{root}_input!) {{ create_{root}_item(data: $d) {{ id }} }}"
    said = {
        "query": mutation,
        "variables": {"d": {**given_values["d"], "berths": value, "tags": value, "captain": value}},
    }
    answer = await filled.client.post("/graphql", **body(said))
    assert "unexpected error" not in answer.text, (said, answer.text)
