"""Logins and sessions (directus.md 5)."""

import asyncio
import time
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest

from app import pools
from app.access.secrets import token_hash
from app.access.tokens import read, signed
from app.attempts import Try
from app.domains.directus_users import sessions
from app.main import create_app
from tests.installation import SECRET, client_of, until

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


def wrong(email=EMAIL):
    return {"email": email, "password": "wrong password"}


@pytest.mark.parametrize("email", [EMAIL, "nobody@example.com"])
async def test_who_guesses_has_to_wait_and_is_not_told_who_there_is(anyone, client, rows, email):
    await client.patch("/settings", json={"auth_login_attempts": 2})
    right = {"email": email, "password": PASSWORD}
    query = f'mutation {{ auth_login(email: "{email}", password: "x") {{ access_token }} }}'
    guesses = [asyncio.create_task(anyone.post("/auth/login", json=wrong(email))) for _ in range(2)]
    done, _ = await asyncio.wait(guesses, timeout=0.3)
    start = time.monotonic()
    answer, told = await asyncio.gather(
        anyone.post("/auth/login", json=right),
        anyone.post("/graphql/system", json={"query": query}),
    )
    assert not done, "a guess takes its time"
    assert code_of(answer) == (429, "REQUESTS_EXCEEDED")
    assert answer.headers["retry-after"] == "1"
    assert told.json()["errors"][0]["extensions"]["code"] == "REQUESTS_EXCEEDED"
    assert time.monotonic() - start < 0.4, "who is refused holds nothing"
    for guess in guesses:
        assert code_of(await guess) == (401, "INVALID_CREDENTIALS")
    assert rows.execute("SELECT DISTINCT status FROM directus_users").fetchall() == [("active",)]


async def test_an_attacker_does_not_hinder_who_has_another_address(app, anyone, client, rows):
    await client.patch("/settings", json={"auth_login_attempts": 2})
    guesses = [anyone.post("/auth/login", json=wrong()) for _ in range(5)]
    answers = await asyncio.gather(*guesses)
    assert sorted(answer.status_code for answer in answers) == [401, 401, 429, 429, 429]
    async with client_of(app, headers={}, address="192.0.2.7") as elsewhere:
        assert await logged_in(elsewhere)


async def test_a_good_login_after_a_delay_forgets_the_failures(anyone, client):
    await client.patch("/settings", json={"auth_login_attempts": 1})
    answers = await asyncio.gather(*(anyone.post("/auth/login", json=wrong()) for _ in range(2)))
    assert sorted(answer.status_code for answer in answers) == [401, 429]
    await asyncio.sleep(1.05)
    assert await logged_in(anyone)
    assert (await anyone.post("/auth/login", json=wrong())).status_code == 401


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

    async def slow(password, stored, *who):
        is_right = await verified(password, stored, *who)
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


async def test_a_logout_by_an_old_cookie_ends_the_session_it_went_on_to(anyone, rows):
    body = {"email": EMAIL, "password": PASSWORD, "mode": "session"}
    await anyone.post("/auth/login", json=body)
    elsewhere = await anyone.post("/auth/login", json=body)
    old = {"Cookie": f"directus_session_token={elsewhere.cookies['directus_session_token']}"}
    for _ in range(2):
        await anyone.post("/auth/refresh", json={"mode": "session"})
    assert rows.execute("SELECT count(*) FROM directus_sessions").fetchone() == (4,)
    anyone.cookies.clear()
    await anyone.post("/auth/logout", json={"mode": "session"}, headers=old)
    assert rows.execute("SELECT count(*) FROM directus_sessions").fetchone() == (1,)


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
    gone = await until(lambda: anyone.get("/users/me", headers=old), 401)
    assert code_of(gone) == (401, "INVALID_CREDENTIALS")


async def refreshed(client, cookie):
    """A refresh of a session: the answer, and the session's key as the new cookie names it."""
    client.cookies.clear()
    headers = {"Cookie": f"directus_session_token={cookie}"}
    answer = await client.post("/auth/refresh", json={"mode": "session"}, headers=headers)
    made = client.cookies.get("directus_session_token")
    client.cookies.clear()
    return answer, made and read(made, SECRET)["session"], made


async def session_of(client):
    body = {"email": EMAIL, "password": PASSWORD, "mode": "session"}
    await client.post("/auth/login", json=body)
    return client.cookies["directus_session_token"]


async def test_whoever_refreshes_an_old_session_in_time_gets_the_same_new_one(anyone, rows):
    old = await session_of(anyone)
    first = await refreshed(anyone, old)
    again = await asyncio.gather(*(refreshed(anyone, old) for _ in range(3)))
    assert [answer.status_code for answer, _, _ in again] == [200, 200, 200]
    assert rows.execute("SELECT count(*) FROM directus_sessions").fetchone() == (2,)
    _, key, cookie = await refreshed(anyone, old)
    assert key == first[1] != read(old, SECRET)["session"]
    me = await anyone.get("/users/me", headers={"Cookie": f"directus_session_token={cookie}"})
    assert me.status_code == 200
    # And where that has gone on already, where it went.
    _, third, _ = await refreshed(anyone, first[2])
    assert third != key
    assert (await refreshed(anyone, old))[1] == third
    assert rows.execute("SELECT count(*) FROM directus_sessions").fetchone() == (3,)


async def test_refreshes_at_once_open_one_session(app, anyone, rows):
    old = await session_of(anyone)
    headers = {"Cookie": f"directus_session_token={old}"}
    async with client_of(app, headers=headers) as tab:
        answers = await asyncio.gather(
            *(tab.post("/auth/refresh", json={"mode": "session"}) for _ in range(8))
        )
    made = {answer.cookies["directus_session_token"] for answer in answers}
    assert {answer.status_code for answer in answers} == {200}
    assert len({read(cookie, SECRET)["session"] for cookie in made}) == 1
    assert rows.execute("SELECT count(*) FROM directus_sessions").fetchone() == (2,)


async def test_an_old_session_leads_nowhere_when_its_next_one_is_over(anyone, rows):
    old = await session_of(anyone)
    _, key, _ = await refreshed(anyone, old)
    rows.execute("DELETE FROM directus_sessions WHERE token = %s", [token_hash(key)])
    answer, _, _ = await refreshed(anyone, old)
    assert code_of(answer) == (401, "INVALID_CREDENTIALS")
    assert rows.execute("SELECT count(*) FROM directus_sessions").fetchone() == (1,)


async def test_an_old_session_opens_no_other_kind_of_login(anyone, rows):
    """Only session mode has a moment of grace (directus.md 5.3)."""
    old = await session_of(anyone)
    await refreshed(anyone, old)
    anyone.cookies.clear()
    body = {"refresh_token": read(old, SECRET)["session"], "mode": "json"}
    assert code_of(await anyone.post("/auth/refresh", json=body)) == (401, "INVALID_CREDENTIALS")
    assert rows.execute("SELECT count(*) FROM directus_sessions").fetchone() == (2,)


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


@pytest.mark.parametrize("length", [8, 64, 65, 255])
async def test_a_static_token_may_have_255_characters(anyone, client, length):
    """Its hash is stored, of another length: what bounds one says nothing of the other."""
    [key] = [
        row["id"]
        for row in (await client.get("/users?fields=id,email")).json()["data"]
        if row["email"] == EMAIL
    ]
    given = "t" * length
    changed = await client.patch(f"/users/{key}", json={"token": given})
    assert changed.status_code == 200, changed.text
    assert (await anyone.get("/users/me", headers=bearer(given))).status_code == 200
    refused = await client.patch(f"/users/{key}", json={"token": "t" * 256})
    assert refused.status_code == 400
    assert "token" in refused.json()["errors"][0]["message"]
    assert "255" in refused.json()["errors"][0]["message"]
    assert (await anyone.get("/users/me", headers=bearer(given))).status_code == 200


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


async def test_a_proxys_word_is_the_last_one(anyone, installation, rows):
    headers = [("X-Forwarded-For", "1.1.1.1, 2.2.2.2"), ("X-Forwarded-For", "3.3.3.3")]
    body = {"email": EMAIL, "password": PASSWORD}
    trusting = create_app(installation.model_copy(update={"trust_proxy": True}))
    async with client_of(trusting, headers={}) as behind:
        await behind.post("/auth/login", json=body, headers=headers)
    await anyone.post("/auth/login", json=body, headers=headers)
    seen = rows.execute("SELECT ip FROM directus_sessions ORDER BY ip").fetchall()
    assert seen == [("127.0.0.1",), ("3.3.3.3",)]


@pytest.fixture
def patient(monkeypatch):
    """Whoever waits does so for as long as this machine takes: here order counts."""
    monkeypatch.setattr(pools, "_PATIENCE", 60.0)


async def test_a_flood_from_one_address_is_refused_and_others_get_in(app, anyone, patient):
    """Hashing is slow by design: who asks often waits for itself."""
    wrong = {"email": "nobody@example.com", "password": "x" * 1000}
    async with client_of(app, headers={}, address="192.0.2.7") as other:
        flood = [asyncio.create_task(anyone.post("/auth/login", json=wrong)) for _ in range(60)]
        await asyncio.sleep(0.05)
        good = await other.post("/auth/login", json={"email": EMAIL, "password": PASSWORD})
        assert good.status_code == 200
        assert sum(not task.done() for task in flood) > 5  # it has not waited for all of them
        answers = [answer.status_code for answer in await asyncio.gather(*flood)]
    assert set(answers) == {401, 429}


async def test_who_is_sent_away_unseen_has_not_failed(app, anyone, monkeypatch):
    """Beside a flood from everywhere: the second try of a stranger comes before all first ones."""
    monkeypatch.setattr(pools, "_PATIENCE", 0.01)
    monkeypatch.setattr(pools.HASHING, "_free", 0)
    body = {"email": EMAIL, "password": PASSWORD}
    for _ in range(4):
        answer = await anyone.post("/auth/login", json=body)
        assert code_of(answer) == (429, "REQUESTS_EXCEEDED")
        assert answer.headers["retry-after"] == "1"
    monkeypatch.undo()
    tried = Try("127.0.0.1", EMAIL)
    await tried.begin(25)
    assert tried.before == -1
    assert (await anyone.post("/auth/login", json=body)).status_code == 200


async def test_who_has_a_session_at_its_address_comes_before_strangers(app, anyone, patient):
    body = {"email": EMAIL, "password": PASSWORD}
    assert (await anyone.post("/auth/login", json=body)).status_code == 200
    async with AsyncExitStack() as stack:
        strangers = [
            await stack.enter_async_context(client_of(app, headers={}, address=f"192.{n}.2.7"))
            for n in range(30)
        ]
        wrong = {"email": EMAIL, "password": "x" * 1000}
        flood = [asyncio.create_task(who.post("/auth/login", json=wrong)) for who in strangers]
        await asyncio.sleep(0.05)
        assert (await anyone.post("/auth/login", json=body)).status_code == 200
        assert sum(not task.done() for task in flood) > 10
        await asyncio.gather(*flood)


async def test_a_password_has_a_length_on_every_surface(client):
    long = "x" * 70_000
    document = 'mutation ($p: String!) { auth_login(email: "a@b.com", password: $p) { expires } }'
    body = {"query": document, "variables": {"p": long}}
    answer = await client.post("/graphql/system", json=body)
    assert answer.json()["errors"][0]["extensions"]["code"] == "INVALID_PAYLOAD"
