"""Logins, sessions, and what a caller is told of itself (directus.md 5, 6.6)."""

import asyncio
import time
from datetime import timedelta

import pytest

from app.access.secrets import token_hash
from app.access.tokens import signed
from app.domains.directus_users import sessions
from app.main import create_app
from tests.web import ADMIN, SECRET, TOKEN, client_of

EMAIL, PASSWORD = "ada@example.com", "correct horse battery"


@pytest.fixture
async def anyone(app, client):
    """A client without a token; there is a user with a password."""
    made = await client.post(
        "/users", json={"email": "Ada@Example.com", "password": PASSWORD, "first_name": "Ada"}
    )
    assert made.status_code == 200, made.text
    async with client_of(app, headers={}) as anyone:
        yield anyone


def code_of(response):
    return response.status_code, response.json()["errors"][0]["extensions"]["code"]


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


async def logged_in(client, **body):
    answer = await client.post("/auth/login", json={"email": EMAIL, "password": PASSWORD, **body})
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


async def test_json_is_the_default_of_a_login(anyone):
    data = await logged_in(anyone)
    assert data.keys() == {"expires", "refresh_token", "access_token"}
    assert data["expires"] == 900_000
    me = await anyone.get("/users/me", headers=bearer(data["access_token"]))
    assert me.status_code == 200
    assert me.json()["data"].keys() == {"id"}


async def test_an_email_is_compared_whatever_its_case(anyone):
    assert await logged_in(anyone, email="ADA@example.COM")


@pytest.mark.parametrize(
    "body", [{"password": "wrong password"}, {"email": "nobody@example.com"}, {"password": ""}]
)
async def test_a_wrong_login_says_not_what_was_wrong_and_takes_its_time(anyone, body):
    start = time.monotonic()
    answer = await anyone.post("/auth/login", json={"email": EMAIL, "password": PASSWORD, **body})
    assert code_of(answer) == (401, "INVALID_CREDENTIALS")
    assert time.monotonic() - start >= 0.5


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({}, '"email" is required'),
        ({"email": EMAIL}, '"password" is required'),
        ({"email": "x", "password": "y"}, '"email" must be a valid email'),
        ({"email": 1, "password": "y"}, '"email" must be a string'),
        (
            {"email": EMAIL, "password": "y", "mode": "z"},
            '"mode" must be one of [cookie, json, session]',
        ),
    ],
)
async def test_a_malformed_login_is_refused(anyone, body, reason):
    answer = await anyone.post("/auth/login", json=body)
    assert code_of(answer) == (400, "INVALID_PAYLOAD")
    assert answer.json()["errors"][0]["extensions"]["reason"] == reason


async def test_a_refresh_token_works_once(anyone):
    first = await logged_in(anyone)
    again = await anyone.post("/auth/refresh", json={"refresh_token": first["refresh_token"]})
    assert again.json()["data"].keys() == {"expires", "refresh_token", "access_token"}
    used = await anyone.post(
        "/auth/refresh", json={"refresh_token": first["refresh_token"], "mode": "json"}
    )
    assert code_of(used) == (401, "INVALID_CREDENTIALS")
    token = again.json()["data"]["refresh_token"]
    assert (await anyone.post("/auth/logout", json={"refresh_token": token})).status_code == 204
    gone = await anyone.post("/auth/refresh", json={"refresh_token": token})
    assert code_of(gone) == (401, "INVALID_CREDENTIALS")


async def test_no_refresh_token_is_said(anyone):
    for path in ("/auth/refresh", "/auth/logout"):
        answer = await anyone.post(path)
        assert code_of(answer) == (400, "INVALID_PAYLOAD")
        assert "refresh token is required" in answer.text


async def test_a_cookie_keeps_the_refresh_token(anyone):
    answer = await anyone.post(
        "/auth/login", json={"email": EMAIL, "password": PASSWORD, "mode": "cookie"}
    )
    assert answer.json()["data"].keys() == {"expires", "access_token"}
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("directus_refresh_token=")
    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.lower()
    again = await anyone.post("/auth/refresh", json={})
    assert again.json()["data"].keys() == {"expires", "access_token"}
    assert (await anyone.post("/auth/logout", json={})).status_code == 204
    assert code_of(await anyone.post("/auth/refresh", json={})) == (400, "INVALID_PAYLOAD")


async def test_a_session_is_all_in_its_cookie(anyone):
    answer = await anyone.post(
        "/auth/login", json={"email": EMAIL, "password": PASSWORD, "mode": "session"}
    )
    assert answer.json() == {"data": {"expires": 86_400_000}}
    assert (await anyone.get("/users/me")).status_code == 200
    again = await anyone.post("/auth/refresh", json={"mode": "session"})
    assert again.json() == {"data": {"expires": 86_400_000}}
    assert (await anyone.get("/users/me")).status_code == 200
    assert (await anyone.post("/auth/logout", json={"mode": "session"})).status_code == 204
    assert code_of(await anyone.get("/users/me")) == (401, "INVALID_CREDENTIALS")


async def test_tokens_are_stored_as_hashes_only(anyone, rows):
    data = await logged_in(anyone)
    [(stored, ip)] = rows.execute("SELECT token, ip FROM directus_sessions").fetchall()
    assert stored == token_hash(data["refresh_token"])
    assert ip


async def test_a_new_password_ends_all_sessions(anyone, client, rows):
    data = await logged_in(anyone)
    [key] = rows.execute("SELECT id::text FROM directus_users WHERE email = %s", [EMAIL]).fetchone()
    await client.patch(f"/users/{key}", json={"password": "another password"})
    gone = await anyone.post("/auth/refresh", json={"refresh_token": data["refresh_token"]})
    assert code_of(gone) == (401, "INVALID_CREDENTIALS")


async def test_too_many_failures_suspend_a_user(anyone, client, rows):
    await client.patch("/settings", json={"auth_login_attempts": 2})
    for _ in range(2):
        await anyone.post("/auth/login", json={"email": EMAIL, "password": "wrong password"})
    answer = await anyone.post("/auth/login", json={"email": EMAIL, "password": PASSWORD})
    assert code_of(answer) == (401, "INVALID_CREDENTIALS")
    status = "SELECT status FROM directus_users WHERE email = %s"
    assert rows.execute(status, [EMAIL]).fetchone() == ("suspended",)


async def test_the_settings_may_ask_for_no_limit_of_failures(anyone, client, rows):
    await client.patch("/settings", json={"auth_login_attempts": None})
    for _ in range(3):
        await anyone.post("/auth/login", json={"email": EMAIL, "password": "wrong password"})
    assert await logged_in(anyone)


async def test_no_text_of_a_login_breaks_it(anyone):
    body = {"email": "a\0da@example.com", "password": "\0"}
    assert code_of(await anyone.post("/auth/login", json=body)) == (401, "INVALID_CREDENTIALS")


async def test_a_password_changed_during_a_login_ends_it(anyone, rows, monkeypatch):
    verified = sessions.is_password

    async def slow(password, stored):
        is_right = await verified(password, stored)
        rows.execute("UPDATE directus_users SET password = 'x' WHERE email = %s", [EMAIL])
        return is_right

    monkeypatch.setattr(sessions, "is_password", slow)
    answer = await anyone.post("/auth/login", json={"email": EMAIL, "password": PASSWORD})
    assert code_of(answer) == (401, "INVALID_CREDENTIALS")
    assert rows.execute("SELECT count(*) FROM directus_sessions").fetchone() == (0,)


async def test_a_logout_ends_the_session_before_it_too(anyone, rows):
    body = {"email": EMAIL, "password": PASSWORD, "mode": "session"}
    await anyone.post("/auth/login", json=body)
    await anyone.post("/auth/refresh", json={"mode": "session"})
    assert rows.execute("SELECT count(*) FROM directus_sessions").fetchone() == (2,)
    await anyone.post("/auth/logout", json={"mode": "session"})
    assert rows.execute("SELECT count(*) FROM directus_sessions").fetchone() == (0,)


async def test_an_old_session_lives_for_a_moment_after_its_refresh(anyone, rows):
    body = {"email": EMAIL, "password": PASSWORD, "mode": "session"}
    await anyone.post("/auth/login", json=body)
    old = {"Cookie": f"directus_session_token={anyone.cookies['directus_session_token']}"}
    await anyone.post("/auth/refresh", json={"mode": "session"})
    anyone.cookies.clear()
    assert (await anyone.get("/users/me", headers=old)).status_code == 200
    rows.execute(
        "UPDATE directus_sessions SET expires = now() - interval '1 second' "
        "WHERE next_token IS NOT NULL"
    )
    gone = await anyone.get("/users/me", headers=old)
    assert code_of(gone) == (401, "INVALID_CREDENTIALS")


async def test_sessions_that_are_over_are_purged(anyone, rows):
    await logged_in(anyone)
    rows.execute("UPDATE directus_sessions SET expires = now() - interval '1 second'")
    await logged_in(anyone)
    assert rows.execute("SELECT count(*) FROM directus_sessions").fetchone() == (1,)


async def test_who_is_suspended_can_not_go_on(anyone, rows):
    data = await logged_in(anyone)
    rows.execute("UPDATE directus_users SET status = 'suspended' WHERE email = %s", [EMAIL])
    refused = await anyone.post("/auth/refresh", json={"refresh_token": data["refresh_token"]})
    assert code_of(refused) == (401, "USER_SUSPENDED")
    me = await anyone.get("/users/me", headers=bearer(data["access_token"]))
    assert code_of(me) == (401, "INVALID_CREDENTIALS")


async def test_tokens_that_are_none(anyone, rows):
    [key] = rows.execute("SELECT id::text FROM directus_users WHERE email = %s", [EMAIL]).fetchone()
    forged = signed({"id": key}, "another secret, not ours", timedelta(hours=1))
    expired = signed({"id": key}, SECRET, timedelta(seconds=-1))
    without = signed({}, SECRET, timedelta(hours=1))
    for token, expected in (
        (forged, (403, "INVALID_TOKEN")),
        (without, (403, "INVALID_TOKEN")),
        (expired, (401, "TOKEN_EXPIRED")),
        ("nonsense", (401, "INVALID_CREDENTIALS")),
    ):
        assert code_of(await anyone.get("/server/info", headers=bearer(token))) == expected
        assert (await anyone.get("/server/ping", headers=bearer(token))).status_code == 200


async def test_a_login_is_noted(anyone, rows):
    await anyone.post(
        "/auth/login", json={"email": EMAIL, "password": PASSWORD}, headers={"User-Agent": "test/1"}
    )
    noted = rows.execute(
        "SELECT collection, user_agent FROM directus_activity WHERE action = 'login'"
    ).fetchall()
    assert noted == [("directus_users", "test/1")]
    seen = "SELECT last_access IS NOT NULL FROM directus_users WHERE email = %s"
    assert rows.execute(seen, [EMAIL]).fetchone() == (True,)


async def test_providers_are_none(anyone):
    assert (await anyone.get("/auth")).json() == {"data": [], "disableDefault": False}


# Who am I, and what may I do.


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
    async with client_of(app, headers=bearer("reader-token")) as reader:
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
    assert code_of(await reader.get("/items/product")) == (403, "FORBIDDEN")
    rows.execute("UPDATE directus_policies SET ip_access = '127.0.0.0/8'")
    assert (await reader.get("/items/product")).status_code == 200


async def test_a_policy_may_ask_for_a_second_factor_which_a_studio_acts_on(reader, rows):
    """The API refuses nothing for it, as Directus's does not (docs/access.md)."""
    flags = {"app_access": True, "admin_access": False, "enforce_tfa": False}
    assert (await reader.get("/policies/me/globals")).json()["data"] == flags
    rows.execute("UPDATE directus_policies SET enforce_tfa = true WHERE name = 'Readers'")
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


async def test_a_proxys_word_is_the_last_one(anyone, installation, rows):
    headers = [("X-Forwarded-For", "1.1.1.1, 2.2.2.2"), ("X-Forwarded-For", "3.3.3.3")]
    body = {"email": EMAIL, "password": PASSWORD}
    trusting = create_app(installation.model_copy(update={"trust_proxy": True}))
    async with client_of(trusting, headers={}) as behind:
        await behind.post("/auth/login", json=body, headers=headers)
    await anyone.post("/auth/login", json=body, headers=headers)
    seen = rows.execute("SELECT ip FROM directus_sessions ORDER BY ip").fetchall()
    assert seen == [("127.0.0.1",), ("3.3.3.3",)]


async def test_who_loses_its_role_is_suspended(reader, client, rows):
    await client.request("DELETE", "/roles", json={"query": {"filter": {"name": "Reader"}}})
    user = "SELECT status, role FROM directus_users WHERE email = 'r@example.com'"
    assert rows.execute(user).fetchone() == ("suspended", None)


async def test_secrets_are_in_no_revision(client, rows):
    await client.post(
        "/users", json={"email": "s@example.com", "password": PASSWORD, "token": TOKEN[::-1]}
    )
    kept = str(rows.execute("SELECT data, delta FROM directus_revisions").fetchall())
    assert "argon2" not in kept
    assert token_hash(TOKEN[::-1]) not in kept
    assert "s@example.com" in kept
