"""`/utils` and `/server/info`."""

import re
from importlib.metadata import version
from pathlib import Path

import pytest

from app.main import create_app
from tests.installation import NOBODY, PRODUCT, client_of

DATA = Path(__file__).parents[1] / "data"


@pytest.fixture
async def anonymous(app, installation):
    async with client_of(app, headers={}) as client:
        yield client


def code_of(response):
    return response.status_code, response.json()["errors"][0]["extensions"]["code"]


async def test_random_strings(client):
    """Transcript 310."""
    first = (await client.get("/utils/random/string?length=16")).json()["data"]
    assert len(first) == 16
    assert first.isalnum()
    assert len((await client.get("/utils/random/string")).json()["data"]) == 32
    assert first != (await client.get("/utils/random/string?length=16")).json()["data"]


@pytest.mark.parametrize("length", ["0", "501", "-1", "x", "1.5", "NaN"])
async def test_a_random_string_has_1_to_500_characters(client, length):
    response = await client.get(f"/utils/random/string?length={length}")
    assert code_of(response) == (400, "INVALID_QUERY")
    message = response.json()["errors"][0]["message"]
    assert message == 'Invalid query. "length" must be between 1 and 500.'


async def test_hashes(client, anonymous):
    """Transcript 312."""
    hashed = (await client.post("/utils/hash/generate", json={"string": "abc"})).json()["data"]
    assert hashed.startswith("$argon2")
    for string, answer in (("abc", True), ("abd", False)):
        body = {"string": string, "hash": hashed}
        assert (await client.post("/utils/hash/verify", json=body)).json() == {"data": answer}
    body = {"string": "abc", "hash": "nonsense"}
    assert (await client.post("/utils/hash/verify", json=body)).json() == {"data": False}
    for body in ({}, {"string": ""}, {"string": 1}, [], {"string": "x" * 5000}):
        response = await client.post("/utils/hash/generate", json=body)
        assert code_of(response) == (400, "INVALID_PAYLOAD")
    response = await client.post("/utils/hash/verify", json={"string": "a"})
    assert response.json()["errors"][0]["message"] == 'Invalid payload. "hash" is required.'
    assert (await anonymous.post("/utils/hash/generate", json={"string": "a"})).status_code == 403


async def test_the_cache_is_cleared_by_admins(client, anonymous):
    response = await client.post("/utils/cache/clear?system")
    assert (response.status_code, response.content) == (200, b"")
    assert "content-type" not in response.headers
    assert code_of(await anonymous.post("/utils/cache/clear")) == (403, "FORBIDDEN")


async def test_an_item_is_reverted_to_a_revision(client):
    url = PRODUCT.replace("/", "%2F")
    await client.patch(f"/items/product/{url}", json={"product_name": "First"})
    await client.patch(f"/items/product/{url}", json={"product_name": "Second"})
    params = {"filter[item][_eq]": PRODUCT, "filter[collection][_eq]": "product", "sort": "id"}
    revisions = (await client.get("/revisions", params=params)).json()["data"]
    assert (await client.post(f"/utils/revert/{revisions[1]['id']}")).status_code == 204
    shown = (await client.get(f"/items/product/{url}?fields=product_name")).json()["data"]
    assert shown == {"product_name": "First"}


async def test_who_may_not_read_what_a_revision_holds_reverts_nothing(client, rows, app):
    url = PRODUCT.replace("/", "%2F")
    await client.patch(f"/items/product/{url}", json={"product_name": "First"})
    await client.patch(f"/items/product/{url}", json={"product_name": "Second"})
    params = {"filter[item][_eq]": PRODUCT, "filter[collection][_eq]": "product", "sort": "id"}
    revision = (await client.get("/revisions", params=params)).json()["data"][1]["id"]
    permissions = [
        {"collection": "directus_revisions", "action": "read", "fields": ["id", "collection"]},
        {"collection": "product", "action": "read", "fields": ["*"]},
        {"collection": "product", "action": "update", "fields": ["*"]},
    ]
    role = {"name": "Few", "policies": [{"policy": {"name": "F", "permissions": permissions}}]}
    made = (await client.post("/roles", json=role)).json()["data"]["id"]
    user = {"email": "few@example.com", "token": "a-token-of-few", "role": made}
    assert (await client.post("/users", json=user)).status_code == 200
    async with client_of(app, headers={"Authorization": "Bearer a-token-of-few"}) as few:
        refused = await few.post(f"/utils/revert/{revision}")
        assert code_of(refused) == (403, "FORBIDDEN")


@pytest.mark.parametrize("revision", ["999999", "nonsense"])
async def test_a_missing_revision_is_forbidden(client, anonymous, revision):
    assert code_of(await client.post(f"/utils/revert/{revision}")) == (403, "FORBIDDEN")
    assert code_of(await anonymous.post("/utils/revert/1")) == (403, "FORBIDDEN")


async def test_a_collection_without_an_order_is_not_sorted(client):
    body = {"item": PRODUCT, "to": PRODUCT}
    response = await client.post("/utils/sort/product", json=body)
    assert code_of(response) == (400, "INVALID_PAYLOAD")
    for name in ("nope", "directus_users"):
        assert code_of(await client.post(f"/utils/sort/{name}", json=body)) == (403, "FORBIDDEN")
    response = await client.post("/utils/sort/product", json={"item": PRODUCT})
    assert response.json()["errors"][0]["message"] == 'Invalid payload. "to" is required.'


# /server/info.


async def test_everybody_is_told_about_the_project(client, anonymous):
    """Transcript 298."""
    project = {
        "project_name": "Mintage",
        "project_descriptor": None,
        "project_logo": None,
        "project_color": "#6644FF",
        "default_appearance": "auto",
        "default_theme_light": None,
        "default_theme_dark": None,
        "theme_light_overrides": None,
        "theme_dark_overrides": None,
        "default_language": "en-US",
        "public_foreground": None,
        "public_favicon": None,
        "public_note": None,
        "custom_css": None,
        "public_registration": False,
        "public_registration_verify_email": True,
        "public_background": None,
    }
    response = await anonymous.get("/server/info")
    assert response.json() == {"data": {"project": project, "setupCompleted": True}}
    await client.patch("/settings", json={"project_name": "Mine"})
    data = (await anonymous.get("/server/info")).json()["data"]
    assert data["project"] == {**project, "project_name": "Mine"}


async def test_users_are_told_about_limits(client):
    data = (await client.get("/server/info")).json()["data"]
    assert data["queryLimit"] == {"default": 100, "max": -1}
    assert (data["rateLimit"], data["rateLimitGlobal"], data["websocket"]) == (False, False, False)
    assert data["version"] == "11.17.4", "the Directus whose contract is served"
    assert data["mintage"] == {"version": version("mintage")}


async def test_the_settings_are_directus_own(client, rows):
    """The row has its key, and every field of the recorded Directus."""
    shown = (await client.get("/settings")).json()["data"]
    theirs = (DATA / "directus_sdl.graphql").read_text()
    names = re.findall(
        r"^  (\w+)", theirs.partition("type directus_settings {")[2].partition("}")[0], re.MULTILINE
    )
    assert set(shown) == {name for name in names if not name.endswith("_func")}
    assert shown["id"] == 1
    assert (await client.get("/settings?fields=id,project_id")).json()["data"]["id"] == 1
    body = {
        "project_name": "Mine",
        "module_bar": [{"type": "link"}],
        "storage_asset_transform": "none",
    }
    ignored = {"ai_openai_api_key": "sk-secret", "mcp_enabled": True, "project_id": NOBODY}
    answer = (await client.patch("/settings", json={**body, **ignored})).json()["data"]
    assert answer == {**shown, **body}
    assert rows.execute("SELECT count(*) FROM directus_settings").fetchone() == (1,)
    refused = await client.patch("/settings", json={"storage_asset_transform": "some"})
    assert code_of(refused) == (400, "FAILED_VALIDATION")


async def test_users_are_told_about_the_rate_limits(installation):
    limited = {"rate_limiter_enabled": True, "rate_limiter_global_enabled": True}
    async with client_of(create_app(installation.model_copy(update=limited))) as client:
        data = (await client.get("/server/info")).json()["data"]
    assert data["rateLimit"] == {"points": 2000, "duration": 10.0}
    assert data["rateLimitGlobal"] == {"points": 1000, "duration": 1.0}


# ETags and OPTIONS.


async def test_who_has_the_answer_already_is_told_so(client):
    """Transcript 314."""
    first = await client.get("/items/domain?sort=domain_name")
    tag = first.headers["etag"]
    assert tag.startswith('W/"')
    for known in (tag, tag.removeprefix("W/"), f'"x", {tag}', "*"):
        response = await client.get(
            "/items/domain?sort=domain_name", headers={"If-None-Match": known}
        )
        assert (response.status_code, response.content) == (304, b"")
        assert response.headers["etag"] == tag
        assert "content-type" not in response.headers
    response = await client.get("/items/domain", headers={"If-None-Match": 'W/"f4-x"'})
    assert response.status_code == 200
    await client.post("/items/domain", json={"domain_name": "another.example.com"})
    assert (await client.get("/items/domain?sort=domain_name")).headers["etag"] != tag


async def test_tags_are_those_of_directus(client):
    """Transcript 2."""
    response = await client.get("/items/identifier_job?limit=0")
    assert response.text == '{"data":[]}'
    assert response.headers["etag"] == 'W/"b-EFAlOux7Kcr/ZEgGkn2r+oFAbu4"'


async def test_head_answers_as_get_without_a_body(client):
    response = await client.head("/items/domain?sort=domain_name")
    whole = await client.get("/items/domain?sort=domain_name")
    assert (response.status_code, response.content) == (200, b"")
    for name in ("etag", "content-type", "content-length"):
        assert response.headers[name] == whole.headers[name]


async def test_errors_and_writes_have_no_etag(client):
    response = await client.get(f"/items/domain/{NOBODY}", headers={"If-None-Match": "*"})
    assert (response.status_code, "etag" in response.headers) == (403, False)
    body = {"domain_name": "a.example.com"}
    response = await client.post("/items/domain", json=body, headers={"If-None-Match": "*"})
    assert (response.status_code, "etag" in response.headers) == (200, False)


async def test_options_lists_the_methods_of_a_route(anonymous):
    """Transcript 300."""
    response = await anonymous.options("/items/identifier_job")
    assert (response.status_code, response.text) == (200, "POST,SEARCH,GET,HEAD,PATCH,DELETE")
    assert response.headers["allow"] == "POST,SEARCH,GET,HEAD,PATCH,DELETE"
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert (await anonymous.options("/nope")).status_code == 404
    assert (await anonymous.options("/server/info")).text == "GET,HEAD"


@pytest.mark.parametrize(
    "hashed",
    [
        "\u00e9",
        "$argon2id$v=19$m=\uff11,t=1,p=1$YWFhYWFhYWE$YWFh",
        "$argon2id$v=19$m=8,t=1,p=1$\u00e9$\u00e9",
        "\0",
        "$argon2id$v=19$m=8,t=1,p=1$YWFhYWFhYWE$YWFh\u200b",
    ],
)
async def test_what_is_no_hash_is_a_hash_of_nothing(client, hashed):
    answer = await client.post("/utils/hash/verify", json={"string": "x", "hash": hashed})
    assert (answer.status_code, answer.json()) == (200, {"data": False})
