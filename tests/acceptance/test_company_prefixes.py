"""Company prefixes: what the admin of the installation is kept from."""

import pytest

from tests.acceptance.two_accounts import (
    A,
    B,
    a,
    anybody,
    b,
    created,
    errors,
    two_accounts,
)

__all__ = ["a", "anybody", "b", "two_accounts"]


@pytest.mark.parametrize("digits", [{}, {"digits": None}, {"digits": ""}])
async def test_a_prefix_without_digits_is_refused(client, two_accounts, digits):
    answer = await client.post("/items/company_prefix", json={**digits, "account": A})
    assert answer.status_code == 400
    assert {error["field"] for error in errors(answer)} == {"digits"}


async def test_a_prefix_is_not_moved_over_keys_of_others_either(a, client):
    await created(client, "company_prefix", {"digits": "5012345"})
    await created(a, "product", {"id": "/01/05012345000008", "product_name": "P"})
    answer = await client.post("/items/company_prefix", json={"digits": "6012345", "account": B})
    moved = answer.json()["data"]["id"]
    shared = await client.get("/items/company_prefix?filter[digits][_eq]=5012345")
    key = shared.json()["data"][0]["id"]
    for path, patch in ((key, {"account": B}), (key, {"digits": "50123"})):
        answer = await client.patch(f"/items/company_prefix/{path}", json=patch)
        assert answer.status_code == 400, answer.text
    answer = await client.patch(f"/items/company_prefix/{moved}", json={"digits": "5012345"})
    assert answer.status_code == 400


async def test_a_prefix_patched_over_keys_of_another_account_is_refused(client, rows, two_accounts):
    """Such keys are there from before keys had owners."""
    rows.execute(
        "INSERT INTO product (id, product_name, gtin, account) VALUES "
        "('/01/05012345000008', 'P', '05012345000008', %(a)s)",
        {"a": A},
    )
    made = await created(client, "company_prefix", {"digits": "6012345", "account": B})
    answer = await client.patch(f"/items/company_prefix/{made['id']}", json={"digits": "5012345"})
    assert answer.status_code == 400, answer.text
    assert "is there already" in answer.text
