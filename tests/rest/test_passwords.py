"""New passwords and one-time passwords (directus.md 5.3, 5.4)."""

import asyncio
from datetime import timedelta
from types import SimpleNamespace

import pyotp
import pytest

from app.access.tokens import signed
from app.database.session import Database
from app.domains.directus_users.password_reset import reset_token
from tests.installation import ADMIN, SECRET, client_of

EMAIL, PASSWORD = "ada@example.com", "correct horse battery"


@pytest.fixture
async def user(client):
    """The key of a user with a password and a token."""
    body = {"email": EMAIL, "password": PASSWORD, "token": "token-of-ada"}
    made = await client.post("/users?fields=id", json=body)
    assert made.status_code == 200, made.text
    return made.json()["data"]["id"]


@pytest.fixture
async def anyone(app, user):
    async with client_of(app, headers={}) as anyone:
        yield anyone


@pytest.fixture
async def ada(app, user):
    async with client_of(app, headers={"Authorization": "Bearer token-of-ada"}) as ada:
        yield ada


def code_of(response):
    return response.status_code, response.json()["errors"][0]["extensions"]["code"]


async def login(client, **body):
    return await client.post("/auth/login", json={"email": EMAIL, "password": PASSWORD, **body})


async def made_token(installation, email=EMAIL):
    database = Database(installation.database_url, max_size=1)
    await database.open()
    async with database.read() as session:
        token = await reset_token(session, email, SECRET)
    await database.close()
    return token


async def reset(client, token, password="another password"):
    return await client.post("/auth/password/reset", json={"token": token, "password": password})


@pytest.mark.parametrize("email", [EMAIL, "nobody@example.com"])
async def test_asking_for_a_reset_tells_nobody_who_is_there(anyone, email, caplog):
    answer = await anyone.post("/auth/password/request", json={"email": email})
    assert (answer.status_code, answer.content) == (204, b"")
    assert "no mailer" in caplog.text
    assert email not in caplog.text


async def test_a_reset_leads_to_listed_addresses_only(anyone):
    body = {"email": EMAIL, "reset_url": "https://elsewhere.example"}
    answer = await anyone.post("/auth/password/request", json=body)
    assert code_of(answer) == (400, "INVALID_PAYLOAD")


async def test_a_reset_token_works_once_and_ends_sessions(anyone, installation):
    before = (await login(anyone)).json()["data"]["refresh_token"]
    token = await made_token(installation)
    assert (await reset(anyone, token)).status_code == 204
    assert code_of(await login(anyone)) == (401, "INVALID_CREDENTIALS")
    assert (await login(anyone, password="another password")).status_code == 200
    gone = await anyone.post("/auth/refresh", json={"refresh_token": before})
    assert code_of(gone) == (401, "INVALID_CREDENTIALS")
    assert code_of(await reset(anyone, token)) == (403, "FORBIDDEN")


async def test_of_many_resets_by_one_token_at_once_one_counts(anyone, installation):
    token = await made_token(installation)
    answers = await asyncio.gather(*(reset(anyone, token, f"password {n}") for n in range(5)))
    assert sorted(answer.status_code for answer in answers) == [204, 403, 403, 403, 403]


async def test_a_reset_keeps_the_password_rules(anyone, client, installation):
    token = await made_token(installation)
    assert code_of(await reset(anyone, token, "short")) == (400, "FAILED_VALIDATION")
    assert (await login(anyone)).status_code == 200


async def test_only_a_reset_token_resets(anyone, user):
    access = (await login(anyone)).json()["data"]["access_token"]
    claims = {"user": user, "scope": "password-reset", "hash": "x"}
    forged = signed(claims, "another secret, not ours", timedelta(hours=1))
    expired = signed(claims, SECRET, timedelta(seconds=-1))
    for token, expected in (
        (access, (403, "FORBIDDEN")),
        (forged, (403, "INVALID_TOKEN")),
        (expired, (401, "TOKEN_EXPIRED")),
        ("nonsense", (403, "INVALID_TOKEN")),
    ):
        assert code_of(await reset(anyone, token)) == expected


async def test_a_reset_token_lets_nobody_in(anyone, installation):
    headers = {"Authorization": f"Bearer {await made_token(installation)}"}
    assert code_of(await anyone.get("/users/me", headers=headers)) == (403, "INVALID_TOKEN")


NOW = 1_900_000_005
"""A moment of the clock that one-time passwords go by: it stands still."""


@pytest.fixture(autouse=True)
def _standing(monkeypatch):
    monkeypatch.setattr("app.access.one_time.time", SimpleNamespace(time=lambda: NOW))


def shown(clock, steps=0):
    """The code of an app whose clock is wrong by so many steps: one is still good."""
    return clock.at(NOW + 30 * steps)


async def turned_on(ada):
    made = await ada.post("/users/me/tfa/generate", json={"password": PASSWORD})
    assert made.status_code == 200, made.text
    data = made.json()["data"]
    assert data["otpauth_url"].startswith("otpauth://totp/Mintage:ada%40example.com?")
    assert data["secret"] in data["otpauth_url"]
    clock = pyotp.TOTP(data["secret"])
    body = {"secret": data["secret"], "otp": shown(clock, -1)}
    assert (await ada.post("/users/me/tfa/enable", json=body)).status_code == 204
    return clock


async def test_with_a_second_factor_a_login_wants_its_code(ada, anyone, rows):
    clock = await turned_on(ada)
    assert code_of(await login(anyone)) == (401, "INVALID_OTP")
    assert code_of(await login(anyone, otp="000000x")) == (401, "INVALID_OTP")
    assert code_of(await login(anyone, password="wrong one")) == (401, "INVALID_CREDENTIALS")
    code = shown(clock)
    assert (await login(anyone, otp=code)).status_code == 200
    assert code_of(await login(anyone, otp=code)) == (401, "INVALID_OTP"), "a code works once"
    [stored] = rows.execute("SELECT tfa_secret FROM directus_users WHERE email = %s", [EMAIL])
    assert clock.secret not in stored[0]


async def test_wrong_codes_have_to_wait_as_wrong_passwords_do(ada, anyone, client):
    clock = await turned_on(ada)
    await client.patch("/settings", json={"auth_login_attempts": 2})
    assert code_of(await login(anyone, otp="wrong")) == (401, "INVALID_OTP")
    for _ in range(3):  # a right password without a code is no failure, and forgets none
        assert code_of(await login(anyone)) == (401, "INVALID_OTP")
    guess = asyncio.create_task(login(anyone, otp="wrong"))
    await asyncio.wait([guess], timeout=0.2)
    refused = await asyncio.gather(
        login(anyone, otp=clock.now()),
        ada.post("/users/me/tfa/disable", json={"otp": clock.now()}),
        ada.post("/users/me/tfa/generate", json={"password": PASSWORD}),
    )
    assert code_of(refused[0]) == code_of(refused[1]) == (429, "REQUESTS_EXCEEDED")
    assert code_of(refused[2]) == (429, "REQUESTS_EXCEEDED")
    assert code_of(await guess) == (401, "INVALID_OTP")


async def test_its_user_turns_it_off_with_a_code(ada, anyone):
    clock = await turned_on(ada)
    again = await ada.post("/users/me/tfa/generate", json={"password": PASSWORD})
    assert code_of(again) == (400, "INVALID_PAYLOAD")
    wrong = await ada.post("/users/me/tfa/disable", json={"otp": "wrong"})
    assert code_of(wrong) == (400, "INVALID_PAYLOAD")
    done = await ada.post("/users/me/tfa/disable", json={"otp": shown(clock)})
    assert done.status_code == 204
    assert (await login(anyone)).status_code == 200


async def test_a_code_works_once_wherever_it_is_used(ada, anyone):
    """RFC 6238 5.2: what enabled the factor, or let somebody in, neither logs in nor disables."""
    clock = await turned_on(ada)
    codes = [shown(clock, steps) for steps in (-1, 0, 1)]
    assert code_of(await login(anyone, otp=codes[0])) == (401, "INVALID_OTP")
    off = await ada.post("/users/me/tfa/disable", json={"otp": codes[0]})
    assert code_of(off) == (400, "INVALID_PAYLOAD")
    assert (await login(anyone, otp=codes[1])).status_code == 200
    for used in codes[:2]:
        off = await ada.post("/users/me/tfa/disable", json={"otp": used})
        assert code_of(off) == (400, "INVALID_PAYLOAD")
    off = await ada.post("/users/me/tfa/disable", json={"otp": codes[2]})
    assert off.status_code == 204


async def test_a_code_that_is_newer_uses_up_the_older_ones(ada, anyone):
    clock = await turned_on(ada)
    assert (await login(anyone, otp=shown(clock, 1))).status_code == 200
    assert code_of(await login(anyone, otp=shown(clock, 0))) == (401, "INVALID_OTP")


async def test_of_uses_at_once_exactly_one_wins(ada, anyone, client):
    clock = await turned_on(ada)
    await client.patch("/settings", json={"auth_login_attempts": 100})
    logins = await asyncio.gather(*(login(anyone, otp=shown(clock)) for _ in range(6)))
    assert sorted(answer.status_code for answer in logins) == [200] + [401] * 5
    body = {"otp": shown(clock, 1)}
    ends = await asyncio.gather(*(ada.post("/users/me/tfa/disable", json=body) for _ in range(6)))
    assert sorted(answer.status_code for answer in ends) == [204] + [400] * 5


async def test_an_admin_turns_it_off_for_others(ada, anyone, user):
    await turned_on(ada)
    path = f"/users/{user}/tfa/disable"
    assert code_of(await ada.post(path)) == (403, "FORBIDDEN")
    assert (await anyone.post(path, headers=ADMIN)).status_code == 204
    assert (await login(anyone)).status_code == 200


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        ("generate", {}, (400, "INVALID_PAYLOAD")),
        ("generate", {"password": "wrong password"}, (401, "INVALID_CREDENTIALS")),
        ("enable", {"secret": "A" * 32}, (400, "INVALID_PAYLOAD")),
        ("enable", {"secret": "A" * 32, "otp": "wrong"}, (400, "INVALID_PAYLOAD")),
        ("enable", {"secret": "A", "otp": "1"}, (400, "INVALID_PAYLOAD")),
        ("enable", {"secret": 1, "otp": "1"}, (400, "INVALID_PAYLOAD")),
        ("disable", {"otp": "123456"}, (400, "INVALID_PAYLOAD")),
    ],
)
async def test_what_is_wrong_is_refused(ada, anyone, path, body, expected):
    assert code_of(await ada.post(f"/users/me/tfa/{path}", json=body)) == expected
    nobody = await anyone.post(f"/users/me/tfa/{path}", json=body)
    assert code_of(nobody) == (401, "INVALID_CREDENTIALS")


@pytest.mark.parametrize(
    "value", ["nonsense", signed({"id": "x"}, "no secret of ours", timedelta(1))]
)
async def test_a_bad_session_cookie_is_cleared(anyone, value):
    headers = {"Cookie": f"directus_session_token={value}"}
    refused = await anyone.get("/users/me", headers=headers)
    assert refused.status_code in {401, 403}
    assert refused.headers["set-cookie"].startswith('directus_session_token=""; ')
    assert "Max-Age=0" in refused.headers["set-cookie"]


async def test_a_bad_session_cookie_beside_a_token_is_a_bad_token(ada):
    headers = {"Cookie": "directus_session_token=nonsense"}
    answer = await ada.post("/auth/logout", json={"mode": "session"}, headers=headers)
    assert code_of(answer) == (403, "INVALID_TOKEN")
