"""Who may ask, and what the refusals look like (systems.md 4.1, 4.7, 7.1)."""

import httpx
import pytest

from tests.installation import ACCOUNT, TOKEN

ME = "/api/v2/me/"


async def test_a_token_says_who_it_is(client, as_company, uat, rows):
    """systems.md 4.1: `GET /api/v2/me/` is the smoke test; 7.4: its shape."""
    asking = await as_company(uat("codes_view", "product_view"))
    me = (await asking.get(ME)).json()
    company = rows.execute(
        "SELECT company_id, account_name FROM account WHERE id = %s", [ACCOUNT]
    ).fetchone()
    assert me["company"] == {"id": company[0], "name": company[1]}
    assert me["permissions"] == ["codes_view", "product_view"]
    assert isinstance(me["id"], int)
    assert me["first_name"] == "Jelle"
    assert set(me) == {"id", "email", "first_name", "last_name", "company", "permissions"}


async def test_routes_are_served_with_and_without_the_final_slash(client):
    """systems.md 7.1: never by redirect."""
    assert (await client.get("/api/v2/me/")).status_code == 200
    assert (await client.get("/api/v2/me")).status_code == 200


@pytest.mark.parametrize("scheme", ["UAT", "JWT", "Bearer", "uat"])
async def test_directus_tokens_are_taken_and_good_for_everything(client, as_company, scheme):
    """systems.md 7.1: a static token may be used on all surfaces (ALLOW_STATIC_ON_COMPAT)."""
    asking = await as_company({"Authorization": f"{scheme} {TOKEN}"})
    me = await asking.get(ME)
    assert me.status_code == 200
    assert {"codes_view", "scans_download", "workorder_create"} <= set(me.json()["permissions"])


@pytest.mark.parametrize("header", [{}, {"Authorization": "Basic eDp5"}, {"Authorization": "UAT "}])
async def test_nobody_gets_401_and_the_scheme(client, as_company, header):
    """systems.md 4.7 and 7.1."""
    refused = await (await as_company(header)).get(ME)
    assert refused.status_code == 401
    assert refused.json() == {"detail": "Authentication credentials were not provided."}
    assert refused.headers["WWW-Authenticate"] == "UAT"


@pytest.mark.parametrize("valid", ["2020-01-01", None])
async def test_a_bad_token_gets_401(client, as_company, uat, rows, valid):
    """systems.md 4.1: a UAT has an end date; 4.7 the sentence."""
    header = uat(valid=valid) if valid else {"Authorization": "UAT made-up-token-of-nobody"}
    refused = await (await as_company(header)).get(ME)
    assert refused.status_code == 401
    assert refused.json() == {"detail": "Invalid token."}
    assert refused.headers["WWW-Authenticate"] == "UAT"


async def test_a_uat_is_refused_where_it_does_not_belong(client, as_company, uat):
    """systems.md 7.1: a credential of one kind is refused on another family."""
    token = uat()["Authorization"].removeprefix("UAT ")
    directus = await as_company({"Authorization": f"Bearer {token}"})
    assert (await directus.get("/users/me")).status_code == 401


async def test_wrong_methods_and_unknown_routes_keep_the_shape(client, as_company):
    """systems.md 7.1, last line, and the table above it."""
    refused = await client.delete(ME)
    assert refused.status_code == 405
    assert refused.json() == {"detail": 'Method "DELETE" not allowed.'}
    assert refused.headers["Allow"] == "GET, HEAD"
    nobody = await as_company({})
    assert (await nobody.delete(ME)).status_code == 401
    for path in ("/api/v2/none/", "/api/v2/", "/v2/none", "/api/v2/me/x"):
        missing: httpx.Response = await nobody.get(path)
        assert (missing.status_code, missing.json()) == (404, {"detail": "Not found."})


async def test_options_name_the_methods(client):
    answered = await client.options(ME)
    assert (answered.status_code, answered.headers["Allow"]) == (200, "GET, HEAD")
