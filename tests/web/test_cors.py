"""CORS: what browsers are told, on every surface, and of every refusal."""

import httpx
import pytest
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from app.main import create_app
from app.rest import items
from app.settings import GivenSettings
from app.web.cors import cors
from tests.installation import ADMIN, client_of

OURS, THEIRS = "https://app.example.com", "https://evil.example.org"
ASKED = {
    "Origin": OURS,
    "Access-Control-Request-Method": "PATCH",
    "Access-Control-Request-Headers": "authorization,content-type",
}


def said(answer):
    """The CORS headers of an answer, by the rest of their names."""
    head = "access-control-"
    return {
        name.removeprefix(head): value
        for name, value in answer.headers.items()
        if name.startswith(head)
    }


async def test_every_surface_and_every_refusal_can_be_read(installation, monkeypatch):
    limits = {"max_payload_size": 2000, "files_max_upload_size": 2000}
    limits |= {"rate_limiter_enabled": True, "rate_limiter_points": 25}
    opened = {"cors_enabled": True, "cors_origin": f"https://other.example.com, {OURS}/"}
    app = create_app(installation.model_copy(update={**limits, **opened}))

    def crash(_query):
        raise ZeroDivisionError

    large = {"file": ("a.txt", b"x" * 3000, "text/plain")}
    async with client_of(app, {**ADMIN, "Origin": OURS}) as client:
        answers = {
            "item": await client.get("/items/product?limit=1"),
            "page": await client.get("/graphql", headers={"Accept": "text/html"}),
            "document": await client.post("/graphql", json={"query": "{ product { id } }"}),
            "system": await client.post("/graphql/system", json={"query": "{ nope }"}),
            "ping": await client.get("/server/ping"),
            "login": await client.post("/auth/login", json={"email": "a@b.com", "password": "x"}),
            "assets": await client.get("/assets/nope"),
            "scan": await client.get("/01/09312345551927"),
            "vendor": await client.get("/api/v2/nope/"),
            "route": await client.get("/nope"),
            "token": await client.get("/items/product", headers={"Authorization": "Bearer no"}),
            "body": await client.post("/items/product", json={"name": "x" * 3000}),
            "upload": await client.post("/files", files=large),
            "options": await client.options("/items/product"),
        }
        with monkeypatch.context() as broken:
            broken.setattr(items, "parse", crash)
            answers["crash"] = await client.get("/items/product")
        stranger = await client.get("/items/product?limit=1", headers={"Origin": THEIRS})
        for _ in range(30):
            answers["many"] = await client.get("/items/product?limit=0")
        preflight = await client.options("/items/product", headers=ASKED)

    wanted = {
        "allow-origin": OURS,
        "allow-credentials": "true",
        "expose-headers": "Content-Range",
    }
    assert {name: said(answer) for name, answer in answers.items()} == dict.fromkeys(
        answers, wanted
    )
    refused = ("token", "body", "upload", "crash", "many", "system", "login", "route")
    statuses = [answers[name].status_code for name in refused]
    assert statuses == [401, 400, 413, 500, 429, 400, 401, 404]
    assert all("Origin" in answer.headers["vary"] for answer in answers.values())
    assert "allow-origin" not in said(stranger)
    assert "Origin" in stranger.headers["vary"], "or a cache would give it to others"
    assert preflight.status_code == 200, "what a browser asks before is not counted"
    assert said(preflight)["allow-origin"] == OURS
    assert said(preflight)["max-age"] == "18000"


async def test_without_the_setting_nothing_is_said(client):
    for headers in ({"Origin": OURS}, ASKED):
        assert said(await client.options("/items/product", headers=headers)) == {}


async def asked(headers=ASKED, **changed):
    """What a preflight is answered under these settings, and what the call itself would be."""
    settings = GivenSettings(_env_file=None, cors_enabled=True, **changed)

    async def hello(_request):
        return PlainTextResponse("hello")

    app = Starlette(routes=[Route("/", hello)], middleware=cors(settings))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        before = await client.options("/", headers=headers)
        after = await client.get("/", headers={"Origin": headers["Origin"], "Cookie": "a=b"})
    return said(before), said(after)


async def test_the_settings_are_directus_own():
    before, _ = await asked(cors_origin=OURS)
    listed = {name: set(before[f"allow-{name}"].split(", ")) for name in ("methods", "headers")}
    assert listed["methods"] == {"GET", "POST", "PATCH", "DELETE"}
    assert listed["headers"] >= {"Content-Type", "Authorization"}
    before, after = await asked(
        cors_origin=f"array:{OURS}",
        cors_methods="get,SEARCH",
        cors_allowed_headers="X-Mine",
        cors_exposed_headers="X-Request-Id,Retry-After",
        cors_credentials=False,
        cors_max_age=60,
    )
    assert before["allow-methods"] == "GET, SEARCH"
    assert "X-Mine" in before["allow-headers"]
    assert before["max-age"] == "60"
    assert after == {"allow-origin": OURS, "expose-headers": "X-Request-Id, Retry-After"}


async def test_whom_an_origin_lets_in():
    pattern = r"regex:^https://[a-z0-9-]+\.example\.com$"
    for origin, caller, is_in in (
        ("false", OURS, False),
        ("", OURS, False),
        ("true", THEIRS, True),
        (OURS, THEIRS, False),
        (OURS, f"{OURS}:8443", False),
        (OURS, OURS.replace("https", "http"), False),
        ("HTTPS://App.Example.com", OURS, True),
        ("capacitor://localhost", "capacitor://localhost", True),
        (pattern, OURS, True),
        (pattern, f"{OURS}.evil.org", False),
        (pattern, f"{OURS}\n", False),
        (r"regex:\.example\.com$", OURS, True),
        (r"regex:\.example\.com$", f"https://{'a' * 300}.example.com", False),
        (r"regex:^(a|aa)+$", "a" * 250 + "!", False),
    ):
        before, after = await asked({**ASKED, "Origin": caller}, cors_origin=origin)
        given = [answer.get("allow-origin") for answer in (before, after)]
        assert given == [caller if is_in else None] * 2, (origin, caller)


async def test_everybody_gets_no_credentials():
    """Else any page could call as whoever looks at it."""
    for answer in await asked({**ASKED, "Origin": THEIRS}, cors_origin="*"):
        assert answer["allow-origin"] == "*"
        assert "allow-credentials" not in answer


@pytest.mark.parametrize(
    "origin",
    [
        "app.example.com",
        "https://a.com/path",
        "https://u@a.com",
        r"regex:\.a\.com",
        r"regex:a\$",
        "regex:($",
    ],
)
def test_what_is_no_origin_is_refused_at_the_start(origin):
    with pytest.raises(
        ValidationError, match=r"is not an origin|has to end with|is not a regular expression"
    ):
        GivenSettings(_env_file=None, cors_origin=origin)
