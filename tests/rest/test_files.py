"""Uploads: `/files` as forms; rows and bytes together or not at all."""

import asyncio
from uuid import uuid4

import pytest
from starlette.requests import Request

from app.domains.directus_files import uploads
from app.domains.directus_files.names import extension, plain_name, plain_type, title_of
from app.errors import InvalidPayload
from app.main import create_app
from app.settings import GivenSettings
from app.storage import NoSuchObject, storage_at
from app.web.bodies import Body, Lines
from app.web.multipart import read_parts
from tests.domains.directus_files.test_pictures import picture
from tests.installation import NOBODY, client_of


async def upload(client, content=b"hello file", name="note.txt", kind="text/plain", **fields):
    """A new file, as the answer shows it."""
    form = {"data": fields, "files": {"file": (name, content, kind)}}
    response = await client.post("/files", **form)
    assert response.status_code == 200, response.text
    return response.json()["data"]


@pytest.fixture
def storage(installation):
    return storage_at(installation.s3_url)


async def is_stored(storage, name):
    try:
        await storage.open(name)
    except NoSuchObject:
        return False
    return True


async def test_an_upload_becomes_a_file(client):
    """Transcript 316."""
    file = await upload(client)
    assert (await client.get(f"/files/{file['id']}")).json()["data"] == file
    user = (await client.get("/users/me")).json()["data"]["id"]
    for name in ("created_on", "uploaded_on", "modified_on"):
        assert file.pop(name)
    key = file.pop("id")
    assert {name: value for name, value in file.items() if value is not None} == {
        "storage": "s3",
        "filename_disk": f"{key}.txt",
        "filename_download": "note.txt",
        "title": "Note",
        "type": "text/plain",
        "uploaded_by": user,
        "filesize": "10",
    }


async def test_fields_before_a_file_say_something_of_it(client):
    folder = (await client.post("/folders", json={"name": "papers"})).json()["data"]["id"]
    key = str(uuid4())
    file = await upload(
        client, id=key, title="My note", folder=folder, tags='["a"]', description="null"
    )
    assert (file["id"], file["title"], file["folder"]) == (key, "My note", folder)
    assert (file["tags"], file["description"]) == (["a"], None)
    assert (await client.get(f"/assets/{key}")).content == b"hello file"


async def test_several_files_come_back_as_a_list(client):
    parts = [("a", ("one.txt", b"1", "text/plain")), ("b", ("two.txt", b"22", "text/plain"))]
    response = await client.post("/files?fields=title,filesize", files=parts)
    shown = sorted(response.json()["data"], key=lambda file: file["title"])  # they come by key
    assert shown == [{"title": "One", "filesize": "1"}, {"title": "Two", "filesize": "2"}]


async def test_what_only_the_server_knows_is_not_taken_from_the_form(client):
    other = await upload(client, b"secret")
    file = await upload(client, filename_disk=other["filename_disk"], filesize="1", uploaded_by="")
    assert file["filename_disk"] == f"{file['id']}.txt"
    assert file["filesize"] == "10"
    json = {"filename_disk": other["filename_disk"], "filename_download": "a", "type": "text/plain"}
    made = (await client.post("/files", json=json)).json()["data"]
    assert made["filename_disk"] is None
    assert (await client.get(f"/assets/{made['id']}")).status_code == 403


async def test_pictures_have_a_width_and_a_height(client):
    png = picture("PNG", (64, 48))
    file = await upload(client, png, "a.png", "image/png")
    assert (file["width"], file["height"]) == (64, 48)
    text = {"files": {"file": ("a.txt", b"text", "text/plain")}}
    changed = (await client.patch(f"/files/{file['id']}", **text)).json()["data"]
    assert (changed["width"], changed["height"]) == (None, None)
    file = await upload(client, b"film", "a.mp4", "video/mp4", width="640", height="480")
    assert (file["width"], file["height"]) == (640, 480)
    assert (await upload(client, b"broken", "a.png", "image/png"))["width"] is None


async def test_a_file_without_bytes_needs_a_type(client):
    response = await client.post("/files", json={"filename_download": "a.txt"})
    assert response.status_code == 400
    assert response.json()["errors"][0]["message"] == 'Invalid payload. "type" is required.'


FORM = "multipart/form-data; boundary=x"
FIELD = b'--x\r\nContent-Disposition: form-data; name="a"'
END = b"\r\n\r\nb\r\n--x--\r\n"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "multipart/form-data"),
        (b"", "multipart/form-data; boundary="),
        (b"nonsense", FORM),
        (b"--x--\r\n", FORM),
        (FIELD + END, FORM),
        (FIELD + b'; filename=""' + END, FORM),
        (FIELD + b'; filename="b"\r\n\r\ncut', FORM),
        (FIELD + b'; filename="b"' + b"\r\ny: z" * 99 + END, FORM),
    ],
)
async def test_a_broken_form_is_refused(client, rows, body, kind):
    response = await client.post("/files", content=body, headers={"Content-Type": kind})
    assert response.status_code == 400, response.text
    assert response.json()["errors"][0]["extensions"]["code"] == "INVALID_PAYLOAD"
    assert rows.execute("SELECT count(*) FROM directus_files").fetchone() == (0,)


async def test_a_refused_upload_leaves_neither_row_nor_bytes(client, rows, storage, monkeypatch):
    stored = []
    real = uploads.Storage.put

    async def put(self, name, blocks, kind):
        stored.append(name)
        return await real(self, name, blocks, kind)

    monkeypatch.setattr(uploads.Storage, "put", put)
    form = {"data": {"folder": NOBODY}, "files": {"file": ("a.txt", b"abc", "text/plain")}}
    response = await client.post("/files", **form)
    assert response.json()["errors"][0]["extensions"]["code"] == "INVALID_FOREIGN_KEY"
    assert len(stored) == 1
    assert not await is_stored(storage, stored[0])
    assert rows.execute("SELECT count(*) FROM directus_files").fetchone() == (0,)


async def test_the_key_of_another_file_does_not_touch_its_bytes(client):
    file = await upload(client, b"first")
    form = {"data": {"id": file["id"]}, "files": {"file": ("note.txt", b"second", "text/plain")}}
    response = await client.post("/files", **form)
    assert response.json()["errors"][0]["extensions"]["code"] == "RECORD_NOT_UNIQUE"
    assert (await client.get(f"/assets/{file['id']}")).content == b"first"


async def test_new_bytes_replace_the_old_ones(client, storage):
    file = await upload(client, b"old", title="Kept")
    response = await client.patch(
        f"/files/{file['id']}",
        data={"description": "new"},
        files={"file": ("new.csv", b"newer", "text/csv")},
    )
    changed = response.json()["data"]
    assert (changed["id"], changed["title"], changed["description"]) == (file["id"], "Kept", "new")
    assert (changed["filename_download"], changed["type"]) == ("new.csv", "text/csv")
    assert changed["filesize"] == "5"
    assert (await client.get(f"/assets/{file['id']}")).content == b"newer"
    assert not await is_stored(storage, file["filename_disk"])


async def test_a_refused_replacement_keeps_the_old_bytes(client):
    file = await upload(client, b"old")
    form = {"data": {"folder": NOBODY}, "files": {"file": ("a.txt", b"abc", "text/plain")}}
    assert (await client.patch(f"/files/{file['id']}", **form)).status_code == 400
    assert (await client.get(f"/assets/{file['id']}")).content == b"old"


@pytest.mark.parametrize("key", [NOBODY, "nonsense"])
async def test_a_missing_file_gets_no_bytes(client, key):
    form = {"files": {"file": ("a.txt", b"abc", "text/plain")}}
    assert (await client.patch(f"/files/{key}", **form)).status_code == 403


async def test_a_patch_changes_the_words_about_a_file(client):
    file = await upload(client)
    response = await client.patch(f"/files/{file['id']}", json={"title": "Other"})
    assert response.json()["data"]["title"] == "Other"
    response = await client.patch(
        f"/files/{file['id']}", json={"type": "text/html\r\nX: y", "filename_download": "../../x\n"}
    )
    changed = response.json()["data"]
    assert (changed["type"], changed["filename_download"]) == ("application/octet-stream", "x")


async def test_the_bytes_go_with_the_row(client, storage):
    files = [await upload(client) for _ in range(3)]
    assert (await client.delete(f"/files/{files[0]['id']}")).status_code == 204
    keys = [file["id"] for file in files[1:]]
    assert (await client.request("DELETE", "/files", json=keys)).status_code == 204
    for file in files:
        assert not await is_stored(storage, file["filename_disk"])
        assert (await client.get(f"/assets/{file['id']}")).status_code == 403


async def test_files_go_to_the_default_folder(client):
    folder = (await client.post("/folders", json={"name": "inbox"})).json()["data"]["id"]
    await client.patch("/settings", json={"storage_default_folder": folder})
    assert (await upload(client))["folder"] == folder
    assert (await upload(client, folder="null"))["folder"] is None


async def test_uploads_have_a_limit_of_their_own(installation):
    tight = {"files_max_upload_size": 100_000, "max_payload_size": 1024}
    async with client_of(create_app(installation.model_copy(update=tight))) as client:
        assert (await upload(client, b"x" * 50_000))["filesize"] == "50000"
        form = {"files": {"file": ("a.txt", b"x" * 100_000, "text/plain")}}
        response = await client.post("/files", **form)
        assert response.status_code == 413
        assert response.json()["errors"][0]["extensions"]["code"] == "CONTENT_TOO_LARGE"
        json = {"filename_download": "a", "type": "text/plain", "description": "x" * 2000}
        assert (await client.post("/files", json=json)).status_code == 400


async def test_a_large_upload_streams_through(client, storage):
    async def body():
        yield b'--x\r\nContent-Disposition: form-data; name="f"; filename="big.bin"\r\n\r\n'
        for _ in range(300):
            yield b"z" * 100_000
            await asyncio.sleep(0)
        yield b"\r\n--x--\r\n"

    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    response = await client.post("/files", content=body(), headers=headers)
    file = response.json()["data"]
    assert (file["filesize"], file["type"]) == ("30000000", "application/octet-stream")
    assert len((await client.get(f"/assets/{file['id']}")).content) == 30_000_000


async def test_an_upload_that_is_cut_off_is_refused():
    body = FIELD + b'; filename="b"\r\n\r\ncut'
    messages = iter(
        [{"type": "http.request", "body": body, "more_body": True}, {"type": "http.disconnect"}]
    )

    async def receive():
        return next(messages)

    state = {}
    head = [(b"content-type", FORM.encode())]
    scope = {"type": "http", "method": "POST", "headers": head, "state": state}
    cut = Body("somebody", receive, Lines(GivenSettings(_env_file=None)))
    cut.bound(0.0, 1000.0, True, 1.0)
    state["body"] = cut
    part = await anext(read_parts(Request(scope, receive)))
    with pytest.raises(InvalidPayload, match="The body was cut off"):
        await part.text()


async def test_without_the_storage_files_say_so(installation, rows):
    dead = {"s3_url": "http://key:secret@127.0.0.1:1/bucket"}
    async with client_of(create_app(installation.model_copy(update=dead))) as client:
        form = {"files": {"file": ("a.txt", b"abc", "text/plain")}}
        response = await client.post("/files", **form)
        assert response.status_code == 503
        assert response.json()["errors"][0]["extensions"]["code"] == "SERVICE_UNAVAILABLE"
        assert rows.execute("SELECT count(*) FROM directus_files").fetchone() == (0,)
        key = str(uuid4())
        rows.execute(
            "INSERT INTO directus_files (id, storage, filename_disk, filename_download, filesize, "
            "uploaded_on) VALUES (%s, 's3', 'a', 'a', 1, now())",
            [key],
        )
        assert (await client.get(f"/assets/{key}")).status_code == 503


async def test_nobody_uploads_without_a_permission(app, installation):
    async with client_of(app, headers={}) as anonymous:
        form = {"files": {"file": ("a.txt", b"abc", "text/plain")}}
        assert (await anonymous.post("/files", **form)).status_code == 403
        assert (await anonymous.patch(f"/files/{NOBODY}", **form)).status_code == 403


async def test_files_are_not_fetched_from_addresses(client):
    response = await client.post("/files/import", json={"url": "http://example.com/a.png"})
    assert response.status_code == 404


@pytest.mark.parametrize(
    ("given", "plain"),
    [
        ("note.txt", "note.txt"),
        ("../../etc/passwd", "passwd"),
        ("C:\\files\\a.doc", "a.doc"),
        ("a\x00b\r\n.txt", "ab.txt"),
        ("..", "file"),
        ("", "file"),
        ("dir/", "file"),
        ("Größe 图.png", "Größe 图.png"),
        ("x" * 300 + ".jpeg", "x" * 250 + ".jpeg"),
    ],
)
def test_a_name_is_made_harmless(given, plain):
    assert plain_name(given) == plain


@pytest.mark.parametrize(
    ("given", "plain"),
    [
        ("text/plain; charset=utf-8", "text/plain"),
        ("IMAGE/PNG", "image/png"),
        ("nonsense", "application/octet-stream"),
        ("text/html\r\nSet-Cookie: a=b", "application/octet-stream"),
        ("", "application/octet-stream"),
    ],
)
def test_a_type_is_made_harmless(given, plain):
    assert plain_type(given) == plain


def test_the_extension_comes_from_the_name_or_the_type():
    assert extension("a.TXT", "text/plain") == ".txt"
    assert extension("a", "image/png") == ".png"
    assert extension("a", "application/octet-stream") == ""
    assert extension("a.b/../c", "application/octet-stream") == ""


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("note.txt", "Note"),
        ("my-first_upload.tar.gz", "My First Upload Tar"),
        ("productPhoto.png", "Product Photo"),
        ("lord_of_the_rings.pdf", "Lord of the Rings"),
        (".txt", "Txt"),
    ],
)
def test_a_title_is_made_of_the_name(name, title):
    assert title_of(name) == title
