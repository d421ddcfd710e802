"""`/utils/export`: an export becomes a file, made by a worker."""

import json

import psycopg
import pytest
from psycopg import sql

from app.database.session import Database
from app.items.export.exports import FORMATS
from app.served import served
from app.storage import NoSuchObject, Storage, storage_at
from tests.installation import NOBODY, client_of
from workers import file_job
from workers.chunks import MAX_ATTEMPTS
from workers.exports import Exports
from workers.sweep import sweep


async def ask(client, collection, query, form="csv", **file):
    body = {"query": query, "format": form, **({"file": file} if file else {})}
    response = await client.post(f"/utils/export/{collection}", json=body)
    assert (response.status_code, response.content) == (204, b"")


async def test_a_file_can_be_safe_for_spreadsheets(client, work, rows):
    rows.execute("UPDATE account SET account_name = '=1+1'")
    for safe in (True, False):
        body = {"query": {"fields": ["account_name"]}, "format": "csv", "export_safe": safe}
        assert (await client.post("/utils/export/account", json=body)).status_code == 204
        await work()
    shown = {(await client.get(f"/assets/{file['id']}")).text for file in await files(client)}
    assert shown == {'"account_name"\n"\'=1+1"', '"account_name"\n"=1+1"'}
    body["export_safe"] = "perhaps"
    assert (await client.post("/utils/export/account", json=body)).status_code == 400


async def files(client):
    return (await client.get("/files?sort=created_on")).json()["data"]


def left(rows):
    """What exports leave behind."""
    return [
        rows.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        for table in ("directus_exports", "job_chunk")
    ]


@pytest.mark.parametrize(
    ("form", "kind", "ending"),
    [
        ("csv", "text/csv", "csv"),
        ("csv_utf8", "text/csv", "csv"),
        ("json", "application/json", "json"),
        ("xml", "text/xml", "xml"),
        ("yaml", "text/yaml", "yaml"),
    ],
)
async def test_an_export_becomes_a_file(client, work, rows, form, kind, ending):
    await ask(client, "product", {"fields": ["id", "product_name"], "sort": ["id"]}, form)
    assert await files(client) == []
    await work()
    [file] = await files(client)
    assert file["title"].startswith("export-product-20")
    assert file["filename_download"] == f"{file['title']}.{ending}"
    assert file["type"] == kind
    assert file["uploaded_by"] == (await client.get("/users/me")).json()["data"]["id"]
    expected = await client.get(f"/items/product?fields=id,product_name&sort=id&export={form}")
    assert (await client.get(f"/assets/{file['id']}")).content == expected.content
    assert file["filesize"] == str(len(expected.content))
    assert left(rows) == [0, 0]


async def test_a_query_is_read_again_as_it_was(client, work):
    """As the SDK sends it, and as every other client does (directus.md 11.1)."""
    query = {
        "fields": "product_name,account.account_name",
        "filter": json.dumps({"account": {"account_name": {"_eq": "Demo Account"}}}),
        "sort": "-product_name",
        "search": "demo",
        "page": 2,
        "limit": 2,
        "deep": {"account": {"_limit": 1}},
        "alias": {},
    }
    await ask(client, "product", query, "json")
    await work()
    [file] = await files(client)
    params = {**query, "deep": json.dumps(query["deep"]), "export": "json"}
    params.pop("alias")
    expected = await client.get("/items/product", params=params)
    assert expected.status_code == 200, expected.text
    assert (await client.get(f"/assets/{file['id']}")).content == expected.content
    assert len(expected.json()) == 2


async def test_the_file_is_called_as_asked(client, work):
    folder = (await client.post("/folders", json={"name": "exports"})).json()["data"]["id"]
    file = {"title": "Mine", "filename_download": "../mine.csv", "folder": folder, "id": NOBODY}
    await ask(client, "product", {"filter": {"id": {"_null": True}}}, **file)
    await work()
    [made] = await files(client)
    assert (made["title"], made["filename_download"]) == ("Mine", "mine.csv")
    assert (made["folder"], made["filesize"]) == (folder, "0")
    assert made["id"] != NOBODY


async def test_an_export_has_all_items_unless_it_says_how_many(client, work):
    names = [{"domain_name": f"n{number}.export.example"} for number in range(150)]
    await client.post("/items/domain?fields=id", json=names)
    for query, lines in (({}, 153), ({"limit": 5}, 6)):
        await ask(client, "domain", query)
        await work()
        file = (await files(client))[-1]
        text = (await client.get(f"/assets/{file['id']}")).text
        assert len(text.splitlines()) == lines


@pytest.mark.parametrize(
    ("query", "listed"),
    [
        ({}, "product"),
        ({"fields": ["*", "account.account_name"]}, "account+product"),
        ({"fields": ["id"], "filter": {"account": {"account_name": {"_nnull": True}}}},
         "account+product"),
        ({"fields": ["id"], "sort": ["brand.name"]}, "brand+product"),
        ({"fields": ["id", "user_created.email", "brand.name", "campaign.scm_fields.key"]},
         "brand+campaign+directus_users+product+scm_field"),
    ],
)  # fmt: skip
async def test_its_bytes_say_what_is_listed(client, work, rows, query, listed):
    """For who may read the file: whether it may read all that is in it."""
    await ask(client, "product", query, "json")
    await work()
    [name] = rows.execute("SELECT filename_disk FROM directus_files").fetchone()
    assert name.startswith(f"made/{listed}/")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, '"query" is required'),
        ({"query": {}}, '"format" is required'),
        ({"query": {}, "format": "pdf"}, '"format" must be one of [' + ", ".join(FORMATS) + "]"),
        ({"query": "x", "format": "csv"}, '"query" must be of type object'),
        ({"query": {}, "format": "csv", "file": "x"}, '"file" must be of type object'),
        ([], '"value" must be of type object'),
    ],
)  # fmt: skip
async def test_a_wrong_body_is_refused(client, body, message):
    response = await client.post("/utils/export/product", json=body)
    assert response.status_code == 400
    assert response.json()["errors"][0]["message"] == f"Invalid payload. {message}."


async def test_a_wrong_query_is_refused_at_once(client, rows):
    body = {"query": {"fields": ["nope"]}, "format": "csv"}
    assert (await client.post("/utils/export/product", json=body)).status_code == 403
    for query in ({"limit": -2}, {"filter": "{"}, {"filter": {"id": {"_in": []}}}):
        body = {"query": query, "format": "csv"}
        assert (await client.post("/utils/export/product", json=body)).status_code == 400
    assert left(rows) == [0, 0]


async def test_nobody_exports_without_permissions(app, client, installation):
    body = {"query": {}, "format": "csv"}
    async with client_of(app, headers={}) as anonymous:
        assert (await anonymous.post("/utils/export/product", json=body)).status_code == 403
    assert (await client.post("/utils/export/nope", json=body)).status_code == 403


async def test_the_worker_asks_for_permissions_again(client, work, rows, installation):
    await ask(client, "product", {})
    rows.execute("UPDATE directus_users SET status = 'suspended'")
    await work()
    [(status, sentence)] = rows.execute("SELECT status, error_message FROM directus_exports")
    assert (status, sentence) == ("error", "You don't have permission to access this.")
    assert rows.execute("SELECT count(*) FROM directus_files").fetchone() == (0,)


async def test_an_export_that_fails_leaves_no_bytes(client, work, rows, installation):
    await ask(client, "product", {}, folder=NOBODY)
    await work()
    [(key, sentence)] = rows.execute("SELECT id, error_message FROM directus_exports")
    assert sentence.startswith("Invalid foreign key")
    assert await files(client) == []
    with pytest.raises(NoSuchObject):
        await storage_at(installation.s3_url).open(f"{key}.csv")
    await work()  # what failed is not tried again
    assert left(rows)[1] == 0


async def test_without_the_storage_it_is_tried_again(client, work, rows, monkeypatch):
    with monkeypatch.context() as patch:
        dead = storage_at("http://key:secret@127.0.0.1:1/bucket")
        patch.setattr(file_job, "storage", lambda: dead)
        await ask(client, "product", {})
        for _ in range(MAX_ATTEMPTS - 1):
            await work()
    assert rows.execute("SELECT status FROM directus_exports").fetchone() == ("in_progress",)
    await work()
    assert len(await files(client)) == 1


async def test_a_worker_that_dies_loses_nothing(client, work, rows, installation, monkeypatch):
    """Killed after the bytes are stored, before the commit."""
    real = Storage.put

    async def put(self, name, blocks, kind):
        await real(self, name, blocks, kind)
        name = psycopg.conninfo.conninfo_to_dict(installation.database_url)["dbname"]
        with psycopg.connect(installation.database_url, autocommit=True) as admin:
            admin.execute(
                sql.SQL(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = {} AND state = 'idle in transaction'"
                ).format(sql.Literal(name))
            )

    with monkeypatch.context() as patch:
        patch.setattr(Storage, "put", put)
        await ask(client, "product", {})
        with pytest.raises(psycopg.OperationalError):
            await work()
    assert await files(client) == []
    await work()
    [file] = await files(client)
    assert (await client.get(f"/assets/{file['id']}")).text.startswith('"id"')
    assert left(rows) == [0, 0]


async def test_the_sweep_finds_exports_that_wait(client, rows, installation, monkeypatch):
    monkeypatch.setattr("workers.sweep.all_kinds", lambda: [Exports(served(installation).compiler)])
    await ask(client, "product", {})
    database = Database(installation.database_url)
    await database.open()
    try:
        assert await sweep(database, patience=0) == 1
    finally:
        await database.close()


async def test_an_export_has_the_rows_of_its_user_only(app, client, work, rows):
    public = "abf8a154-5b1c-4a46-ac9c-7300570f4f17"
    key = (await client.get("/items/product?limit=1&fields=id")).json()["data"][0]["id"]
    allowed = [
        {"collection": "product", "action": "read", "permissions": {"id": {"_eq": key}}},
        {"collection": "directus_files", "action": "create", "fields": ["*"]},
    ]
    for permission in allowed:
        made = {"policy": public, "fields": ["id"], **permission}
        assert (await client.post("/permissions", json=made)).status_code == 200
    async with client_of(app, headers={}) as anonymous:
        await ask(anonymous, "product", {})
    await work()
    [file] = (await client.get("/files")).json()["data"]
    assert file["uploaded_by"] is None
    assert (await client.get(f"/assets/{file['id']}")).text == f'"id"\n"{key}"'
