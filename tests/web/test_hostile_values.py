"""Values that once stopped or broke the server: each is refused, at once, in the caller's words."""

import asyncio
import json
import time

import orjson
import pytest
from argon2 import PasswordHasher, Type
from argon2.low_level import hash_secret

from tests.installation import PRODUCT, _running, client_of

DIGITS = "9" * 5000
FORM_OF = b"multipart/form-data; boundary="


@pytest.fixture
async def anonymous(app, installation):
    async with client_of(app, headers={}) as client:
        yield client


def code_of(response):
    return response.status_code, response.json()["errors"][0]["extensions"]["code"]


async def quick(asked):
    """The answer, which may not hold the others up."""
    start = time.thread_time()
    response = await asked
    assert time.thread_time() - start < 0.5
    return response


@pytest.mark.parametrize(
    "email", ["." * 16_000, "a@" + "." * 16_000 + " ", "@" * 16_000, "a@" + "a." * 200 + "a"]
)
async def test_long_addresses_are_none(anonymous, email):
    body = {"email": email, "password": "x"}
    response = await quick(anonymous.post("/auth/login", json=body))
    assert code_of(response) == (400, "INVALID_PAYLOAD")


@pytest.mark.parametrize("now", ["$NOW(" + " " * 12_000, "$NOW(" + "1" * 12_000 + ")"])
async def test_a_long_moment_is_none(client, now):
    asked = client.request("SEARCH", "/items/product", json={"query": _filter(now)})
    assert code_of(await quick(asked)) == (400, "INVALID_QUERY")
    response = await quick(client.patch(f"/items/product/{PRODUCT}", json={"product_name": now}))
    assert code_of(response) == (400, "VALUE_TOO_LONG")


def _filter(now):
    return {"filter": {"date_created": {"_lte": now}}}


@pytest.mark.parametrize("field", ["json(a," + " " * 1200, "json(a" + " " * 9000 + ",b"])
async def test_a_long_call_is_none(client, field):
    response = await quick(client.get("/items/product", params={"fields": field}))
    assert code_of(response) == (400, "INVALID_QUERY")


async def test_a_password_policy_run_wild_says_so(client):
    await client.patch("/settings", json={"auth_password_policy": "/^(a|a)*$/"})
    user = {"email": "p@example.com", "password": "a" * 60 + "!"}
    response = await quick(client.post("/users", json=user))
    assert code_of(response) == (422, "UNPROCESSABLE_CONTENT")
    assert "takes too long" in response.json()["errors"][0]["message"]


@pytest.mark.parametrize(
    "costs",
    [
        {"memory_cost": 8 * 65536},
        {"time_cost": 1_000_000_000},
        {"parallelism": 64, "memory_cost": 65536},
        {"type": Type.D},
        {"type": Type.I},
        {"version": 16},
    ],
)
async def test_hashes_of_foreign_costs_are_not_verified(client, costs):
    ours = PasswordHasher()
    given = {"time_cost": 1, "memory_cost": 1024, "parallelism": 1, "type": Type.ID} | costs
    made = hash_secret(b"x", b"salt" * 4, **{**given, "time_cost": 1}, hash_len=16).decode()
    hashed = made.replace("t=1,", f"t={given['time_cost']},")
    response = await client.post("/utils/hash/verify", json={"string": "x", "hash": hashed})
    assert code_of(response) == (400, "INVALID_PAYLOAD")
    cheaper = PasswordHasher(time_cost=1, memory_cost=ours.memory_cost // 2, parallelism=1)
    body = {"string": "x", "hash": cheaper.hash("x")}
    assert (await client.post("/utils/hash/verify", json=body)).json() == {"data": True}


@pytest.mark.parametrize("path", ["/auth/login", "/auth/refresh", "/auth/password/reset"])
@pytest.mark.parametrize("is_said", [True, False])
async def test_bodies_at_auth_are_small(anonymous, path, is_said):
    body = json.dumps({"email": "a@example.com", "token": "x" * 65_000, "mode": "x"}).encode()
    assert code_of(await _sent(anonymous, path, body, is_said))[1] != "INVALID_QUERY"
    response = await _sent(anonymous, path, b" " * 600 + body, is_said)
    assert code_of(response) == (400, "INVALID_PAYLOAD")
    assert "larger than 65536 bytes" in response.json()["errors"][0]["message"]


def _sent(client, path, body, is_said):
    async def blocks():
        for start in range(0, len(body), 10_000):
            yield body[start : start + 10_000]

    kind = {"content-type": "application/json"}
    return client.post(path, content=body if is_said else blocks(), headers=kind)


def deep(levels):
    value = 1
    for _ in range(levels):
        value = {"a": value}
    return value


@pytest.mark.parametrize("levels", [101, 1500])
async def test_deep_json_is_refused_everywhere(client, levels):
    text = "[" * levels + "]" * levels
    kind = {"content-type": "application/json"}
    answers = [
        await client.post("/items/product", content=text, headers=kind),
        await client.post("/auth/login", content=text, headers=kind),
        await client.post("/utils/export/product", content=text, headers=kind),
        await client.get("/items/product", params={"filter": text}),
        await client.get("/items/product", params={"deep": text}),
        await client.get("/items/product", params={"alias": text}),
        await client.get("/items/product", params={"aggregate": text}),
        await client.get("/items/product?filter" + "[a]" * levels + "=1"),
        await client.get("/graphql", params={"query": "{product{id}}", "variables": text}),
        await client.post("/graphql", content=text, headers=kind),
        await client.post("/api/v2/products/", content=text, headers=kind),
        await client.post("/api/v2/scm/upload/", content=text, headers=kind),
        await _imported(client, "json", '[{"id":"x","tags":' + text + "}]"),
        await _imported(client, "csv", "id,tags\nx," + text),
        await client.post(
            "/files", files={"metadata": (None, text), "file": ("a.txt", b"x", "text/plain")}
        ),
    ]
    assert [answer.status_code for answer in answers] == [400] * len(answers)


REPEATED = (
    "\\",
    '"',
    ",",
    ";",
    " ",
    "a=1;",
    ';a="',
    '\\"',
    'W/"",',
    "a;q=0.1,",
    "0-1,",
    "1:",
    "(",
    "a.",
)
REPEATED += ("Linux; Android ", "Mozilla/5.0 (compatible; ", "http://", "%", "/", "{", "1 ", "\xa0")
BESIDE = ("accept", "accept-language", "content-type", "host", "if-modified-since", "if-none-match")
BESIDE += (
    "if-range",
    "origin",
    "purpose",
    "range",
    "user-agent",
    "x-forwarded-for",
    "x-request-id",
)
FROM = {
    "cookie": ("directus_session_token", "directus_refresh_token"),
    "authorization": ("Bearer", "UAT"),
}


@pytest.mark.parametrize("unit", REPEATED)
async def test_headers_take_no_longer_than_they_are_long(client, anonymous, unit):
    """Whatever they repeat: sixty thousand of its characters, as a connection lets them through."""
    made = await client.post("/files", files={"file": ("a.txt", b"x", "text/plain")})
    asset = f"/assets/{made.json()['data']['id']}"
    long = (unit * 60_000)[:60_000].encode("latin-1")
    for name in BESIDE:
        begins = {"range": b"bytes=", "if-modified-since": b"Fri, ", "content-type": FORM_OF}
        headers = {name: begins.get(name, b"") + long}
        for path in ("/items/product?limit=1", PRODUCT, asset, "/api/v2/products/", "/graphql"):
            assert (await quick(client.get(path, headers=headers))).status_code < 500
        for path in ("/files", "/items/product", "/api/v2/scm/upload/"):
            assert (await quick(client.post(path, headers=headers))).status_code < 500
    for name in FROM["cookie"]:
        for value in (b'"' + long + b'"', long):
            headers = {"cookie": name.encode() + b"=" + value}
            for path in ("/auth/refresh", "/auth/logout", "/items/product"):
                body = {"mode": "session"} if name == "directus_session_token" else {}
                answer = await quick(anonymous.post(path, headers=headers, json=body))
                assert answer.status_code < 500
    for scheme in FROM["authorization"]:
        headers = {"authorization": scheme.encode() + b" " + long}
        for path in ("/items/product", "/api/v2/products/"):
            assert (await quick(anonymous.get(path, headers=headers))).status_code < 500


async def _imported(client, kind, text):
    mime = {"json": "application/json", "csv": "text/csv"}[kind]
    files = {"file": (f"a.{kind}", text.encode(), mime)}
    return await client.post("/utils/import/product", files=files)


async def test_a_number_of_too_many_digits_in_an_import_is_refused(client):
    response = await _imported(client, "json", '[{"id":' + DIGITS + "}]")
    assert code_of(response) == (400, "VALUE_TOO_LONG")


@pytest.mark.parametrize("levels", [2, 98])
async def test_json_of_a_hundred_levels_is_kept_and_exported(client, levels):
    value = deep(levels)
    made = await client.patch(f"/items/product/{PRODUCT}", json={"nutrients": value})
    assert made.json()["data"]["nutrients"] == value
    for form in ("csv", "json", "xml", "yaml"):
        exported = await client.get(f"/items/product?export={form}&fields=id,nutrients")
        assert exported.status_code == 200, exported.text
    assert "nutrients" + ".a" * levels in (
        await client.get("/items/product?export=csv&fields=nutrients")
    ).text.replace('"', "")


@pytest.mark.parametrize("value", [{f"k{n}": n for n in range(2000)}, deep(200)])
async def test_a_csv_has_a_bound_of_columns_and_levels(client, rows, value):
    sql = "UPDATE product SET nutrients = %s WHERE id = %s"
    rows.execute(sql, (orjson.dumps(value).decode(), PRODUCT))
    response = await client.get("/items/product?export=csv&fields=id,nutrients")
    assert code_of(response) == (400, "INVALID_QUERY")
    assert "export JSON" in response.json()["errors"][0]["message"]
    assert (await client.get("/items/product?export=json&fields=nutrients")).status_code == 200


@pytest.mark.parametrize("place", ["products", "workorders", "campaigns"])
async def test_no_id_of_the_vendor_surface_has_so_many_digits(client, place):
    response = await client.get(f"/api/v2/{place}/{DIGITS}/")
    assert response.status_code == 400
    assert response.json() == {"id": ["A valid integer is required."]}
    assert (await client.get(f"/api/v2/{place}/{2**31}/")).status_code == 404


async def test_an_index_of_many_digits_is_a_name(client):
    response = await client.get(f"/items/product?filter[_or][{DIGITS}][id][_eq]={PRODUCT}")
    assert [row["id"] for row in response.json()["data"]] == [PRODUCT]
    assert (await client.get(f"/items/product?fields[{DIGITS}]=id")).status_code == 200


async def test_a_nul_is_in_no_query(client):
    asked = [
        client.get(
            "/items/product", params={"alias": '{"a\\u0000":"account"}', "fields": "a\0.id"}
        ),
        client.get("/items/product?alias[a%00]=account"),
        client.get("/items/product?search=%00"),
        client.request("SEARCH", "/items/product", json={"query": {"alias": {"a\0": "account"}}}),
        client.request("SEARCH", "/items/product", json={"query": {"search": "\0"}}),
    ]
    assert [(await one).status_code for one in asked] == [400] * len(asked)


async def test_queries_have_bounds(client):
    for query in (
        {"filter": {"_or": [{"id": {"_eq": "x"}}] * 20_000}},
        {"sort": ["id"] * 101},
        {"fields": "id," * 50_000},
        {"fields": ["id"] * 50_001},
        {"alias": {f"a{n}": "account" for n in range(101)}},
    ):
        response = await client.request("SEARCH", "/items/product", json={"query": query})
        assert code_of(response) == (400, "INVALID_QUERY")


async def test_without_a_connection_every_surface_says_503(app, client):
    pool = _running[app]["database"]._pool
    held = [await pool.getconn() for _ in range(pool.max_size)]
    patience, pool.timeout = pool.timeout, 0.05
    try:
        answers = await asyncio.gather(
            client.get("/items/product"),
            client.post("/items/product", json={"id": "/01/09312345551934"}),
            client.post("/graphql", json={"query": "{ product { id } }"}),
            client.post("/graphql/system", json={"query": "{ users { id } }"}),
            client.get("/api/v2/products/"),
            client.get(PRODUCT, headers={"Authorization": ""}),
            client.post("/auth/login", json={"email": "a@example.com", "password": "x"}),
            client.get("/users/me"),
        )
    finally:
        pool.timeout = patience
        for connection in held:
            await pool.putconn(connection)
    assert [answer.status_code for answer in answers] == [503] * len(answers)
    assert {answer.headers.get("retry-after") for answer in answers} == {"5"}
    assert (await client.get("/items/product")).status_code == 200


@pytest.mark.parametrize("name", ["description", "tags", "product_name"])
async def test_a_change_of_many_rows_is_as_large_as_all_of_them(client, name):
    """Said once and written ten thousand times: refused before a copy is made of anything."""
    value = ["x" * 400_000] if name == "tags" else "x" * 400_000
    body = {"keys": [f"/01/{n:014d}" for n in range(9990)], "data": {name: value}}
    refused = await client.patch("/items/product", json=body)
    assert refused.status_code == 400
    assert len(refused.content) < 1000, refused.text[:2000]


async def test_a_refusal_says_how_a_value_begins(client):
    """Each of a thousand refusals names its value."""
    body = [{"gtin": f"{n}", "product_name": "x" * 100_000} for n in range(100)]
    refused = await client.post("/items/product", json=body)
    assert refused.status_code == 400
    assert len(refused.content) < 500_000


@pytest.mark.parametrize(
    "query",
    ["sort=json(tags)", "sort=-json(tags)", "filter[json(tags)][_eq]=1",
     "filter[json(tags)][_null]=true", "export=csv&sort=json(tags)", "fields=json(tags)",
     "fields=json(tags,)", "fields=json(tags,.)", "fields=json(tags,[])",
     "filter[tags][_json][.][_eq]=1", "filter[tags][_json][][_eq]=1"],
)  # fmt: skip
async def test_json_takes_a_path(client, query):
    assert (await client.get(f"/items/product?{query}")).status_code == 400
