"""Brands and campaigns are of the product's account (systems.md 6.1.5, 6.3)."""

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

THERE = f"/items/product/{quote(PRODUCT, safe='')}"
TOKEN = "the token of a user"


@pytest.fixture
async def foreign(rows):
    """A brand and a campaign of another account."""
    [account] = rows.execute(
        "INSERT INTO account (account_name) VALUES ('Other') RETURNING id"
    ).fetchone()
    return {
        name: rows.execute(
            f"INSERT INTO {name} (name, account) VALUES ('x', %s) RETURNING id::text", [account]
        ).fetchone()[0]
        for name in ("brand", "campaign")
    }


@pytest.mark.parametrize("field", ["brand", "campaign"])
async def test_nobody_mixes_accounts(client, foreign, field):
    """Not even an admin without an account, who sees both."""
    for answer in (
        await client.patch(THERE, json={field: foreign[field]}),
        await client.post(
            "/items/product",
            json={"id": "p", "product_name": "x", "account": ACCOUNT, field: foreign[field]},
        ),
    ):
        [error] = answer.json()["errors"]
        assert error["extensions"]["field"] == field
        assert "another account than the product" in error["message"]


@pytest.mark.parametrize("field", ["brand", "campaign"])
async def test_to_a_tenant_those_of_others_are_missing(app, client, rows, foreign, field):
    role = rows.execute("SELECT id::text FROM directus_roles").fetchone()[0]
    user = {"email": "u@example.com", "token": TOKEN, "account": ACCOUNT, "role": role}
    assert (await client.post("/users", json=user)).status_code == 200
    async with client_of(app, {"Authorization": f"Bearer {TOKEN}"}) as tenant:
        answer = await tenant.patch(THERE, json={field: foreign[field]})
        assert answer.json()["errors"][0]["extensions"]["code"] == "INVALID_FOREIGN_KEY"
        own = await tenant.post(f"/items/{field}", json={"name": "ours"})
        assert own.status_code == 200, own.text
        put = await tenant.patch(THERE, json={field: own.json()["data"]["id"]})
        assert put.status_code == 200, put.text


async def test_a_brand_is_named_once_in_an_account(client):
    """6.3: uq(account, name)."""
    row = {"name": "American Pork", "account": ACCOUNT}
    assert (await client.post("/items/brand", json=row)).json()["data"]["number"] > 0
    [error] = (await client.post("/items/brand", json=row)).json()["errors"]
    assert error["extensions"]["code"] == "RECORD_NOT_UNIQUE"
