"""What a caller is told of itself, and what its policies do at once (directus.md 5.4, 6)."""

import asyncio

import pytest

from app.access.secrets import token_hash
from tests.installation import ACCOUNT, ADMIN, TOKEN, client_of, until


@pytest.fixture
async def anyone(app, client):
    """A client without a token."""
    async with client_of(app, headers={}) as anyone:
        yield anyone


def code_of(response):
    return response.status_code, response.json()["errors"][0]["extensions"]["code"]


async def test_nobody_is_nobody(anyone):
    assert code_of(await anyone.get("/users/me")) == (401, "INVALID_CREDENTIALS")
    assert code_of(await anyone.get("/permissions/me")) == (403, "FORBIDDEN")
    globals_ = await anyone.get("/policies/me/globals")
    assert globals_.json() == {"data": {"app_access": False}}


async def test_an_admin_may_do_everything(client):
    me = (await client.get("/users/me?fields=email,role.name")).json()["data"]
    assert me == {"email": "admin@example.com", "role": {"name": "Administrator"}}
    shown = (await client.get("/permissions/me")).json()["data"]
    assert shown["product"]["create"] == {"access": "full", "fields": ["*"]}
    # What the server alone writes can only be read.
    for name in ("directus_activity", "directus_revisions"):
        accesses = {action: told["access"] for action, told in shown[name].items()}
        assert accesses == dict.fromkeys(accesses, "none") | {"read": "full"}
    flags = (await client.get("/policies/me/globals")).json()["data"]
    assert flags == {"app_access": True, "admin_access": True, "enforce_tfa": False}
    [role] = (await client.get("/roles/me?fields=name")).json()["data"]
    assert role == {"name": "Administrator"}
    item = (await client.get("/permissions/me/account/nonsense")).json()["data"]
    assert item["update"] == {"access": False}


POLICY = {
    "name": "Readers",
    "app_access": True,
    "permissions": [
        {"collection": "product", "action": "read", "fields": ["id", "product_name"]},
        {
            "collection": "product",
            "action": "update",
            "fields": ["*"],
            "permissions": {"product_name": {"_contains": "Case"}},
        },
    ],
}


@pytest.fixture
async def reader(anyone, client, app):
    """A user whose role has a policy, made through the API as a person would."""
    role = {"name": "Reader", "policies": [{"policy": POLICY}]}
    made = await client.post("/roles?fields=id", json=role)
    assert made.status_code == 200, made.text
    user = {"email": "r@example.com", "token": "reader-token", "role": made.json()["data"]["id"]}
    assert (await client.post("/users", json=user)).status_code == 200
    async with client_of(app, headers={"Authorization": "Bearer reader-token"}) as reader:
        yield reader


async def test_a_policy_made_through_the_api_counts_at_once(reader, client):
    rows = (await reader.get("/items/product?limit=1")).json()["data"]
    assert rows[0].keys() == {"id", "product_name"}
    assert code_of(await reader.get("/items/product?fields=gtin")) == (403, "FORBIDDEN")
    assert code_of(await reader.get("/items/account")) == (403, "FORBIDDEN")
    case, water = "%2F01%2F09312345552016", "%2F01%2F09312345551927"
    assert (await reader.patch(f"/items/product/{case}", json={"sku": "1"})).status_code == 200
    assert code_of(await reader.patch(f"/items/product/{water}", json={"sku": "1"}))[0] == 403
    shown = (await reader.get("/permissions/me")).json()["data"]["product"]
    assert shown["read"]["fields"] == ["id", "product_name"]
    assert shown["update"]["access"] == "partial"
    assert shown["delete"] == {"access": "none"}
    item = (await reader.get(f"/permissions/me/product/{case}")).json()["data"]
    assert (item["update"], item["delete"]) == ({"access": True}, {"access": False})
    policies = (await client.get("/policies?filter[name][_eq]=Readers")).json()["data"]
    await client.delete(f"/policies/{policies[0]['id']}")
    assert code_of(await reader.get("/items/product")) == (403, "FORBIDDEN")


async def test_app_access_lets_one_see_and_change_oneself(reader):
    me = (await reader.get("/users/me")).json()["data"]
    assert me["email"] == "r@example.com"
    assert "token" not in me
    changed = await reader.patch("/users/me?fields=first_name", json={"first_name": "R"})
    assert changed.json()["data"] == {"first_name": "R"}
    for patch in ({"role": None}, {"status": "active"}, {"account": None}, {"token": "x" * 12}):
        assert code_of(await reader.patch("/users/me", json=patch)) == (403, "FORBIDDEN")
    assert len((await reader.get("/users")).json()["data"]) == 1


async def test_a_policy_counts_at_its_addresses_only(reader, client, rows):
    rows.execute("UPDATE directus_policies SET ip_access = '10.0.0.0/8,192.168.1.1-192.168.1.9'")
    await until(lambda: reader.get("/items/product"), 403)
    rows.execute("UPDATE directus_policies SET ip_access = '127.0.0.0/8'")
    await until(lambda: reader.get("/items/product"), 200)


async def test_a_policy_may_ask_for_a_second_factor_which_a_studio_acts_on(reader, client):
    """The API refuses nothing for it, as Directus's does not (docs/access.md)."""
    flags = {"app_access": True, "admin_access": False, "enforce_tfa": False}
    assert (await reader.get("/policies/me/globals")).json()["data"] == flags
    named = {"query": {"filter": {"name": "Readers"}}, "data": {"enforce_tfa": True}}
    assert (await client.patch("/policies", json=named)).status_code == 200
    told = flags | {"enforce_tfa": True}
    assert (await reader.get("/policies/me/globals")).json()["data"] == told
    query = "{ policies_me_globals { app_access admin_access enforce_tfa } }"
    body = (await reader.post("/graphql/system", json={"query": query})).json()
    assert body["data"]["policies_me_globals"] == told
    assert (await reader.get("/items/product")).status_code == 200


async def test_the_public_policy_is_everybodys_without_a_role(anyone, client, reader):
    public = "abf8a154-5b1c-4a46-ac9c-7300570f4f17"
    await client.post(
        "/permissions",
        json={
            "policy": public,
            "collection": "domain",
            "action": "read",
            "fields": ["domain_name"],
        },
    )
    assert (await anyone.get("/items/domain")).status_code == 200
    assert (await reader.get("/items/domain")).status_code == 403


async def test_the_last_admin_stays(client, rows):
    [(key,)] = rows.execute("SELECT id::text FROM directus_users").fetchall()
    for method, path, body in (
        ("DELETE", f"/users/{key}", None),
        ("PATCH", f"/users/{key}", {"role": None}),
        ("PATCH", f"/users/{key}", {"status": "suspended"}),
        ("DELETE", "/policies", {"query": {"filter": {"admin_access": True}}}),
        ("DELETE", "/access", {"query": {"filter": {"role": {"_nnull": True}}}}),
        ("DELETE", "/roles", {"query": {}}),
    ):
        answer = await client.request(method, path, json=body)
        assert code_of(answer) == (422, "UNPROCESSABLE_CONTENT"), (path, answer.text)
    assert (await client.get("/users/me", headers=ADMIN)).status_code == 200


async def test_an_accounts_admin_is_not_one_of_the_installation(client, rows):
    """It could let nobody in again: roles and policies are not its own."""
    [(role, key)] = rows.execute("SELECT role::text, id::text FROM directus_users").fetchall()
    tenant = {"email": "tenant@example.com", "role": role, "account": ACCOUNT}
    assert (await client.post("/users", json=tenant)).is_success
    for method, body in (
        ("DELETE", None),
        ("PATCH", {"status": "suspended"}),
        ("PATCH", {"account": ACCOUNT}),
    ):
        answer = await client.request(method, f"/users/{key}", json=body)
        assert code_of(answer) == (422, "UNPROCESSABLE_CONTENT"), (body, answer.text)
    assert (await client.post("/users", json={"email": "2@example.com", "role": role})).is_success
    assert (await client.patch(f"/users/{key}", json={"account": ACCOUNT})).is_success


async def test_two_admins_can_not_remove_each_other_at_once(client, rows):
    other = {"email": "second@example.com", "status": "active"}
    [(role, first)] = rows.execute("SELECT role::text, id::text FROM directus_users").fetchall()
    made = await client.post("/users?fields=id", json={**other, "role": role})
    paths = [f"/users/{key}" for key in (first, made.json()["data"]["id"])]
    for _ in range(5):
        rows.execute("UPDATE directus_users SET status = 'active'")
        answers = await asyncio.gather(
            *(client.patch(path, json={"status": "suspended"}) for path in paths)
        )
        assert min(answer.status_code for answer in answers) == 200
        active = "SELECT count(*) FROM directus_users WHERE status = 'active'"
        assert rows.execute(active).fetchone() == (1,)


async def test_passwords_keep_the_installations_policy(client):
    await client.patch("/settings", json={"auth_password_policy": "/^.*[0-9].*$/"})
    user = {"email": "p@example.com", "password": "no digits here"}
    refused = await client.post("/users", json=user)
    assert code_of(refused) == (400, "FAILED_VALIDATION")
    assert (await client.post("/users", json={**user, "password": "1 digit here"})).is_success
    await client.patch("/settings", json={"auth_password_policy": "/(/"})
    refused = await client.post("/users", json={**user, "email": "q@example.com"})
    assert code_of(refused) == (422, "UNPROCESSABLE_CONTENT")


async def test_a_singleton_says_which_fields_may_change(client, reader):
    shown = (await client.get("/permissions/me/directus_settings")).json()["data"]
    assert shown["update"] == {"access": True, "fields": ["*"], "presets": {}}
    shown = (await reader.get("/permissions/me/directus_settings")).json()["data"]
    assert shown["update"] == {"access": False, "fields": [], "presets": {}}


async def test_who_loses_its_role_is_suspended(reader, client, rows):
    await client.request("DELETE", "/roles", json={"query": {"filter": {"name": "Reader"}}})
    user = "SELECT status, role FROM directus_users WHERE email = 'r@example.com'"
    assert rows.execute(user).fetchone() == ("suspended", None)


async def test_secrets_are_in_no_revision(client, rows):
    await client.post(
        "/users",
        json={"email": "s@example.com", "password": "correct horse battery", "token": TOKEN[::-1]},
    )
    kept = str(rows.execute("SELECT data, delta FROM directus_revisions").fetchall())
    assert "argon2" not in kept
    assert token_hash(TOKEN[::-1]) not in kept
    assert "s@example.com" in kept
