"""Writing by GraphQL: every mutation, links, and errors at their path."""

import pytest

from tests.installation import ACCOUNT, NOBODY


async def names(client, selection="id"):
    found = await client.data(
        f'{{ product(filter: {{id: {{_starts_with: "x"}}}}) {{ {selection} }} }}'
    )
    return found["product"]


async def make(client, *keys):
    rows = [{"id": key, "product_name": key} for key in keys]
    query = "mutation($rows: [create_product_input!]) { create_product_items(data: $rows) { id } }"
    return await client.data(query, rows=rows)


async def test_one_item(client):
    data = await client.data(
        """mutation {
          create_product_item(data: {id: "x1", product_name: "X"}) {
            __typename id n: product_name account { id } user_created { first_name } }
          update_product_item(id: "x1", data: {product_name: "Y", color: "red"}) {
            product_name color size }
          delete_product_item(id: "x1") { __typename id k: id }
        }"""
    )
    assert data == {
        "create_product_item": {
            "__typename": "product",
            "id": "x1",
            "n": "X",
            "account": None,
            "user_created": {"first_name": "Admin"},
        },
        "update_product_item": {"product_name": "Y", "color": "red", "size": None},
        "delete_product_item": {"__typename": "delete_one", "id": "x1", "k": "x1"},
    }
    assert await names(client) == []


async def test_many_items(client):
    assert await make(client, "x1", "x2", "x3") == {
        "create_product_items": [{"id": "x1"}, {"id": "x2"}, {"id": "x3"}]
    }
    data = await client.data(
        """mutation($ids: [ID]!, $data: update_product_input!) {
          update_product_items(ids: $ids, data: $data, sort: ["-id"], limit: 2) { id size }
          update_product_batch(data: [{id: "x1", color: "red"}, {id: "x2", size: "S"}]) {
            id color size }
          delete_product_items(ids: $ids) { __typename i: ids }
        }""",
        ids=["x1", "x2", "x3", "nope", None],
        data={"size": "L"},
    )
    assert data == {
        "update_product_items": [{"id": "x3", "size": "L"}, {"id": "x2", "size": "L"}],
        "update_product_batch": [
            {"id": "x1", "color": "red", "size": "L"},
            {"id": "x2", "color": None, "size": "S"},
        ],
        "delete_product_items": {
            "__typename": "delete_many",
            "i": ["x1", "x2", "x3", "nope", None],
        },
    }
    assert await names(client) == []


async def test_nothing_is_written_for_nothing(client):
    data = await client.data(
        """mutation { create_product_items { id } b: create_product_items(data: []) { id }
          update_product_batch { id } update_product_items(ids: [], data: {}) { id }
          delete_product_items(ids: []) { ids } }"""
    )
    assert data == {
        "create_product_items": [],
        "b": [],
        "update_product_batch": [],
        "update_product_items": [],
        "delete_product_items": {"ids": []},
    }


@pytest.mark.parametrize(
    ("link", "name"),
    [
        (f'"{ACCOUNT}"', "Demo Account"),
        (f'{{id: "{ACCOUNT}"}}', "Demo Account"),
        (f'{{id: "{ACCOUNT}", account_name: "Renamed"}}', "Renamed"),
        ('{account_name: "New"}', "New"),
        ("null", None),
    ],
)
async def test_a_relation_takes_a_key_or_an_object(client, link, name):
    """systems.md 0.3.1, literally and by a variable."""
    mutation = """create_product_item(data: {id: "x1", product_name: "X", account: LINK}) {
      account { account_name } }"""
    wanted = {"account": None if name is None else {"account_name": name}}
    data = await client.data(f"mutation {{ {mutation.replace('LINK', link)} }}")
    assert data["create_product_item"] == wanted
    given = {
        f'"{ACCOUNT}"': ACCOUNT,
        f'{{id: "{ACCOUNT}"}}': {"id": ACCOUNT},
        f'{{id: "{ACCOUNT}", account_name: "Renamed"}}': {
            "id": ACCOUNT,
            "account_name": "Renamed",
        },
        '{account_name: "New"}': {"account_name": "New"},
        "null": None,
    }[link]
    mutation = mutation.replace("x1", "x2").replace("LINK", "$link")
    data = await client.data(f"mutation($link: account_link) {{ {mutation} }}", link=given)
    assert data["create_product_item"] == wanted
    payload = {"id": "x3", "product_name": "X", "account": given}
    data = await client.data(
        "mutation($data: create_product_input!) { create_product_item(data: $data) "
        "{ account { account_name } } }",
        data=payload,
    )
    assert data["create_product_item"] == wanted


async def test_variables_inside_objects_and_json(client):
    data = await client.data(
        """mutation($key: ID, $n: Int) { create_product_item(data: {id: "x1", product_name: "X",
          account: {id: $key}, tags: {a: [1, {b: $n}], c: true, d: null, e: "x", f: 1.5}}) {
          account { id } tags } }""",
        key=ACCOUNT,
        n=5,
    )
    assert data["create_product_item"] == {
        "account": {"id": ACCOUNT},
        "tags": {"a": [1, {"b": 5}], "c": True, "d": None, "e": "x", "f": 1.5},
    }


@pytest.mark.parametrize("link", ["5.5", "[5]", "true"])
async def test_other_links_are_no_keys(client, link):
    document = (
        f'mutation {{ create_product_item(data: {{id: "x", product_name: "X", account: {link}}}) '
        "{ id } }"
    )
    response = await client.post("/graphql", json={"query": document})
    assert response.status_code == 400
    assert "Expected a key or an object" in response.text


@pytest.mark.parametrize(
    ("serial", "stored"),
    [('"123"', 123), ("123", 123), ("99999999999", 99999999999), ('"99999999999"', 99999999999)],
)
async def test_a_serial_may_have_64_bits(client, serial, stored):
    data = await client.data(
        f"""mutation {{ create_identifier_job_item(data: {{status: "error",
        sscc_start_serial: {serial}}}) {{ sscc_start_serial }} }}"""
    )
    assert data["create_identifier_job_item"] == {"sscc_start_serial": stored}


async def test_every_error_of_a_payload_is_told_at_its_path(client):
    body = await client.graphql(
        "mutation { a: create_identifier_job_item("
        'data: {length: 3, quantity: 0, status: "bad"}) { id } }'
    )
    assert body["data"] == {"a": None}
    assert {error["extensions"]["field"] for error in body["errors"]} >= {"length", "quantity"}
    for error in body["errors"]:
        assert error["extensions"]["code"] == "FAILED_VALIDATION"
        assert error["path"] == ["a"]
        assert error["locations"] == [{"line": 1, "column": 12}]


async def test_mutations_run_in_order_each_its_own_transaction(client):
    """systems.md 6.10."""
    body = await client.graphql(
        """mutation {
          one: create_product_item(data: {id: "x1", product_name: "X"}) { id }
          again: create_product_item(data: {id: "x1", product_name: "X"}) { id }
          two: create_product_item(data: {id: "x2", product_name: "X", parent_product: {id: "x1"}})
            { parent_product { id } }
        }"""
    )
    assert body["data"] == {
        "one": {"id": "x1"},
        "again": None,
        "two": {"parent_product": {"id": "x1"}},
    }
    [error] = body["errors"]
    assert error["path"] == ["again"]
    assert error["message"] == 'Value "x1" for field "id" in collection "product" has to be unique.'
    assert error["extensions"] == {
        "collection": "product",
        "field": "id",
        "value": "x1",
        "code": "RECORD_NOT_UNIQUE",
    }
    assert await names(client) == [{"id": "x1"}, {"id": "x2"}]


@pytest.mark.parametrize(
    ("mutation", "code"),
    [
        ('update_product_item(id: "nope", data: {color: "red"}) { id }', "FORBIDDEN"),
        ('delete_product_item(id: "nope") { id }', "FORBIDDEN"),
        ('delete_identifier_job_item(id: "malformed") { id }', "FORBIDDEN"),
        (
            'create_product_item(data: {id: "x", product_name: "X", net_weight: 1e99}) { id }',
            "VALUE_OUT_OF_RANGE",
        ),
        (
            'create_product_item(data: {id: "x", product_name: "X", tags: "\\u0000"}) { id }',
            "INVALID_PAYLOAD",
        ),
        (
            f'create_domain_item(data: {{domain_name: "x.yy", account: "{NOBODY}"}}) {{ id }}',
            "INVALID_FOREIGN_KEY",
        ),
        (f'delete_account_item(id: "{ACCOUNT}") {{ id }}', "INVALID_FOREIGN_KEY"),
        (
            f'create_product_item(data: {{id: "x", product_name: "{"x" * 256}"}}) {{ id }}',
            "VALUE_TOO_LONG",
        ),
    ],
)
async def test_a_refused_mutation_is_null(client, mutation, code):
    body = await client.graphql(f"mutation {{ m: {mutation} }}")
    assert body["data"] == {"m": None}
    assert {error["extensions"]["code"] for error in body["errors"]} == {code}


async def test_a_batch_needs_its_keys(client):
    body = await client.graphql('mutation { update_product_batch(data: [{color: "red"}]) { id } }')
    assert body["data"] is None
    [error] = body["errors"]
    assert error["message"] == "Invalid payload. Item in update misses primary key."


async def test_ten_thousand_items_in_one_mutation(client):
    made = await make(client, *(f"x{n:05}" for n in range(10_000)))
    assert len(made["create_product_items"]) == 10_000
