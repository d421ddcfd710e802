"""`/assets`: the bytes of files, to those who may read the files."""

from uuid import uuid4

import pytest

from app.access.secrets import token_hash
from app.storage import storage_at
from app.web.attachments import disposition
from tests.installation import ACCOUNT, NOBODY, client_of
from tests.rest.test_files import upload

CONTENT = b"0123456789"


@pytest.fixture
async def file(client):
    return await upload(client, CONTENT)


@pytest.fixture
async def anonymous(app, installation):
    async with client_of(app, headers={}) as client:
        yield client


async def tenant(app, rows):
    """A client of an admin of a new account."""
    account, user, token = str(uuid4()), str(uuid4()), f"token-{uuid4()}"
    rows.execute("INSERT INTO account (id, account_name) VALUES (%s, 'Other')", [account])
    rows.execute(
        "INSERT INTO directus_users (id, email, status, token, account) "
        "VALUES (%s, %s, 'active', %s, %s)",
        [user, f"{user}@example.com", token_hash(token), account],
    )
    rows.execute(
        'INSERT INTO directus_access (id, "user", policy) '
        "SELECT gen_random_uuid(), %s, id FROM directus_policies WHERE admin_access LIMIT 1",
        [user],
    )
    return client_of(app, headers={"Authorization": f"Bearer {token}"})


async def test_a_file_is_downloaded(client, file):
    """Transcript 318."""
    response = await client.get(f"/assets/{file['id']}?download")
    assert (response.status_code, response.content) == (200, CONTENT)
    assert response.headers["content-type"] == "text/plain"
    assert response.headers["content-disposition"] == 'attachment; filename="note.txt"'
    assert response.headers["content-length"] == "10"
    assert response.headers["accept-ranges"] == "bytes"


async def test_a_file_is_shown_under_any_name(client, file):
    response = await client.get(f"/assets/{file['id']}/other.txt")
    assert response.content == CONTENT
    assert response.headers["content-disposition"] == 'inline; filename="other.txt"'


@pytest.mark.parametrize("key", [NOBODY, "nonsense"])
async def test_a_missing_file_is_forbidden(client, key):
    """Transcript 320."""
    response = await client.get(f"/assets/{key}")
    assert response.status_code == 403
    assert response.json() == {
        "errors": [
            {
                "message": "You don't have permission to access this.",
                "extensions": {"code": "FORBIDDEN"},
            }
        ]
    }


async def test_lost_bytes_are_a_missing_file(client, file, installation):
    await storage_at(installation.s3_url).delete([file["filename_disk"]])
    assert (await client.get(f"/assets/{file['id']}")).status_code == 403


async def test_an_empty_file_is_empty(client):
    file = await upload(client, b"")
    response = await client.get(f"/assets/{file['id']}")
    assert (response.status_code, response.content) == (200, b"")
    response = await client.get(f"/assets/{file['id']}", headers={"Range": "bytes=0-"})
    assert response.status_code == 416


async def test_head_says_everything_but_the_bytes(client, file):
    whole = await client.get(f"/assets/{file['id']}")
    head = await client.head(f"/assets/{file['id']}")
    assert (head.status_code, head.content) == (200, b"")
    own = {"x-request-id"}
    assert {k: v for k, v in head.headers.items() if k not in own} == {
        k: v for k, v in whole.headers.items() if k not in own
    }


@pytest.mark.parametrize(
    ("asked", "place", "content"),
    [
        ("bytes=0-3", "0-3", b"0123"),
        ("bytes=4-", "4-9", b"456789"),
        ("bytes=-3", "7-9", b"789"),
        ("bytes=-99", "0-9", CONTENT),
        ("bytes=8-99", "8-9", b"89"),
        (f"bytes=8-{10**23}", "8-9", b"89"),
    ],
)
async def test_a_range_is_sent_alone(client, file, asked, place, content):
    response = await client.get(f"/assets/{file['id']}", headers={"Range": asked})
    assert (response.status_code, response.content) == (206, content)
    assert response.headers["content-range"] == f"bytes {place}/10"
    assert response.headers["content-length"] == str(len(content))


@pytest.mark.parametrize(
    "asked", ["bytes=10-", "bytes=5-3", "bytes=-", "bytes=x-y", "bytes=-0", "bytes=-" + "9" * 9999]
)
async def test_a_range_that_is_not_there_is_refused(client, file, asked):
    response = await client.get(f"/assets/{file['id']}", headers={"Range": asked})
    assert response.status_code == 416
    assert response.headers["content-range"] == "bytes */10"
    [error] = response.json()["errors"]
    assert error["extensions"]["code"] == "RANGE_NOT_SATISFIABLE"


@pytest.mark.parametrize(
    "headers", [{"Range": "lines=1-2"}, {"Range": "bytes=0-1", "If-Range": '"other"'}]
)
async def test_a_range_that_does_not_count_is_all_of_it(client, file, headers):
    response = await client.get(f"/assets/{file['id']}", headers=headers)
    assert (response.status_code, response.content) == (200, CONTENT)


async def test_who_has_the_bytes_is_told_so(client, file):
    url = f"/assets/{file['id']}"
    first = await client.get(url)
    tag, since = first.headers["etag"], first.headers["last-modified"]
    for known in (tag, f"W/{tag}", f'"x", {tag}', "*"):
        response = await client.get(url, headers={"If-None-Match": known})
        assert (response.status_code, response.content) == (304, b"")
        assert response.headers["etag"] == tag
    assert (await client.get(url, headers={"If-Modified-Since": since})).status_code == 304
    for stale in (
        {"If-None-Match": '"x"'},
        {"If-None-Match": '"x"', "If-Modified-Since": since},
        {"If-Modified-Since": "Sat, 01 Jan 2000 00:00:00 GMT"},
        {"If-Modified-Since": "nonsense"},
        {"If-Modified-Since": f"Fri, 01 Jan {10**20} 00:00:00 GMT"},
        {"If-Modified-Since": f"Fri, 01 Jan 2021 00:00:00 +{10**15}"},
    ):
        assert (await client.get(url, headers=stale)).status_code == 200
    await client.patch(url.replace("assets", "files"), files={"f": ("a.txt", b"new")})
    assert (await client.get(url)).headers["etag"] != tag


@pytest.mark.parametrize(
    "kind",
    ["text/html", "image/svg+xml", "application/xhtml+xml", "text/xml", "application/pdf",
     "text/javascript", "nonsense"],
)  # fmt: skip
async def test_nothing_a_browser_would_run_is_shown_in_place(client, kind):
    file = await upload(client, b"<script>alert(1)</script>", "x.html", kind)
    response = await client.get(f"/assets/{file['id']}")
    assert response.headers["content-disposition"].startswith("attachment; ")
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in response.headers["content-security-policy"]


def test_names_in_any_script_are_told():
    assert disposition("inline", "a.txt") == 'inline; filename="a.txt"'
    assert disposition("inline", 'a".txt') == (
        "inline; filename=\"a'.txt\"; filename*=UTF-8''a%22.txt"
    )
    assert disposition("attachment", "ß.txt") == (
        "attachment; filename=\"?.txt\"; filename*=UTF-8''%C3%9F.txt"
    )


async def test_who_may_not_read_files_gets_no_bytes(anonymous, file):
    assert (await anonymous.get(f"/assets/{file['id']}")).status_code == 403


async def test_pictures_of_the_project_are_for_everybody(client, anonymous, file):
    await client.patch("/settings", json={"project_logo": file["id"]})
    assert (await anonymous.get(f"/assets/{file['id']}")).content == CONTENT
    assert (await anonymous.get(f"/files/{file['id']}")).status_code == 403


async def test_a_rule_about_files_holds_for_their_bytes(client, anonymous, file):
    other = await upload(client, b"other")
    public = "abf8a154-5b1c-4a46-ac9c-7300570f4f17"
    permission = {
        "policy": public,
        "collection": "directus_files",
        "action": "read",
        "fields": ["title"],
        "permissions": {"id": {"_eq": file["id"]}},
    }
    response = await client.post("/permissions", json=permission)
    assert response.status_code == 200, response.text
    assert (await anonymous.get(f"/assets/{file['id']}")).content == CONTENT
    assert (await anonymous.get(f"/assets/{other['id']}")).status_code == 403


async def test_the_file_of_another_account_is_a_missing_file(app, client, rows, file):
    async with await tenant(app, rows) as stranger:
        own = await upload(stranger, b"own")
        assert own["account"] not in {None, ACCOUNT}
        assert (await stranger.get(f"/assets/{own['id']}")).content == b"own"
        url = f"/assets/{file['id']}"
        assert (await stranger.get(url)).status_code == 403
        assert (await stranger.head(url)).status_code == 403
        form = {"files": {"file": ("a.txt", b"mine now", "text/plain")}}
        assert (await stranger.patch(f"/files/{file['id']}", **form)).status_code == 403
        taken = {"data": {"id": file["id"]}, **form}
        assert (await stranger.post("/files", **taken)).status_code == 400
        await stranger.delete(f"/files/{file['id']}")
        json = {"title": "mine"}
        assert (await stranger.patch(f"/files/{file['id']}", json=json)).status_code in {204, 403}
    assert (await client.get(url)).content == CONTENT
    assert (await client.get(f"/assets/{own['id']}")).content == b"own"
