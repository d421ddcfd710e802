"""Ping, health, tokens, request ids, logs, and what happens when a service is gone."""

import json
import logging

import psycopg
import pytest
import structlog
from psycopg import sql

from app import queue
from app.access.secrets import token_hash
from app.items.items import Items
from app.main import create_app
from app.rest import items
from app.settings import MissingSettings
from tests.installation import ACCOUNT, ADMIN, TOKEN, client_of, forget_settings

DEAD = "127.0.0.1:1"


async def test_ping(app, installation):
    for headers in ({}, ADMIN, {"Authorization": "Bearer nonsense"}):
        async with client_of(app, headers=headers) as client:
            response = await client.get("/server/ping")
            assert (response.status_code, response.text) == (200, "pong")
            assert response.headers["content-type"] == "text/html; charset=utf-8"


async def test_health_tells_everybody_whether_and_admins_what(app, client, installation):
    body = (await client.get("/server/health")).json()
    assert body["status"] == "warn"  # no worker runs in this test
    assert {name: check[0]["status"] for name, check in body["checks"].items()} == {
        "pg:responseTime": "ok",
        "redis:responseTime": "ok",
        "storage:responseTime": "ok",
        "worker:count": "warn",
    }
    assert body["checks"]["pg:responseTime"][0]["observedValue"] > 0
    assert (body["releaseId"], body["serviceId"]) == ("11.17.4", "http://test")
    address = installation.model_copy(update={"public_url": "https://codes.example.com"})
    async with client_of(app, settings=address) as other:
        body = (await other.get("/server/health")).json()
        assert body["serviceId"] == "https://codes.example.com"
    async with client_of(app, headers={}) as anonymous:
        response = await anonymous.get("/server/health")
        assert (response.status_code, response.json()) == (200, {"status": "warn"})
        assert response.headers["content-type"] == "application/health+json; charset=utf-8"


async def test_health_is_ok_with_a_worker(client):
    await queue.beat()
    try:
        body = (await client.get("/server/health")).json()
    finally:
        await queue.stop_beating()
    assert body["status"] == "ok"
    assert body["checks"]["worker:count"][0]["observedValue"] == 1


async def test_health_without_redis(client, installation, monkeypatch):
    monkeypatch.setenv("REDIS_URL", f"redis://{DEAD}/0")
    forget_settings()
    response = await client.get("/server/health")
    assert response.status_code == 503
    body = response.json()
    assert body["status"] == "error"
    assert body["checks"]["redis:responseTime"][0]["status"] == "error"
    assert body["checks"]["worker:count"][0]["status"] == "error"
    assert body["checks"]["pg:responseTime"][0]["status"] == "ok"


async def test_a_job_is_created_without_redis(client, monkeypatch):
    """The row is the truth, the message only a nudge (DESIGN.md 4)."""
    monkeypatch.setenv("REDIS_URL", f"redis://{DEAD}/0")
    forget_settings()
    job = {"quantity": 5, "product": "/01/09312345551927"}
    response = await client.post("/items/identifier_job", json=job)
    assert response.status_code == 200


async def test_health_without_storage(installation):
    url = f"http://key:secret@{DEAD}/bucket"
    async with client_of(create_app(installation.model_copy(update={"s3_url": url}))) as client:
        response = await client.get("/server/health")
    assert response.status_code == 503
    assert response.json()["checks"]["storage:responseTime"][0]["status"] == "error"


async def test_without_the_database_everything_says_so(app, installation, monkeypatch):
    """The database goes away under a running server, and comes back."""
    name = psycopg.conninfo.conninfo_to_dict(installation.database_url)["dbname"]
    close = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
    server = installation.database_url.replace(f"/{name}?", "/postgres?")
    async with client_of(app) as client, client_of(app, headers={}) as anonymous:
        with psycopg.connect(server, autocommit=True) as admin:
            admin.execute(close.format(sql.Identifier(name), sql.SQL("false")))
            try:
                admin.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
                    [name],
                )
                response = await client.get("/items/product")
                assert response.status_code == 503
                [error] = response.json()["errors"]
                assert error["extensions"]["code"] == "SERVICE_UNAVAILABLE"
                assert response.headers["x-request-id"]
                response = await anonymous.get("/server/health")
                assert (response.status_code, response.json()) == (503, {"status": "error"})
                assert (await client.get("/server/ping")).text == "pong"
            finally:
                admin.execute(close.format(sql.Identifier(name), sql.SQL("true")))
        assert (await client.get("/items/product?limit=1")).status_code == 200


async def test_an_application_needs_its_services(installation):
    for name in ("database_url", "redis_url", "s3_url"):
        with pytest.raises(MissingSettings, match=f"^{name.upper()} must be set"):
            create_app(installation.model_copy(update={name: None}))


# Tokens.


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": f"Bearer {TOKEN}"},
        {"Authorization": f"bearer {TOKEN}"},
        {"Authorization": f"BEARER   {TOKEN} "},
    ],
)
async def test_a_token_comes_in_the_header(app, installation, headers):
    async with client_of(app, headers=headers) as client:
        assert (await client.get("/items/product")).status_code == 200


async def test_a_token_comes_in_the_address(app, installation):
    async with client_of(app, headers={}) as client:
        assert (await client.get(f"/items/product?access_token={TOKEN}")).status_code == 200
        assert (await client.get("/items/product?access_token=")).status_code == 403
        assert (await client.get("/items/product?access_token=x")).status_code == 401


@pytest.mark.parametrize("scheme", ["Basic", "Token", ""])
async def test_another_scheme_is_no_token(app, installation, scheme):
    async with client_of(app, headers={"Authorization": f"{scheme} {TOKEN}".strip()}) as client:
        assert (await client.get("/items/product")).status_code == 403


async def test_two_tokens_at_once_are_refused(client):
    """Transcript 124."""
    response = await client.get(f"/items/product?access_token={TOKEN}")
    assert response.status_code == 400
    [error] = response.json()["errors"]
    assert error["message"] == (
        "Invalid payload. The request uses more than one method for including an access token."
    )


@pytest.mark.parametrize(
    "path", ["/items/product", "/items/nope", "/nope", "/server/health", "/graphql"]
)
async def test_a_bad_token_is_refused_everywhere(app, installation, path):
    """Any route, public ones too (directus.md 0.9)."""
    async with client_of(app, headers={"Authorization": "Bearer nonsense"}) as client:
        response = await client.get(path)
        assert response.status_code == 401
        assert response.json() == {
            "errors": [
                {
                    "message": "Invalid user credentials.",
                    "extensions": {"code": "INVALID_CREDENTIALS"},
                }
            ]
        }


@pytest.mark.parametrize("status", ["draft", "invited", "unverified", "suspended", "archived"])
async def test_only_active_users_have_tokens(client, rows, status):
    rows.execute("UPDATE directus_users SET status = %s", [status])
    assert (await client.get("/items/product")).status_code == 401


async def test_the_stored_hash_is_no_token(app, installation, rows):
    hashed = token_hash(TOKEN)
    assert rows.execute("SELECT token FROM directus_users").fetchone() == (hashed,)
    async with client_of(app, headers={"Authorization": f"Bearer {hashed}"}) as client:
        assert (await client.get("/items/product")).status_code == 401


# Ids and logs of requests.


async def test_every_answer_has_a_request_id(client):
    first, second = [(await client.get("/items/product")).headers["x-request-id"] for _ in "ab"]
    assert first != second
    for path in ("/nope", "/items/nope", "/server/ping"):
        assert (await client.get(path)).headers["x-request-id"]
    response = await client.get("/items/product", headers={"X-Request-Id": "mine-1"})
    assert response.headers["x-request-id"] == "mine-1"
    response = await client.get("/items/product", headers={"X-Request-Id": "x" * 1000})
    assert response.headers["x-request-id"] == "x" * 128


async def test_a_request_is_logged_without_its_secrets(client):
    with structlog.testing.capture_logs() as lines:
        await client.get("/items/product?fields=id", headers={"X-Request-Id": "mine-2"})
    [line] = lines
    assert (line["method"], line["path"], line["status"]) == ("GET", "/items/product", 200)
    assert line["ms"] > 0
    assert TOKEN not in json.dumps(line)
    assert "fields" not in json.dumps(line)


async def test_a_crash_is_logged_whole_and_told_in_one_sentence(client, monkeypatch, caplog):
    def crash(_query):
        raise ZeroDivisionError("a secret of the inside")

    monkeypatch.setattr(items, "parse", crash)
    with caplog.at_level(logging.ERROR), structlog.testing.capture_logs() as lines:
        response = await client.get("/items/product", headers={"X-Request-Id": "mine-3"})
    assert response.status_code == 500
    assert response.json() == {
        "errors": [
            {
                "message": "An unexpected error occurred.",
                "extensions": {"code": "INTERNAL_SERVER_ERROR"},
            }
        ]
    }
    assert response.headers["x-request-id"] == "mine-3"
    assert response.headers["content-type"] == "application/json; charset=utf-8"
    assert "a secret of the inside" in caplog.text
    assert [line["status"] for line in lines] == [500]
    assert len([record for record in caplog.records if record.exc_info]) == 1


async def test_a_crash_in_graphql_stays_inside_its_field(client, monkeypatch, caplog):
    async def crash(_self, _reading, _key):
        raise ZeroDivisionError("a secret of the inside")

    monkeypatch.setattr(Items, "find", crash)
    with caplog.at_level(logging.ERROR):
        body = await client.graphql('{ product_by_id(id: "x") { id } account { id } }')
    assert body["data"] == {"product_by_id": None, "account": [{"id": ACCOUNT}]}
    [error] = body["errors"]
    assert error["message"] == "An unexpected error occurred."
    assert error["extensions"] == {"code": "INTERNAL_SERVER_ERROR"}
    assert error["path"] == ["product_by_id"]
    assert "a secret of the inside" in caplog.text
