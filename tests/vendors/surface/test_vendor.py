"""A vendor is a folder of routes and translations, and a line in the registry: a made-up one."""

import orjson
import pytest
from starlette.responses import Response

from app.domains.api_credential import scopes
from app.domains.api_credential.scopes import Needed
from app.main import create_app
from app.vendors import registry
from app.vendors.surface import Manner, Site, Vendor, endpoint
from app.vendors.surface.errors import NotAuthenticated
from app.vendors.surface.paging import PAGING, page_url, read_page
from app.vendors.surface.principal import principal_by_token
from app.vendors.surface.rows import create_row, read_page_of_rows, read_row
from app.web.requests import header
from tests.installation import PRODUCT, TOKEN, client_of

KIND, KEY = "acme", {"X-Acme-Key": TOKEN}
FIELDS = ("id", "product_name")


async def find_principal(request):
    token = header(request.scope, b"x-acme-key")
    if not token:
        raise NotAuthenticated
    return await principal_by_token(request, KIND, token)


def json(data, status=200):
    return Response(orjson.dumps(data), status, media_type="application/json")


def render_error(error, names):
    errors = getattr(error, "errors", [error])
    fields = [one.extensions.get("field") for one in errors]
    shown = {"oops": errors[0].code, "of": [names.get(name, name) for name in fields if name]}
    return json(shown, errors[0].status)


SITE = Site(("/acme/v1",), Manner(find_principal, render_error, lambda: json({"oops": "us"}, 500)))


@endpoint(scopes=("things_view",))
async def things(context):
    page = read_page(context.params(*PAGING), usual=1, most=10)
    count, rows = await read_page_of_rows(context, "product", FIELDS, page, where={})
    return json({"n": count, "things": rows, "more": page_url(context, page.limit, page.limit)})


@endpoint(scopes=("things_view",))
async def thing(context):
    return json(await read_row(context, "product", FIELDS, f"/{context.path_param('key')}"))


@endpoint(scopes=("things_make",), names={"id": "code"})
async def make(context):
    body = await context.json_object()
    row = {"id": body.get("code"), "product_name": body.get("name")}
    return json(await create_row(context, "product", FIELDS, row), 201)


@endpoint(is_open=True)
async def hello(context):
    return json({"hello": context.principal.scopes if context.principal.kind else []})


@endpoint()
async def broken(_context):
    raise RuntimeError("nobody foresaw it")


ACME = Vendor(
    SITE,
    [
        *SITE.at("/things", get=things, post=make),
        *SITE.at("/things/{key:path}", get=thing),
        *SITE.at("/hello", get=hello),
        *SITE.at("/broken", get=broken),
    ],
)


@pytest.fixture
async def acme(installation, monkeypatch):
    monkeypatch.setattr(registry, "VENDORS", (*registry.VENDORS, ACME))
    needed = {"things_view": Needed("read", "product"), "things_make": Needed("create", "product")}
    monkeypatch.setitem(scopes.NEEDED, KIND, needed)
    async with client_of(create_app(installation), KEY) as client:
        yield client


async def test_its_rows_come_through_the_door_in_its_pages(acme):
    first = (await acme.get("/acme/v1/things")).json()
    assert len(first["things"]) == 1 < first["n"]
    assert first["more"].endswith("/acme/v1/things?limit=1&offset=1")
    [row] = (await acme.get(first["more"])).json()["things"]
    assert row["id"] != first["things"][0]["id"]
    assert (await acme.get(f"/acme/v1/things{PRODUCT}")).json()["id"] == PRODUCT


async def test_refusals_have_its_shape(acme):
    asked = [
        ("GET", "/acme/v1/things?nope=1", 400, {"oops": "FAILED_VALIDATION", "of": ["nope"]}),
        ("GET", "/acme/v1/things/01/1", 404, {"oops": "NOT_FOUND", "of": []}),
        ("PUT", "/acme/v1/things", 405, {"oops": "METHOD_NOT_ALLOWED", "of": []}),
        ("GET", "/acme/v1/nowhere", 404, {"oops": "NOT_FOUND", "of": []}),
        ("GET", "/acme/v1/broken", 500, {"oops": "us"}),
    ]
    for method, path, status, shown in asked:
        answer = await acme.request(method, path)
        assert (answer.status_code, answer.json()) == (status, shown), path
    answer = await acme.post("/acme/v1/things", json={"code": "/01/09312345551928"})
    assert answer.status_code == 400
    assert "code" in answer.json()["of"]
    for body, status in ((b"{", 400), (b"[]", 400)):
        sent = {"Content-Type": "application/json"}
        answer = await acme.post("/acme/v1/things", content=body, headers=sent)
        assert answer.status_code == status
        assert answer.json()["oops"] in {"INVALID_PAYLOAD", "FAILED_VALIDATION"}


async def test_who_asks_is_known_by_its_own_header_and_has_scopes(acme, rows):
    nobody = {"X-Acme-Key": ""}
    for path in ("/things", "/broken"):
        assert (await acme.get(f"/acme/v1{path}", headers=nobody)).status_code == 401
        wrong = {"X-Acme-Key": "not a token of anybody"}
        assert (await acme.get(f"/acme/v1{path}", headers=wrong)).status_code == 401
    assert (await acme.get("/acme/v1/hello", headers=nobody)).json() == {"hello": []}
    user = {"email": "few@x.example", "token": "a-user-of-few-rights"}
    directus = {"Authorization": f"Bearer {TOKEN}"}
    assert (await acme.post("/users", json=user, headers=directus)).status_code == 200
    few = {"X-Acme-Key": user["token"]}
    assert (await acme.get("/acme/v1/things", headers=few)).status_code == 403


async def test_other_surfaces_do_not_know_its_header(acme):
    assert (await acme.get("/items/product")).status_code == 403
    assert (await acme.get("/api/v2/products/")).status_code == 401
