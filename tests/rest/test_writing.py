"""`POST`, `PATCH` and `DELETE /items` (directus.md 1.4 to 1.7)."""

import json
from pathlib import Path

import psycopg
import pytest

from app.main import create_app
from tests.installation import ACCOUNT, NOBODY, PRODUCT, client_of

EXAMPLES = json.loads(
    (Path(__file__).parents[1] / "data" / "identifier_job_examples.json").read_text()
)
JSON = {"Content-Type": "application/json"}


async def make(client, *keys, **fields):
    rows = [{"id": key, "product_name": key, **fields} for key in keys]
    response = await client.post("/items/product", json=rows)
    assert response.status_code == 200, response.text


async def left(client):
    response = await client.get("/items/product?fields=id&filter[id][_starts_with]=x")
    return [row["id"] for row in response.json()["data"]]


async def error_of(response, status=400):
    assert response.status_code == status, response.text
    [error] = response.json()["errors"]
    return error


async def test_the_reference_examples_word_for_word(client):
    async def call(name, key="none"):
        asked = EXAMPLES[name]["rest"]
        path = asked["path"].replace(":id", key)
        return await client.request(asked["method"], path, json=asked.get("body"))

    assert (await call("list")).json() == {"data": []}
    made = (await call("create")).json()["data"]
    assert {name: made[name] for name in EXAMPLES["create"]["rest"]["body"]} == EXAMPLES["create"][
        "rest"
    ]["body"]
    assert (made["status"], made["quantity_created"], made["sscc_start_serial"]) == ("new", 0, 0)
    assert (made["domain"], made["error_message"]) == (None, None)
    key = made["id"]
    assert (await call("retrieve", key)).json()["data"] == made
    changed = (await call("update", key)).json()["data"]
    assert changed["status"] == "complete"
    assert changed["reference_id"] == "BATCH-SGTIN-2024-COMPLETED"
    assert changed["user_updated"] == made["user_created"]
    response = await call("delete", key)
    assert (response.status_code, response.content) == (204, b"")
    assert (await call("retrieve", key)).status_code == 403
    assert (await call("list")).json() == {"data": []}


async def test_create_answers_200_with_the_item_shaped_by_fields(client):
    response = await client.post(
        "/items/product?fields=id,account.account_name&limit=0&filter[id][_eq]=nope",
        json={"id": "x1", "product_name": "X", "account": ACCOUNT},
    )
    assert response.status_code == 200
    assert response.json() == {"data": {"id": "x1", "account": {"account_name": "Demo Account"}}}


async def test_create_many_answers_a_list(client):
    rows = [{"id": key, "product_name": key} for key in ("x2", "x1")]
    response = await client.post("/items/product?fields=id&sort=-id", json=rows)
    assert response.json() == {"data": [{"id": "x2"}, {"id": "x1"}]}
    assert (await client.post("/items/product", json=[])).json() == {"data": []}


async def test_a_204_has_no_content_type(client):
    """The JavaScript SDK parses whatever says it is JSON (directus.md 0)."""
    response = await client.delete("/items/product/nope")
    assert (response.status_code, response.content) == (204, b"")
    assert "content-type" not in response.headers
    assert "content-length" not in response.headers


async def test_no_body_is_an_empty_object(client):
    """Transcript 154."""
    for request in (
        {"content": b""},
        {"content": b"  ", "headers": JSON},
        {"content": b'{"id": "x1"}', "headers": {"Content-Type": "text/plain"}},
    ):
        response = await client.post("/items/product", **request)
        errors = response.json()["errors"]
        assert [error["extensions"]["field"] for error in errors] == ["id", "product_name"]


@pytest.mark.parametrize(
    "content",
    [
        b'{"a":',
        b"5",
        b"null",
        b'"x"',
        b"true",
        b"\xff",
        b"NaN",
        b'{"a": 1e999}',
        b"[" * 2000,
        b"{'a': 1}",
        b'{"a": "\\ud800"}',
    ],
)
async def test_a_malformed_body_is_an_invalid_payload(client, content):
    error = await error_of(await client.post("/items/product", content=content, headers=JSON))
    assert error["message"].startswith("Invalid payload. ")
    assert error["extensions"]["code"] == "INVALID_PAYLOAD"


@pytest.mark.parametrize("body", [[5], [None], [[]], ["x"], [{"id": "x1", "product_name": "x"}, 5]])
async def test_items_are_objects(client, body):
    error = await error_of(await client.post("/items/product", json=body))
    assert error["extensions"]["code"] == "INVALID_PAYLOAD"
    assert await left(client) == []


async def test_json_nested_without_end_is_an_invalid_payload(client):
    for field in ("tags", "product_name", "account"):
        deep = "[" * 800 + "]" * 800
        content = f'{{"id": "x1", "product_name": "x", "{field}": {deep}}}'.encode()
        response = await client.post("/items/product", content=content, headers=JSON)
        assert response.status_code == 400, field


async def test_an_update_answers_the_item(client):
    await make(client, "x1")
    response = await client.patch("/items/product/x1?fields=id,color", json={"color": "red"})
    assert response.json() == {"data": {"id": "x1", "color": "red"}}
    response = await client.patch("/items/product/x1?fields=id,color", json={})
    assert response.json() == {"data": {"id": "x1", "color": "red"}}


async def test_updating_nothing_is_204(client):
    """Transcript 161."""
    for key in ("nope", "%00"):
        response = await client.patch(f"/items/product/{key}", json={"color": "red"})
        assert (response.status_code, response.content) == (204, b"")
    assert (await client.patch(f"/items/account/{NOBODY}", json={})).status_code == 204


async def test_an_update_takes_an_object(client):
    for body in ([], [{"id": "x"}], "x"):
        error = await error_of(await client.patch("/items/product/x", json=body))
        assert error["extensions"]["code"] == "INVALID_PAYLOAD"


async def test_updates_by_array_keys_and_query(client):
    """Transcripts 165 to 170."""
    await make(client, "x1", "x2", "x3")

    async def patch(body, fields="id,color,size"):
        response = await client.patch(f"/items/product?fields={fields}", json=body)
        assert response.status_code == 200, response.text
        return [tuple(row.values()) for row in response.json()["data"]]

    assert await patch([{"id": "x2", "color": "crimson"}, {"id": "x1", "size": "S"}]) == [
        ("x1", None, "S"),
        ("x2", "crimson", None),
    ]
    assert await patch({"keys": ["x1", "x3", "nope", 5, None], "data": {"color": "blue"}}) == [
        ("x1", "blue", "S"),
        ("x3", "blue", None),
    ]
    query = {"filter": {"id": {"_starts_with": "x"}}}
    assert await patch({"query": query, "data": {"size": "L"}}, "size") == [("L",)] * 3
    query = {"filter": {"color": {"_eq": "blue"}}, "sort": ["-id"], "limit": 1}
    assert await patch({"query": query, "data": {"size": "M"}}, "id") == [("x3",)]
    assert await patch({"query": {"filter": {"id": "nope"}}, "data": {"size": "M"}}) == []
    assert await patch(
        {"query": {"search": "crimson", "fields": ["id"]}, "data": {"size": "Q"}}
    ) == [("x2", "crimson", "Q")]
    assert await patch([]) == []
    assert await patch({"keys": [], "data": {}}) == []


async def test_a_query_updates_and_deletes_all_it_matches(client):
    """No silent cap of 100 (DESIGN.md 4)."""
    await make(client, *(f"x{n:03}" for n in range(150)))
    query = {"filter": {"id": {"_starts_with": "x"}}}
    response = await client.patch("/items/product", json={"query": query, "data": {"size": "L"}})
    assert len(response.json()["data"]) == 150
    response = await client.request("DELETE", "/items/product", json={"query": query})
    assert response.status_code == 204
    assert await left(client) == []


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ([{"color": "red"}], "Item in update misses primary key"),
        ([{"id": None, "color": "red"}], "Item in update misses primary key"),
        ([5], "Item in update misses primary key"),
        ({"keys": ["x1"]}, '"data" is required'),
        ({}, '"data" is required'),
        ("x", '"data" is required'),
        ({"data": {}}, '"value" must contain at least one of [query, keys]'),
        ({"data": 5, "keys": []}, '"data" must be of type object'),
        ({"data": {}, "keys": "x"}, '"keys" must be an array'),
        ({"data": {}, "query": "x"}, '"query" must be of type object'),
        (
            {"data": {}, "keys": [], "query": {}},
            '"value" contains a conflict between exclusive peers [query, keys]',
        ),
    ],
)
async def test_a_malformed_update_of_many(client, body, reason):
    error = await error_of(await client.patch("/items/product", json=body))
    assert error["message"] == f"Invalid payload. {reason}."
    assert error["extensions"] == {"reason": reason, "code": "INVALID_PAYLOAD"}


@pytest.mark.parametrize(
    ("body", "after"),
    [
        (["x1", "x2"], ["x3"]),
        ({"keys": ["x1", "x2"]}, ["x3"]),
        ({"query": {"filter": {"id": {"_in": ["x1", "x2"]}}}}, ["x3"]),
        ({"query": {"filter": {"id": {"_starts_with": "x"}}, "limit": 2}}, ["x3"]),
        (["nope", None, 5, {"a": 1}, "\x00"], ["x1", "x2", "x3"]),
        ([], ["x1", "x2", "x3"]),
        ({"keys": []}, ["x1", "x2", "x3"]),
    ],
)
async def test_deletes(client, body, after):
    await make(client, "x1", "x2", "x3")
    response = await client.request("DELETE", "/items/product", json=body)
    assert (response.status_code, response.content) == (204, b"")
    assert await left(client) == after


async def test_deleting_without_saying_what_is_refused(client):
    """Transcript 186. Nothing may be gone."""
    for request in ({}, {"json": {}}, {"json": {"nope": 1}}, {"json": "x"}, {"json": 5}):
        error = await error_of(await client.request("DELETE", "/items/product", **request))
        assert error["message"] == (
            'Invalid payload. "value" must contain at least one of [query, keys].'
        )
    response = await client.get("/items/product?fields=id")
    assert len(response.json()["data"]) == 5


async def test_deleting_what_others_need_is_refused(client):
    error = await error_of(await client.delete(f"/items/account/{ACCOUNT}"))
    assert error["extensions"]["code"] == "INVALID_FOREIGN_KEY"
    assert (error["extensions"]["field"], error["extensions"]["value"]) == ("account", ACCOUNT)
    code = {"id": f"{PRODUCT}/21/abc", "product": PRODUCT}
    assert (await client.post("/items/unique_code", json=code)).status_code == 200
    error = await error_of(await client.delete("/items/product/%2F01%2F09312345551927"))
    assert error["message"] == (
        f'Invalid foreign key "{PRODUCT}" for field "product" in collection "unique_code".'
    )


async def test_one_bad_row_rolls_everything_back(client):
    """Transcripts 151 and 152."""
    rows = [{"id": "x1", "product_name": "x"}, {"id": PRODUCT, "product_name": "x"}]
    error = await error_of(await client.post("/items/product", json=rows))
    assert error["extensions"] == {
        "collection": "product",
        "field": "id",
        "value": PRODUCT,
        "code": "RECORD_NOT_UNIQUE",
    }
    assert await left(client) == []


async def test_every_error_is_told_at_once(client):
    response = await client.post(
        "/items/identifier_job", json={"length": 3, "quantity": 0, "status": "weird", "type": "x"}
    )
    assert response.status_code == 400
    errors = response.json()["errors"]
    assert {error["extensions"]["field"] for error in errors} >= {
        "length",
        "quantity",
        "status",
        "type",
    }
    assert {error["extensions"]["code"] for error in errors} == {"FAILED_VALIDATION"}


async def test_a_minimum_says_which(client):
    """Transcript 142."""
    error = await error_of(
        await client.post("/items/identifier_job", json={"length": 3, "status": "complete"})
    )
    assert error == {
        "message": 'Validation failed for field "length". '
        'Value has to be greater than or equal to "6".',
        "extensions": {
            "field": "length",
            "path": [],
            "type": "gte",
            "valid": 6,
            "code": "FAILED_VALIDATION",
        },
    }


async def test_bodies_have_a_limit(client, installation):
    limit = installation.max_payload_size
    for content in (b" " * (limit + 1), b'{"id": "' + b"x" * limit + b'"}'):
        response = await client.post("/items/product", content=content, headers=JSON)
        error = await error_of(response)
        assert error["message"] == f"Invalid payload. The body is larger than {limit} bytes."

    async def chunks():
        for _ in range(limit // 2**16 + 1):
            yield b" " * 2**16

    response = await client.post("/items/product", content=chunks(), headers=JSON)
    assert (await error_of(response))["extensions"]["code"] == "INVALID_PAYLOAD"


async def test_ten_thousand_products_in_one_request(client):
    rows = [{"id": f"x{n:05}", "product_name": "x", "account": ACCOUNT} for n in range(10_000)]
    response = await client.post("/items/product?fields=id", json=rows)
    assert response.status_code == 200
    assert len(response.json()["data"]) == 10_000
    response = await client.request("DELETE", "/items/product", json=[row["id"] for row in rows])
    assert response.status_code == 204


async def test_rows_added_to_a_sorted_set_come_after_those_there(client):
    """directus.md 1.8: a delta's new rows get the next places."""
    fields = [{"key": "first"}, {"key": "second"}]
    body = {"name": "Sorted", "account": ACCOUNT, "scm_fields": fields}
    made = (await client.post("/items/campaign?fields=id", json=body)).json()["data"]
    path = f"/items/campaign/{made['id']}?fields=scm_fields.key,scm_fields.position"
    delta = {"create": [{"key": "third"}, {"key": "fourth"}, {"key": "zeroth", "position": 0}]}
    answer = await client.patch(path, json={"scm_fields": delta})
    shown = [(row["key"], row["position"]) for row in answer.json()["data"]["scm_fields"]]
    assert shown == [("zeroth", 0), ("first", 1), ("second", 2), ("third", 3), ("fourth", 4)]


async def test_a_write_that_takes_too_long_says_so(installation, rows):
    hurried = installation.model_copy(update={"statement_timeout": 0.2})
    async with client_of(create_app(hurried)) as client:
        with psycopg.connect(installation.database_url) as other:
            other.execute("LOCK TABLE domain")
            body = {"domain_name": "late.example.com", "account": ACCOUNT}
            refused = await client.post("/items/domain", json=body)
        assert refused.status_code == 408
        assert (await error_of(refused, 408))["extensions"]["code"] == "OUT_OF_TIME"
        assert (await client.post("/items/domain", json=body)).status_code == 200
