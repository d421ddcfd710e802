"""`/graphql` as HTTP: methods, bodies, error shapes, introspection, the browser's page."""

import asyncio
import gc
import re

import pytest

from app.graphql.documents import Documents
from app.graphql.execution import Context
from tests.graphql.test_schema import OURS
from tests.installation import ACCOUNT, ADMIN, client_of

QUERY = "{ account { id } }"
ANSWER = {"data": {"account": [{"id": ACCOUNT}]}}


async def post(client, **body):
    return await client.post("/graphql", json=body)


async def test_post_and_get(client):
    response = await post(client, query=QUERY)
    assert (response.status_code, response.json()) == (200, ANSWER)
    assert response.headers["content-type"] == "application/json; charset=utf-8"
    response = await client.get("/graphql", params={"query": QUERY})
    assert (response.status_code, response.json()) == (200, ANSWER)


async def test_get_takes_variables_and_an_operation_name(client):
    query = "query A($n: Int) { account(limit: $n) { id } } query B { domain { type } }"
    params = {"query": query, "variables": '{"n": 0}', "operationName": "A"}
    assert (await client.get("/graphql", params=params)).json() == {"data": {"account": []}}
    params = {"query": query, "operationName": "B", "variables": ""}
    assert len((await client.get("/graphql", params=params)).json()["data"]["domain"]) == 2


@pytest.mark.parametrize("variables", ["{bad", "{'n': 1}"])
async def test_broken_variables_of_get(client, variables):
    response = await client.get("/graphql", params={"query": QUERY, "variables": variables})
    assert response.status_code == 400
    [error] = response.json()["errors"]
    assert error["message"] == "Invalid query. Variables are invalid JSON."
    assert error["extensions"]["code"] == "INVALID_QUERY"


@pytest.mark.parametrize(
    "params",
    [
        {"query": 'mutation { delete_account_item(id: "x") { id } }'},
        {"query": "query A { __typename } mutation B { __typename }", "operationName": "B"},
        {"query": "query A { __typename } mutation B { __typename }"},
    ],
)
async def test_get_only_reads(client, params):
    """directus.md 4.1."""
    response = await client.get("/graphql", params=params)
    assert (response.status_code, response.headers["allow"]) == (405, "POST")
    [error] = response.json()["errors"]
    assert error["message"] == 'Invalid method "GET" used. Should be one of "POST".'
    assert error["extensions"]["code"] == "METHOD_NOT_ALLOWED"


async def test_get_may_name_a_query_beside_a_mutation(client):
    query = "query A { account { id } } mutation B { __typename }"
    response = await client.get("/graphql", params={"query": query, "operationName": "A"})
    assert response.json() == ANSWER


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
async def test_other_methods_are_not_allowed(client, method):
    response = await client.request(method, "/graphql")
    assert (response.status_code, response.headers["allow"]) == (405, "GET, POST")
    assert response.json()["errors"][0]["extensions"]["code"] == "METHOD_NOT_ALLOWED"


@pytest.mark.parametrize(
    "body", [{}, {"query": ""}, {"query": "  "}, {"query": 5}, {"query": None}]
)
async def test_a_query_has_to_be_there(client, body):
    response = await post(client, **body)
    assert response.status_code == 400
    [error] = response.json()["errors"]
    assert error["message"] == "Invalid payload. Must provide query string."
    assert error["extensions"]["code"] == "INVALID_PAYLOAD"


async def test_there_is_no_batching(client):
    response = await client.post("/graphql", json=[{"query": QUERY}])
    assert response.status_code == 400
    assert response.json()["errors"][0]["extensions"]["code"] == "INVALID_PAYLOAD"


@pytest.mark.parametrize("content", [b"{bad", b'{"query": "{', b"\xff", b"[" * 2000])
async def test_malformed_json(client, content):
    headers = {"Content-Type": "application/json"}
    response = await client.post("/graphql", content=content, headers=headers)
    assert response.status_code == 400
    assert response.json()["errors"][0]["extensions"]["code"] == "INVALID_PAYLOAD"


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/graphql", "multipart/form-data"]
)
async def test_bodies_of_other_kinds_are_not_read(client, content_type):
    headers = {"Content-Type": content_type}
    response = await client.post("/graphql", content=b'{"query": "{a}"}', headers=headers)
    assert response.json()["errors"][0]["message"].endswith("Must provide query string.")


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("{ account { nope } }", "Cannot query field 'nope' on type 'account'."),
        ("{ nope { id } }", "Cannot query field 'nope' on type 'Query'."),
        ("{ account }", "must have a selection of subfields"),
        ("{ account { id ", "Syntax Error: Expected Name, found <EOF>."),
        ('{ account(limit: "a") { id } }', "Int cannot represent non-integer value"),
        ("{ account(limit: 3000000000) { id } }", "Int cannot represent non 32-bit"),
        ("{ account(filter: {nope: {_eq: 1}}) { id } }", "unknown field 'nope'"),
        ("{ account { ...Gone } }", "Unknown fragment 'Gone'"),
        ("{ account { id: account_name id } }", "conflict"),
        ("{ account { x: user_created(limit: 1) { id } x: user_created { id } } }", "conflict"),
        ("query($a: Nope) { account(limit: $a) { id } }", "Unknown type 'Nope'"),
        ("subscription { account_mutated { key } }", "subscription"),
        ("{ account { id @nope } }", "Unknown directive '@nope'"),
        ("mutation { create_account_item(data: {nope: 1}) { id } }", "nope"),
        (
            "query A { ...F } fragment F on Query { ...F }",
            "Cannot spread fragment 'F' within itself",
        ),
    ],
)
async def test_an_invalid_document_is_400_with_its_errors_inside(client, query, message):
    """directus.md 4.2."""
    response = await post(client, query=query)
    assert response.status_code == 400
    [error] = response.json()["errors"]
    assert error["message"] == "GraphQL validation error."
    assert error["extensions"]["code"] == "GRAPHQL_VALIDATION"
    inner = error["extensions"]["errors"]
    assert message in inner[0]["message"]
    assert set(inner[0]["locations"][0]) == {"line", "column"}


@pytest.mark.parametrize("variables", [[1], "x", 5, True])
async def test_variables_are_an_object(client, variables):
    response = await post(client, query=QUERY, variables=variables)
    assert response.status_code == 400
    [error] = response.json()["errors"]
    assert error["extensions"]["code"] == "GRAPHQL_EXECUTION"
    assert isinstance(error["extensions"]["errors"][0], str)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"query": "query($id: ID!) { account_by_id(id: $id) { id } }"}, "$id"),
        (
            {
                "query": "query($id: ID!) { account_by_id(id: $id) { id } }",
                "variables": {"id": {"a": 1}},
            },
            "ID cannot represent value",
        ),
        (
            {
                "query": "query($f: account_filter) { account(filter: $f) { id } }",
                "variables": {"f": {"nope": 1}},
            },
            "nope",
        ),
        ({"query": "query A { __typename }", "operationName": "B"}, "Unknown operation named 'B'."),
        ({"query": "query A { __typename } query B { __typename }"}, "Must provide operation name"),
    ],
)
async def test_what_cannot_start_is_200_without_data(client, body, message):
    """directus.md 4.2; with its message, unlike Directus (its issue 21264)."""
    response = await post(client, **body)
    assert response.status_code == 200
    assert set(response.json()) == {"errors"}
    assert message in response.json()["errors"][0]["message"]


async def test_a_document_has_a_limit_of_tokens(client, installation):
    assert installation.graphql_token_limit == 5000
    roots = " ".join(f"a{n}: account {{ id }}" for n in range(900))
    response = await post(client, query=f"{{ {roots} }}")
    assert response.status_code == 400
    assert "more than 5000 tokens" in response.text


async def test_hundreds_of_roots_are_answered(client):
    roots = " ".join(f"a{n}: account(limit: 1) {{ id }}" for n in range(300))
    data = await client.data(f"{{ {roots} }}")
    assert len(data) == 300


@pytest.mark.parametrize(
    ("text", "many"),
    [
        ("{ a: account { id } b: account { id } c: account { id } }", False),
        ("{ a: account { id } b: account { id } c: account { id } d: account { id } }", True),
        ("{ ...all } fragment all on Query { account { id } }", True),
        ("{ ... on Query { account { id } } }", True),
        ("query A { account { id } } query B { ... { account { id } } }", True),
    ],
)
def test_root_fields_stand_in_line_where_there_may_be_more_than_are_read_at_a_time(text, many):
    document = Documents(OURS, tokens=1000).read(text)
    assert not document.errors
    assert document.has_many_roots is many


async def test_an_answered_request_leaves_no_garbage(client):
    """What refers to itself stays in memory, large bodies too, until somebody looks for it."""

    def contexts() -> int:
        return sum(type(thing) is Context for thing in gc.get_objects())

    await client.data(QUERY)
    gc.collect()
    gc.disable()
    try:
        before = contexts()
        for _ in range(5):
            await client.data(QUERY)
        assert contexts() == before
    finally:
        gc.enable()


async def test_many_requests_at_once(client):
    answers = await asyncio.gather(*(client.data(QUERY) for _ in range(50)))
    assert answers == [ANSWER["data"]] * 50


# Callers.


async def test_anonymous_gets_nothing(app, installation):
    async with client_of(app, headers={}) as anonymous:
        body = await anonymous.graphql("{ account { id } }")
        assert body["data"] is None
        assert body["errors"][0]["extensions"]["code"] == "FORBIDDEN"
        for mutation in (
            'create_account_item(data: {account_name: "x"}) { id }',
            f'update_account_item(id: "{ACCOUNT}", data: {{}}) {{ id }}',
            f'delete_account_item(id: "{ACCOUNT}") {{ id }}',
            f'account_by_id(id: "{ACCOUNT}") {{ id }}',
            "account_aggregated { countAll }",
        ):
            kind = "query" if mutation.startswith("account") else "mutation"
            body = await anonymous.graphql(f"{kind} {{ {mutation} }}")
            assert body["errors"][0]["extensions"]["code"] == "FORBIDDEN"


@pytest.mark.parametrize(
    "query",
    [
        "{ __schema { types { name } } }",
        '{ x: __type(name: "account") { name } }',
        "{ ...F } fragment F on Query { __schema { types { name } } }",
        "{ ... on Query { ... { __schema { types { name } } } } }",
    ],
)
async def test_introspection_needs_a_token(app, client, query):
    """DESIGN.md 3."""
    assert "errors" not in await client.graphql(query)
    async with client_of(app, headers={}) as anonymous:
        response = await post(anonymous, query=query)
        assert response.status_code == 400
        [error] = response.json()["errors"]
        assert "needs a token" in error["extensions"]["errors"][0]["message"]


async def test_a_text_that_names_introspection_is_no_introspection(app, installation):
    async with client_of(app, headers={}) as anonymous:
        body = await anonymous.graphql('{ account(search: "__schema") { __typename } }')
        assert body["errors"][0]["extensions"]["code"] == "FORBIDDEN"
        assert await anonymous.graphql("{ __typename }") == {"data": {"__typename": "Query"}}


async def test_a_bad_token_is_401(app, installation):
    async with client_of(app, headers={"Authorization": "Bearer nonsense"}) as client:
        response = await post(client, query=QUERY)
        assert response.status_code == 401
        assert response.json()["errors"][0]["extensions"]["code"] == "INVALID_CREDENTIALS"


async def test_the_token_may_be_in_the_query_string(app, installation):
    token = ADMIN["Authorization"].removeprefix("Bearer ")
    async with client_of(app, headers={}) as client:
        response = await client.post(f"/graphql?access_token={token}", json={"query": QUERY})
        assert response.json() == ANSWER


# The browser's page.


async def test_a_browser_gets_graphiql_from_here(app, client):
    response = await client.get("/graphql", headers={"Accept": "text/html,*/*"})
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'self'" in response.headers["content-security-policy"]
    links = re.findall(r'(?:src|href)="([^"]+)"', response.text)
    assert links
    assert not re.search(r"https?://|//cdn", response.text)
    async with client_of(app, headers={}) as anonymous:
        assert (await anonymous.get("/graphql", headers={"Accept": "text/html"})).status_code == 200
        for link in links:
            assert link.startswith("/graphql/graphiql/")
            asset = await anonymous.get(link)
            assert asset.status_code == 200
            assert asset.headers["content-type"].startswith(("text/javascript", "text/css"))
            assert len(asset.content) > 100


async def test_the_own_script_of_the_page_calls_nobody_else(client):
    script = (await client.get("/graphql/graphiql/start.js")).text
    assert not re.search(r"https?://", script)


@pytest.mark.parametrize(
    "name", ["nope.js", "index.html", "LICENSES", "..%2F..%2Fendpoint.py", "a/b.js"]
)
async def test_there_are_no_other_files(client, name):
    response = await client.get(f"/graphql/graphiql/{name}")
    assert response.status_code == 404
    assert response.json()["errors"][0]["extensions"]["code"] == "ROUTE_NOT_FOUND"


async def test_a_query_in_the_address_is_answered_even_to_a_browser(client):
    response = await client.get(
        "/graphql", params={"query": QUERY}, headers={"Accept": "text/html"}
    )
    assert response.json() == ANSWER


# Documents.


def test_documents_are_kept_as_long_as_there_is_room(monkeypatch):
    """Anybody may send some, and a tree takes hundreds of times its text."""
    monkeypatch.setattr("app.graphql.documents._MOST_CHARACTERS", 4 * len(QUERY))
    documents = Documents(OURS, tokens=1000)
    first = documents.read(QUERY)
    documents.read(f"{QUERY} # {'x' * len(QUERY)}")
    assert documents.read(QUERY) is first
    documents.read(f"{QUERY} # {'y' * len(QUERY)}")
    assert documents.read(QUERY) is not first


def test_documents_are_read_once():
    documents = Documents(OURS, tokens=1000, keep=2)
    assert documents.read(QUERY) is documents.read(QUERY)
    assert documents.read("{ nope }").errors
    assert documents.read("{ nope }") is documents.read("{ nope }")
    long = f'{{ account(search: "{"x" * 30_000}") {{ id }} }}'
    assert documents.read(long) is not documents.read(long)
    assert documents.read(long).errors == ()
