"""From a search to its CSV, by the steps of the seed (systems.md 4.2 to 4.4, 7.4, 8.2)."""

import asyncio
import csv
import io
import re
import zipfile
from datetime import datetime, timedelta

import httpx
import pytest

from app.access.tokens import signed
from app.storage import storage_at
from app.web.requests import path_for_logs
from app.web.surface import routes_of
from tests.installation import ACCOUNT, ADMIN, SECRET, client_of
from tests.vendors.scantrust.conftest import OTHER

SEARCH = "/api/v2/codes/download/?campaign=2084"
NOT_FOUND = (404, {"detail": "Not found."})


@pytest.fixture
async def company(as_company, uat, rows):
    """A client with the seed's word, whose campaign 2084 has two codes."""
    rows.execute("INSERT INTO campaign (id, account, name) VALUES (2084, %s, 'Meat')", [ACCOUNT])
    rows.execute(
        "INSERT INTO product (id, account, product_name, sku, campaign) "
        "VALUES ('pork', %s, 'Pork', '259052703982', 2084)",
        [ACCOUNT],
    )
    rows.execute(
        "INSERT INTO unique_code (id, account, code, type, product, extended_id, "
        "activation_status, activated_at) VALUES "
        "('go.example.com/a', %s, 'a', 'short_code', 'pork', 'D7BDCA03B80610826432DAD3', 1, NULL), "
        "('go.example.com/b', %s, 'b', 'short_code', 'pork', NULL, 0, '2019-10-01')",
        [ACCOUNT, ACCOUNT],
    )
    return await as_company(uat("codes_view"))


async def asked(company, url=SEARCH) -> str:
    answered = await company.get(url)
    assert answered.status_code == 200, answered.text
    return answered.json()["document"]["key"]


async def linked(company, key) -> str:
    answered = await company.get(f"/api/v2/documents/{key}/get-download-link/")
    assert answered.status_code == 200, answered.text
    return answered.json()["link"]


def listed(content: bytes) -> list[dict[str, str]]:
    """The rows of the CSV in a zip."""
    archive = zipfile.ZipFile(io.BytesIO(content))
    [name] = archive.namelist()
    return list(csv.DictReader(io.StringIO(archive.read(name).decode())))


async def test_the_seeds_steps_lead_to_the_csv(company, as_company, work):
    """Seed 003, steps 4 to 7: task, status, link, file; the link works once."""
    task = await company.get(SEARCH)
    assert task.headers["Cache-Control"] == "no-store"
    assert re.fullmatch(r"rq:job:[0-9a-f-]{36}", task.json()["task"])
    key = task.json()["document"]["key"]
    assert re.fullmatch("[a-z0-9]{12}", key)
    pending = (await company.get(f"/api/v2/documents/{key}")).json()
    assert pending["status"] == "pending"
    assert [pending[n] for n in ("file_size", "row_count", "expires_at")] == [None] * 3
    await work()
    document = (await company.get(f"/api/v2/documents/{key}/")).json()
    me = (await company.get("/api/v2/me/")).json()
    sizes = document.pop("file_size"), document.pop("row_count")
    assert sizes[0] > 100
    assert sizes[1] == 2
    expires, created = document.pop("expires_at"), document.pop("created_at")
    assert expires.endswith("Z")
    life = datetime.fromisoformat(expires) - datetime.fromisoformat(created)
    assert timedelta(hours=48) <= life < timedelta(hours=48, minutes=1)
    assert document == {
        "key": key,
        "description": "",
        "status": "complete",
        "category": "code",
        "doctype": "search-result",
        "related_id": None,
        "parameters": {"campaign": "2084"},
        "is_expired": False,
        "company": me["company"]["id"],
        "owner": me["id"],
        "created_by": me["id"],
    }
    link = await linked(company, key)
    assert re.fullmatch(r"http://test/api/v2/documents/download/[A-Za-z]{32}/", link)
    anybody = await as_company({})
    head = await anybody.head(link)
    assert (head.status_code, head.headers["Cache-Control"]) == (200, "no-store")
    moved = await anybody.get(link)
    assert (moved.status_code, moved.headers["Cache-Control"]) == (302, "no-store")
    place = moved.headers["Location"]
    assert place.startswith("http://test/api/v2/documents/file/"), "no internal address"
    found = await anybody.get(place)
    assert [row["status"] for row in listed(found.content)] == ["active", "inactive"]
    again = await anybody.get(link)
    assert (again.status_code, again.json()) == NOT_FOUND


async def test_of_two_uses_at_once_one_gets_the_file(company, as_company, work):
    """systems.md 8.2: two concurrent uses, exactly one 302."""
    key = await asked(company)
    await work()
    link, anybody = await linked(company, key), await as_company({})
    both = await asyncio.gather(*[anybody.get(link) for _ in range(8)])
    assert sorted(answered.status_code for answered in both) == [302] + [404] * 7


@pytest.mark.parametrize(
    ("url", "parameters"),
    [
        ("/api/v2/codes/download/?campaign=2084", {"campaign": "2084"}),
        ("/api/v2/codes/download?campaign_id=2084&status=active", None),
        ("/api/v2/codes/download/?campaign=2084&timeframe=-1y", None),
        (
            (
                "/api/v2/codes/download/?campaign=2084&date_from=2019-09-30T16:00:00.000Z"
                "&date_to=2021-01-31T16:00:00.000Z"
            ),
            {
                "campaign": "2084",
                "activated_at": "2019-09-30T16:00:00.000Z,2021-01-31T16:00:00.000Z",
            },
        ),
    ],
)
async def test_searches_are_asked_for_as_the_seed_prints_them(company, url, parameters):
    """Seed 003, step 4; systems.md 0.3 item 10: times become a range of activated_at."""
    key = await asked(company, url)
    document = (await company.get(f"/api/v2/documents/{key}")).json()
    assert parameters is None or document["parameters"] == parameters


@pytest.mark.parametrize(
    ("query", "status", "body"),
    [
        ("", 400, {"campaign": ["This field is required."]}),
        ("?campaign=2084&timeframe=soon", 400, {"timeframe": ["Enter a valid value."]}),
        ("?campaign=2084&colour=red", 400, {"colour": ["Unknown filter."]}),
        ("?campaign=1", 404, {"detail": "Not found."}),
    ],
)
async def test_searches_that_say_nothing_are_refused(company, rows, query, status, body):
    """systems.md 4.7 and 7.4; nothing is made for them."""
    refused = await company.get(f"/api/v2/codes/download/{query}")
    assert (refused.status_code, refused.json()) == (status, body)
    assert rows.execute("SELECT count(*) FROM document").fetchone() == (0,)


async def test_documents_without_a_file_have_no_link(company, rows, work):
    """systems.md 4.4: not complete 400, expired 410; 4.3: an expired one is still readable."""
    key = await asked(company)
    url = f"/api/v2/documents/{key}/get-download-link"
    early = await company.get(url)
    assert (early.status_code, early.json()) == (400, {"detail": "Document is not ready."})
    rows.execute("UPDATE document SET status = 'failed', error_message = 'No room'")
    assert (await company.get(url)).status_code == 400
    rows.execute("UPDATE document SET status = 'pending', error_message = NULL")
    await work()
    link = await linked(company, key)
    rows.execute("UPDATE document SET expires_at = now() - interval '1 second'")
    assert (await company.get(url)).status_code == 410
    assert (await company.get(link)).status_code == 410
    assert (await company.get(f"/api/v2/documents/{key}")).json()["is_expired"] is True


async def test_links_time_out(company, rows, work):
    """systems.md 4.4: a token is valid 10 minutes; 7.4: timed out is 404."""
    key = await asked(company)
    await work()
    link = await linked(company, key)
    rows.execute("UPDATE download_link SET expires_at = now()")
    timed_out = await company.get(link)
    assert (timed_out.status_code, timed_out.json()) == NOT_FOUND


async def test_a_preview_uses_no_link_up(company, as_company, work):
    """systems.md 7.4: HEAD, what a browser fetches ahead, and robots see nothing of the file."""
    key = await asked(company)
    await work()
    link, anybody = await linked(company, key), await as_company({})
    previews = (
        {"Purpose": "prefetch"},
        {"Sec-Purpose": "prefetch;prerender"},
        {"X-Moz": "prefetch"},
        {"User-Agent": "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"},
        {"User-Agent": "kakaotalk-scrap/1.0"},
        {"User-Agent": "WhatsApp/2.23.20.0 A"},
    )
    for headers in previews:
        seen = await anybody.get(link, headers=headers)
        assert (seen.status_code, seen.headers["Cache-Control"]) == (200, "no-store")
        assert key not in seen.text
        missing = await anybody.get(link.replace(link[-9:-1], "abcdefgh"), headers=headers)
        assert missing.text == seen.text
    assert (await anybody.head(link)).status_code == 200
    assert (await anybody.get(link)).status_code == 302


async def test_the_file_comes_whole_in_parts_and_for_a_while(company, as_company, work, rows):
    key = await asked(company)
    await work()
    anybody = await as_company({})
    place = (await anybody.get(await linked(company, key))).headers["Location"]
    whole = await anybody.get(place)
    size = rows.execute("SELECT file_size FROM document").fetchone()[0]
    told = [whole.headers[name] for name in ("Content-Length", "Content-Type", "Cache-Control")]
    assert told == [str(size), "application/zip", "no-store"]
    assert whole.headers["Content-Disposition"] == f'attachment; filename="{key}.zip"'
    head = await anybody.head(place)
    assert (head.headers["Content-Length"], head.content) == (str(size), b"")
    first = await anybody.get(place, headers={"Range": "bytes=0-9"})
    assert (first.status_code, first.headers["Content-Range"]) == (206, f"bytes 0-9/{size}")
    rest = await anybody.get(
        place, headers={"Range": "bytes=10-", "If-Range": head.headers["ETag"]}
    )
    assert first.content + rest.content == whole.content
    beyond = await anybody.get(place, headers={"Range": f"bytes={size}-"})
    assert beyond.status_code == 416
    rows.execute("UPDATE document SET expires_at = now() - interval '1 second'")
    assert (await anybody.get(place)).status_code == 200, "it was followed in time"
    rows.execute("UPDATE document SET object_name = NULL")
    assert (await anybody.get(place)).status_code == 410


async def test_a_link_is_good_only_while_its_user_may_see_the_document(
    company, as_company, work, rows
):
    """Who moves to another account takes no files along; who is suspended gets none."""
    key = await asked(company)
    await work()
    anybody = await as_company({})
    [owner] = rows.execute("SELECT owner FROM document WHERE key = %s", [key]).fetchone()
    link, other = await linked(company, key), await linked(company, key)
    place = (await anybody.get(other)).headers["Location"]
    rows.execute("INSERT INTO account (id, account_name) VALUES (%s, 'Other')", [OTHER])
    for change in ("status = 'suspended'", f"status = 'active', account = '{OTHER}'"):
        rows.execute(f"UPDATE directus_users SET {change} WHERE id = %s", [owner])
        assert (await anybody.get(link)).status_code == 404
        assert (await anybody.get(place)).status_code == 404
    rows.execute("UPDATE directus_users SET account = %s WHERE id = %s", [ACCOUNT, owner])
    assert (await anybody.get(place)).status_code == 200
    assert (await anybody.get(link)).status_code == 302


async def test_only_an_address_of_ours_gives_a_file(company, as_company, work, rows):
    key = await asked(company)
    await work()
    anybody = await as_company({})
    [owner] = rows.execute("SELECT owner::text FROM document WHERE key = %s", [key]).fetchone()
    claims = {"scope": "document-file", "document": key, "user": owner}
    minute = timedelta(minutes=1)
    good = signed(claims, SECRET, minute)
    assert (await anybody.get(f"/api/v2/documents/file/{good}")).status_code == 200
    for token in (
        signed(claims, SECRET, -minute),
        signed(claims, "another secret of some length", minute),
        signed({**claims, "scope": "password-reset"}, SECRET, minute),
        signed({"id": key}, SECRET, minute),
        good[:-2],
        "x",
        "%00",
    ):
        refused = await anybody.get(f"/api/v2/documents/file/{token}/")
        assert (refused.status_code, refused.json()) == NOT_FOUND
    lent = await as_company({"Authorization": f"Bearer {good}"})
    assert (await lent.get("/api/v2/me/")).status_code in {401, 403}


async def test_a_public_storage_gives_its_files_out_itself(app, company, work, s3_url):
    """S3_PUBLIC_URL: the address is signed for that host, and nobody has to be asked for it."""
    key = await asked(company)
    await work()
    host = s3_url.rpartition("@")[2].partition("/")[0].replace("127.0.0.1", "localhost")
    public = storage_at(s3_url, f"http://{host}/")
    async with client_of(app, headers={}, storage=public) as anybody:
        moved = await anybody.get(await linked(company, key))
    place = moved.headers["Location"]
    assert place.startswith(f"http://{host}/")
    async with httpx.AsyncClient(trust_env=False) as elsewhere:
        file = await elsewhere.get(place)
    assert [row["status"] for row in listed(file.content)] == ["active", "inactive"]


async def test_a_link_is_as_good_as_before_when_the_storage_is_away(app, company, work):
    key = await asked(company)
    await work()
    link = await linked(company, key)
    away = storage_at("http://key:secret@127.0.0.1:1/bucket")
    async with client_of(app, headers={}, storage=away) as anybody:
        assert (await anybody.get(link)).status_code == 503
    async with client_of(app, headers={}) as anybody:
        assert (await anybody.get(link)).status_code == 302


async def test_links_name_the_public_address_whatever_the_host(
    app, company, installation, work, uat
):
    """PUBLIC_URL: no Host header decides where a link leads."""
    key = await asked(company)
    await work()
    evil = {**uat("codes_view", "product_view", "scans_download"), "Host": "evil.example"}
    public = installation.model_copy(update={"public_url": "https://mint.example/api/"})
    async with client_of(app, evil, settings=public) as client:
        link = (await client.get(f"/api/v2/documents/{key}/get-download-link/")).json()["link"]
        assert link.startswith("https://mint.example/api/api/v2/documents/download/")
        moved = await client.get(link.removeprefix("https://mint.example/api"))
        place = moved.headers["Location"]
        assert place.startswith("https://mint.example/api/api/v2/documents/file/")
        page = (await client.get("/api/v2/products/?limit=1")).json()
        assert page["next"].startswith("https://mint.example/api/api/v2/products/?limit=1")
    async with client_of(app, {**ADMIN, "Host": "evil.example"}, settings=public) as admin:
        [server] = (await admin.get("/server/specs/oas")).json()["servers"]
        assert server["url"] == "https://mint.example/api"


async def test_no_log_shows_a_link_whole(company, as_company, work, capsys):
    key = await asked(company)
    await work()
    link, anybody = await linked(company, key), await as_company({})
    token = link.rstrip("/").rpartition("/")[2]
    await anybody.get(f"{link}and/more")
    place = (await anybody.get(link)).headers["Location"]
    await anybody.get(place)
    written = "".join(capsys.readouterr())
    assert written.count("/api/v2/documents/download/***") == 2
    assert written.count("/api/v2/documents/file/***") == 1
    assert token not in written
    assert place.rstrip("/").rpartition("/")[2] not in written


def test_every_route_with_a_secret_hides_it_in_logs(app):
    """What is called a token in a path lets somebody in."""
    paths = [getattr(route, "path", "") for route in routes_of(app.routes)]
    secret = [path for path in paths if "{token}" in path]
    assert len(secret) == 4
    for path in secret:
        asked = path.replace("{token}", "SECRET")
        for spelling in (
            asked,
            asked.upper(),
            f"{asked}/more",
            asked.replace("SECRET", "%2FSECRET"),
        ):
            assert "SECRET" not in path_for_logs({"path": spelling}).upper()


@pytest.mark.parametrize("token", ["x", "a" * 32, "%00" * 32, "é"])
async def test_unknown_links_are_not_there(as_company, token):
    anybody = await as_company({})
    missing = await anybody.get(f"/api/v2/documents/download/{token}/")
    assert (missing.status_code, missing.json()) == NOT_FOUND


async def test_another_company_has_no_such_document(company, as_company, uat, work):
    """systems.md 4.3: visible to the same company only, else 404."""
    key = await asked(company)
    await work()
    other = await as_company(uat("codes_view", account=OTHER))
    for path in ("", "/", "/get-download-link/"):
        missing = await other.get(f"/api/v2/documents/{key}{path}")
        assert (missing.status_code, missing.json()) == NOT_FOUND
    refused = await other.get(SEARCH)
    assert (refused.status_code, refused.json()) == NOT_FOUND


async def test_the_seeds_word_is_asked_for(company, as_company, uat):
    """Seed 003: the token needs codes_view."""
    key = await asked(company)
    scanning = await as_company(uat("scans_download"))
    for path in (SEARCH, f"/api/v2/documents/{key}", f"/api/v2/documents/{key}/get-download-link"):
        assert (await scanning.get(path)).status_code == 403
    anybody = await as_company({})
    assert (await anybody.get(SEARCH)).status_code == 401


@pytest.mark.parametrize(
    "path",
    [
        "/api/v2/documents/downloads/{}/",
        "/api/v2/documents//download/{}/",
        "/api/v2/documents/{}/get-download-link/",
        "/api/v2/document/download/{}",
        "/api/v2/documents/download{}",
        "/v2/documents/%2F{}/",
        "/{}",
    ],
)
@pytest.mark.parametrize(
    "token",
    ["aBcDeFgH" * 4, "eyJhbGciOiJIUzI1NiJ9.eyJzY29wZSI6ImRvY3VtZW50LWZpbGUifQ.d-_9" + "x" * 39],
)
def test_a_path_that_misses_its_route_shows_no_token_either(path, token):
    assert token not in path_for_logs({"path": path.format(token)})
    assert token.rpartition(".")[2] not in path_for_logs({"path": path.format(token)})


@pytest.mark.parametrize(
    "path",
    [
        "/items/product/01/09312345551927",
        "/01/09312345551927/21/ABCDEFGHJKLMNPQRSTUV",
        "/assets/f1b2c3d4-e5f6-7890-1234-567890abcdef",
        "/items/directus_permissions/7",
    ],
)
def test_what_is_no_token_is_in_the_logs(path):
    assert path_for_logs({"path": path}) == path


@pytest.mark.parametrize(
    ("trusted", "said", "scheme"),
    [
        (True, "https", "https"),
        (True, "http, HTTPS", "https"),
        (True, "javascript", "http"),
        (False, "https", "http"),
    ],
)
async def test_links_have_the_scheme_that_a_trusted_proxy_was_asked_by(
    app, company, installation, uat, trusted, said, scheme
):
    changed = installation.model_copy(update={"trust_proxy": trusted})
    headers = {**uat("product_view"), "X-Forwarded-Proto": said}
    async with client_of(app, headers, settings=changed) as client:
        page = (await client.get("/api/v2/products/?limit=1")).json()
        assert page["next"].startswith(f"{scheme}://test/api/v2/products/")
