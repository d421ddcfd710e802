"""Secrets of users: never shown, and no order, group or filter tells of them (directus.md 3.5)."""

import json

import pytest

from tests.rest.test_reading import data, error_of


async def test_users_of_an_item_show_no_secrets(client):
    made = await client.post(
        "/items/product?fields=user_created.*", json={"id": "x", "product_name": "x"}
    )
    user = made.json()["data"]["user_created"]
    assert (user["first_name"], user["token"], user["password"]) == ("Admin", "**********", None)


SECRETS = ("password", "token", "tfa_secret")


@pytest.mark.parametrize("field", SECRETS)
@pytest.mark.parametrize(
    "query",
    [
        "sort={}",
        "sort=-{}",
        "groupBy[]={}",
        "aggregate[max]={}",
        "aggregate[min]={}",
        "aggregate[count]=*&groupBy[]=role&sort=max.{}",
    ],
)
async def test_users_are_not_ordered_or_grouped_by_their_secrets(client, field, query):
    """Not even for admins: who sees the order of secrets can find them out."""
    response = await client.get(f"/users?{query.format(field)}")
    assert response.status_code == 403, response.text
    [error] = response.json()["errors"]
    assert error["extensions"]["code"] == "FORBIDDEN"
    assert f'field "{field}" in collection "directus_users"' in error["message"]


@pytest.mark.parametrize("field", SECRETS)
async def test_of_secrets_only_whether_they_are_there_is_told(client, field):
    """directus.md 2.13 and 3.1: `_null`, `_empty` and their opposites; not even `_eq`."""
    for operator in ("_eq", "_in", "_starts_with", "_gt"):
        query = json.dumps({field: {operator: "a"}})
        error = await error_of(client, "/users", 400, filter=query)
        assert 'Field with "conceal" special does not allow' in error["message"]
    found = []
    for operator in ("_null", "_nnull"):
        query = json.dumps({field: {operator: True}})
        found += (await data(client, "/users", fields="email", filter=query))["data"]
    assert found == [{"email": "admin@example.com"}]
    body = await data(client, "/users", **{"aggregate[count]": field})
    assert body["data"][0]["count"].keys() == {field}


async def test_relations_lead_to_no_order_of_secrets(client):
    response = await client.get("/items/product?sort=user_created.token")
    assert response.status_code == 403
    deep = json.dumps({"users": {"_sort": ["token"]}})
    response = await client.get("/roles", params={"fields": "users.email", "deep": deep})
    assert response.status_code == 403, response.text
