"""Every digit of a number is kept, whichever way it comes in (directus.md 3.5)."""

import json
from decimal import Decimal

import pytest

SCORE, BIG = "123456789012345.12345", 9007199254740993
EXACT = f'{{"name": "a", "score": {SCORE}, "big": {BIG}, "meta": {{"n": [{SCORE}]}}}}'
JSON = {"Content-Type": "application/json"}


async def stored(harbour):
    await harbour.data("GET", "/items/port")  # nothing fails to be read
    return harbour.rows.execute(
        "SELECT score::text, big, meta #>> '{n,0}' FROM port ORDER BY id DESC LIMIT 1"
    ).fetchone()


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/items/port", EXACT),
        ("POST", "/items/port", f"[{EXACT}]"),
        ("PATCH", "/items/port/1", EXACT),
        ("PATCH", "/items/port", f'{{"keys": [1], "data": {EXACT}}}'),
        ("PATCH", "/items/port", f'[{EXACT[:-1]}, "id": 1}}]'),
        ("POST", "/items/berth", f'{{"label": "x", "port": {EXACT}}}'),
    ],
)
async def test_json_keeps_them(harbour, method, path, body):
    harbour.rows.execute("INSERT INTO port (name) VALUES ('first')")
    answer = await harbour.client.request(method, path, content=body, headers=JSON)
    assert answer.status_code == 200, answer.text
    assert await stored(harbour) == (SCORE, BIG, SCORE)
    revised = await harbour.data("GET", "/revisions", fields="delta", sort="-id", limit=5)
    assert any(SCORE in str(row) for row in revised) or method == "POST"


LITERALS = """mutation {
  create_port_item(data: {score: SCORE, big: BIG, meta: {n: [SCORE]}}) { id }
}"""
BOTH = """mutation ($n: Float, $b: GraphQLBigInt) {
  create_port_item(data: {score: $n, big: $b, meta: {n: [$n]}}) { id }
}"""
MUTATIONS = {
    "literals": (LITERALS.replace("SCORE", SCORE).replace("BIG", str(BIG)), "{}"),
    "variables": (
        "mutation ($in: create_port_input!) { create_port_item(data: $in) { id } }",
        f'{{"in": {{"score": {SCORE}, "big": "{BIG}", "meta": {{"n": [{SCORE}]}}}}}}',
    ),
    "both": (BOTH, f'{{"n": {SCORE}, "b": {BIG}}}'),
}


@pytest.mark.parametrize("kind", MUTATIONS)
async def test_graphql_keeps_them(harbour, kind):
    query, variables = MUTATIONS[kind]
    body = f'{{"query": {json.dumps(query)}, "variables": {variables}}}'
    answer = await harbour.client.post("/graphql", content=body, headers=JSON)
    assert "errors" not in answer.json(), answer.text
    assert await stored(harbour) == (SCORE, BIG, SCORE)


@pytest.mark.parametrize(
    "condition",
    [
        f'{{"score": {{"_eq": {SCORE}}}}}',
        f'{{"score": {{"_in": [1, {SCORE}]}}}}',
        f'{{"score": {{"_eq": "{SCORE}"}}}}',
        f'{{"score": {{"_between": [{SCORE}, {SCORE}]}}}}',
        f'{{"big": {{"_eq": {BIG}}}}}',
        f'{{"big": {{"_eq": "{BIG}"}}}}',
        f'{{"meta": {{"_json": {{"n[0]": {{"_eq": {SCORE}}}}}}}}}',
    ],
)
async def test_filters_see_all_of_them(harbour, condition):
    harbour.rows.execute(
        "INSERT INTO port (score, big, meta) VALUES"
        f" ({SCORE}, {BIG}, '{{\"n\": [{SCORE}]}}'),"
        f" ({SCORE} + 0.00001, {BIG} - 1, '{{\"n\": [{SCORE}6]}}')"
    )
    found = await harbour.data("GET", "/items/port", fields="id", filter=condition)
    assert found == [{"id": 1}]
    body = f'{{"query": {{"filter": {condition}, "fields": ["id"]}}}}'
    answer = await harbour.client.request("SEARCH", "/items/port", content=body, headers=JSON)
    assert answer.json()["data"] == found


async def test_graphql_answers_have_all_of_them(harbour):
    harbour.rows.execute(f"INSERT INTO port (score, big) VALUES ({SCORE}, {BIG})")
    query = "{ port { score } port_aggregated { sum { score big } max { score } } }"
    answer = await harbour.client.post("/graphql", json={"query": query})
    assert answer.text.count(SCORE) == 3
    assert f'"big":{BIG}' in answer.text


async def test_graphql_filters_and_aggregates_see_all_of_them(harbour):
    harbour.rows.execute(
        f"INSERT INTO port (score, big) VALUES ({SCORE}, {BIG}), ({SCORE} + 0.00001, {BIG} - 1)"
    )
    query = f"{{ port(filter: {{score: {{_eq: {SCORE}}}}}) {{ id }} }}"
    assert (await harbour.client.data(query))["port"] == [{"id": "1"}]
    found = await harbour.data(
        "GET", "/items/port", **{"aggregate[max]": "score,big", "aggregate[sum]": "big"}
    )
    assert found == [
        {
            "max": {"score": "123456789012345.12346", "big": str(BIG)},
            "sum": {"big": str(2 * BIG - 1)},
        }
    ]


@pytest.mark.parametrize(
    "number", ["0." + "1" * 20_000, "1" * 300 + "." + "1" * 200_000, "1e308", "12" * 40]
)
@pytest.mark.parametrize("field", ["score", "big", "meta", "ratio", "name"])
async def test_numbers_of_any_length_are_stored_or_refused(harbour, number, field):
    body = f'{{"{field}": {number}, "words": []}}'
    answer = await harbour.client.post("/items/port", content=body, headers=JSON)
    assert answer.status_code in {200, 400}, answer.text
    query = f"mutation {{ create_port_item(data: {{{field}: {number}}}) {{ id }} }}"
    answer = await harbour.client.post("/graphql", json={"query": query})
    assert "unexpected error" not in answer.text
    condition = f'{{"{field}": {{"_eq": {number}}}}}'
    asked = {"query": {"filter": "FILTER"}}
    body = json.dumps(asked).replace('"FILTER"', condition)
    answer = await harbour.client.request("SEARCH", "/items/port", content=body, headers=JSON)
    assert answer.status_code in {200, 400}, answer.text


@pytest.mark.parametrize("number", ["1e400", "-1e309", "1.0000000000000000e131000"])
@pytest.mark.parametrize("place", ["{}", "[{}]", "{{k: [{}]}}"])
async def test_numbers_that_no_double_holds_are_refused_in_json_of_graphql(harbour, number, place):
    """As in JSON: nothing is stored instead of them."""
    before = (await harbour.client.get("/items/port/1?fields=meta")).json()
    value = place.format(number)
    update = "{ update_port_item(id: 1, data: {meta: %s}) { meta } }"
    for text in (f"mutation {update % value}", f"mutation ($m: JSON = {value}) {update % '$m'}"):
        answer = await harbour.client.post("/graphql", json={"query": text})
        assert "is too large" in answer.text, answer.text
    assert (await harbour.client.get("/items/port/1?fields=meta")).json() == before


@pytest.mark.parametrize("number", ["1e-330", "-1e-400", "1.2345e-320", "5e-324", "1e-45"])
async def test_small_numbers_of_json_keep_their_digits(harbour, number):
    body = f'{{"meta": {{"n": {number}}}, "ratio": {number}, "words": []}}'
    answer = await harbour.client.post("/items/port", content=body, headers=JSON)
    assert answer.status_code == 200, answer.text
    key = answer.json()["data"]["id"]
    update = f"mutation {{ update_port_item(id: {key}, data: {{meta: {{g: {number}}}}}) {{ id }} }}"
    [(rest,)] = harbour.rows.execute("SELECT (meta ->> 'n')::numeric FROM port").fetchall()
    assert rest == Decimal(number)
    await harbour.client.data(update)
    [(graphql,)] = harbour.rows.execute("SELECT (meta ->> 'g')::numeric FROM port").fetchall()
    assert graphql == Decimal(number)


@pytest.mark.parametrize(
    ("number", "text"), [("1e2", "100"), ("1.0", "1"), ("0.5", "0.5"), ("-3e4", "-30000")]
)
async def test_whole_numbers_are_texts_without_a_fraction(harbour, number, text):
    body = f'{{"name": {number}}}'
    answer = await harbour.client.post("/items/port", content=body, headers=JSON)
    assert answer.json()["data"]["name"] == text
