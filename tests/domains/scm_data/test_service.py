"""Supply-chain data of codes, and codes of other systems (systems.md 6.3, 6.5, 4.2, 4.4)."""

from urllib.parse import quote

import pytest

from tests.installation import (
    ACCOUNT,
    PRODUCT,
    app,
    client,
    client_of,
    installation,
    prepared,
    reset,
    rows,
)

__all__ = ["app", "client", "installation", "prepared", "reset", "rows"]

PATH = "/items/unique_code"
CODE = f"{PRODUCT}/21/A"
THERE = f"{PATH}/{quote(CODE, safe='')}"
FARM = {"farm_name": "Aliso Farms"}


@pytest.fixture
async def campaign(client):
    """A campaign with two active fields and one that is not; the demo product is in it."""
    fields = [
        {"key": "farm_name", "position": 1},
        {"key": "organic", "position": 2},
        {"key": "plant", "position": 3, "is_active": False},
    ]
    made = await client.post(
        "/items/campaign", json={"name": "Food", "account": ACCOUNT, "scm_fields": fields}
    )
    assert made.status_code == 200, made.text
    key = made.json()["data"]["id"]
    put = await client.patch(f"/items/product/{quote(PRODUCT, safe='')}", json={"campaign": key})
    assert put.status_code == 200, put.text
    return key


@pytest.fixture
async def code(client, campaign):
    made = await client.post(PATH, json={"id": CODE})
    assert made.status_code == 200, made.text


def said(response) -> str:
    """The sentence of the one refusal, which is about SCM data."""
    [error] = response.json()["errors"]
    assert error["extensions"]["code"] == "FAILED_VALIDATION", error
    assert error["extensions"]["field"] == "scm_data"
    return error["message"]


async def test_who_changed_it_and_when_is_kept(client, code, rows):
    admin = rows.execute("SELECT id::text FROM directus_users").fetchone()[0]
    first = (await client.patch(THERE, json={"scm_data": FARM})).json()["data"]
    assert first["scm_data"] == FARM
    assert first["scm_updated_by"] == admin
    assert first["scm_updated_at"] is not None
    same = (await client.patch(THERE, json={"scm_data": FARM})).json()["data"]
    assert same["scm_updated_at"] == first["scm_updated_at"]
    gone = (await client.patch(THERE, json={"scm_data": None})).json()["data"]
    assert gone["scm_updated_at"] > first["scm_updated_at"]
    other = (await client.patch(THERE, json={"status": "assigned"})).json()["data"]
    assert other["scm_updated_at"] == gone["scm_updated_at"]


async def test_what_a_client_says_of_who_and_when_is_kept(client, code):
    """4.2: a moment without a person is in the vendor's own file."""
    given = {
        "scm_data": FARM,
        "scm_updated_at": "2019-06-14T09:35:08.207234+00:00",
        "scm_updated_by": None,
    }
    changed = (await client.patch(THERE, json=given)).json()["data"]
    assert changed["scm_updated_at"] == "2019-06-14T09:35:08.207Z"
    assert changed["scm_updated_by"] is None


async def test_keys_are_the_active_ones_of_the_campaign(client, code, campaign):
    refused = await client.patch(THERE, json={"scm_data": {**FARM, "plant": "1", "colour": "red"}})
    assert (
        f'Campaign {campaign} has no active SCM field "colour", "plant": '
        'its fields are "farm_name", "organic".'
    ) in said(refused)
    assert refused.json()["errors"][0]["extensions"]["invalid"] == ["colour", "plant"]
    made = await client.post(PATH, json={"id": CODE + "2", "scm_data": {"colour": "red"}})
    assert '"colour"' in said(made)
    for no_object in ([], "text", 5):
        answer = await client.patch(THERE, json={"scm_data": no_object})
        assert "has to be an object" in said(answer)


async def test_what_is_left_of_a_field_may_stay_as_it_is(client, code, rows):
    """6.3 is_active: other fields are kept."""
    await client.patch(THERE, json={"scm_data": {**FARM, "organic": "No"}})
    rows.execute("UPDATE scm_field SET is_active = false WHERE key = 'organic'")
    kept = await client.patch(THERE, json={"scm_data": {"farm_name": "B", "organic": "No"}})
    assert kept.status_code == 200, kept.text
    changed = await client.patch(THERE, json={"scm_data": {"organic": "Yes"}})
    assert '"organic"' in said(changed)


async def test_without_a_campaign_it_is_said_what_to_do(client, campaign):
    await client.patch(f"/items/product/{quote(PRODUCT, safe='')}", json={"campaign": None})
    answer = await client.post(PATH, json={"id": CODE, "scm_data": FARM})
    assert f'Product "{PRODUCT}" is in no campaign' in said(answer)
    answer = await client.post(PATH, json={"id": "/00/006141410000000005", "scm_data": FARM})
    assert "The code has no product" in said(answer)


async def test_the_campaign_is_that_of_the_product_a_code_moves_to(client, campaign, rows):
    """4.6: moving a code to a product of another campaign changes its campaign."""
    rows.execute("INSERT INTO product (id, product_name, account) VALUES ('p', 'x', %s)", [ACCOUNT])
    there = f"{PATH}/{quote('go.example.com/x7Kp', safe='')}"
    await client.post(PATH, json={"id": "go.example.com/x7Kp", "product": "p"})
    assert "in no campaign" in said(await client.patch(there, json={"scm_data": FARM}))
    moved = await client.patch(there, json={"product": PRODUCT, "scm_data": FARM})
    assert moved.status_code == 200, moved.text


async def test_an_archived_campaign_works_as_any_other(client, code, campaign):
    archived = await client.patch(f"/items/campaign/{campaign}", json={"is_archived": True})
    assert archived.status_code == 200
    assert (await client.patch(THERE, json={"scm_data": FARM})).status_code == 200


async def test_keys_of_other_accounts_are_not_told(app, client, rows):
    [other] = rows.execute(
        "INSERT INTO account (account_name) VALUES ('Other') RETURNING id::text"
    ).fetchone()
    rows.execute(
        "WITH c AS (INSERT INTO campaign (name, account) VALUES ('c', %(a)s) RETURNING id), "
        "f AS (INSERT INTO scm_field (campaign, key, is_active) SELECT id, 'hidden', true FROM c) "
        "INSERT INTO product (id, product_name, account, campaign) "
        "SELECT 'theirs', 'x', %(a)s, id FROM c",
        {"a": other},
    )
    role = rows.execute("SELECT id::text FROM directus_roles").fetchone()[0]
    token = "the token of a user"
    user = {"email": "u@example.com", "token": token, "account": ACCOUNT, "role": role}
    assert (await client.post("/users", json=user)).status_code == 200
    async with client_of(app, {"Authorization": f"Bearer {token}"}) as stranger:
        row = {"id": "go.example.com/x", "product": "theirs", "scm_data": {"colour": "red"}}
        answer = await stranger.post(PATH, json=row)
        assert answer.json()["errors"][0]["extensions"]["code"] == "INVALID_FOREIGN_KEY"
        assert "hidden" not in answer.text


async def test_graphql_decides_alike(client, code):
    mutation = (
        "mutation ($id: ID!, $data: update_unique_code_input!) { update_unique_code_item("
        "id: $id, data: $data) { scm_data scm_updated_by { id } } }"
    )
    body = await client.graphql(mutation, id=CODE, data={"scm_data": {"colour": "red"}})
    assert '"colour"' in body["errors"][0]["message"]
    changed = await client.data(mutation, id=CODE, data={"scm_data": FARM})
    assert changed["update_unique_code_item"]["scm_updated_by"] is not None


@pytest.mark.parametrize("key", ["sku", "workorder_id", "date_from", "timeframe", "flags"])
async def test_a_key_is_no_name_that_downloads_have(client, campaign, key):
    """6.3: not one of the fixed columns, nor of the query words of 4.2."""
    answer = await client.post("/items/scm_field", json={"campaign": campaign, "key": key})
    [error] = answer.json()["errors"]
    assert error["extensions"]["field"] == "key"
    assert f'can\'t be "{key}"' in error["message"]
    other = await client.post("/items/scm_field", json={"campaign": campaign, "key": "case_no"})
    there = f"/items/scm_field/{other.json()['data']['id']}"
    assert (await client.patch(there, json={"key": key})).status_code == 400
