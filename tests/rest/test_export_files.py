"""`/utils/export`: an export becomes a file."""

import asyncio

import pytest

from app.rest.export_files import Exports
from app.storage import Storage
from tests.web import client_of


@pytest.fixture
async def exports(client, monkeypatch):
    """Waits for the exports of the application."""
    running = []
    real = Exports.add

    def add(self, export):
        running.append(self)
        return real(self, export)

    monkeypatch.setattr(Exports, "add", add)

    async def finish():
        await running[-1].finish()

    return finish


async def files(client):
    return (await client.get("/files?sort=created_on")).json()["data"]


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
async def test_an_export_becomes_a_file(client, exports, form, kind, ending):
    query = {"fields": ["id", "product_name"], "sort": ["id"]}
    response = await client.post("/utils/export/product", json={"query": query, "format": form})
    assert (response.status_code, response.content) == (204, b"")
    await exports()
    [file] = await files(client)
    assert file["title"].startswith("export-product-20")
    assert file["filename_download"] == f"{file['title']}.{ending}"
    assert file["type"] == kind
    expected = await client.get(f"/items/product?fields=id,product_name&sort=id&export={form}")
    assert (await client.get(f"/assets/{file['id']}")).content == expected.content
    assert file["filesize"] == str(len(expected.content))


async def test_the_file_is_called_as_asked(client, exports):
    folder = (await client.post("/folders", json={"name": "exports"})).json()["data"]["id"]
    file = {"title": "Mine", "filename_download": "../mine.csv", "folder": folder}
    body = {"query": {"filter": {"id": {"_null": True}}}, "format": "csv", "file": file}
    assert (await client.post("/utils/export/product", json=body)).status_code == 204
    await exports()
    [made] = await files(client)
    assert (made["title"], made["filename_download"], made["folder"]) == (
        "Mine",
        "mine.csv",
        folder,
    )
    assert made["filesize"] == "0"


async def test_an_export_has_all_items_unless_it_says_how_many(client, exports):
    names = [{"domain_name": f"n{number}.export.example"} for number in range(150)]
    await client.post("/items/domain?fields=id", json=names)
    for query, lines in (({}, 153), ({"limit": 5}, 6)):
        await client.post("/utils/export/domain", json={"query": query, "format": "csv"})
        await exports()
        file = (await files(client))[-1]
        text = (await client.get(f"/assets/{file['id']}")).text
        assert len(text.splitlines()) == lines


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, '"query" is required'),
        ({"query": {}}, '"format" is required'),
        (
            {"query": {}, "format": "pdf"},
            '"format" must be one of [csv, csv_utf8, json, xml, yaml]',
        ),
        ({"query": "x", "format": "csv"}, '"query" must be of type object'),
        ({"query": {}, "format": "csv", "file": "x"}, '"file" must be of type object'),
        ([], '"value" must be of type object'),
    ],
)
async def test_a_wrong_body_is_refused(client, body, message):
    response = await client.post("/utils/export/product", json=body)
    assert response.status_code == 400
    assert response.json()["errors"][0]["message"] == f"Invalid payload. {message}."


async def test_a_wrong_query_is_refused_at_once(client):
    body = {"query": {"fields": ["nope"]}, "format": "csv"}
    assert (await client.post("/utils/export/product", json=body)).status_code == 403
    body = {"query": {"limit": -2}, "format": "csv"}
    assert (await client.post("/utils/export/product", json=body)).status_code == 400


async def test_nobody_exports_without_permissions(app, client, installation):
    body = {"query": {}, "format": "csv"}
    async with client_of(app, headers={}) as anonymous:
        assert (await anonymous.post("/utils/export/product", json=body)).status_code == 403
    assert (await client.post("/utils/export/nope", json=body)).status_code == 403


async def test_an_export_that_fails_leaves_nothing(client, exports, caplog):
    body = {
        "query": {},
        "format": "csv",
        "file": {"folder": "00000000-0000-4000-8000-000000000000"},
    }
    assert (await client.post("/utils/export/product", json=body)).status_code == 204
    await exports()
    assert await files(client) == []
    assert "an export of product failed: Invalid foreign key" in caplog.text


async def test_exports_are_cut_off_with_the_server(app, installation, rows, monkeypatch):
    began = asyncio.Event()

    async def put(_self, _name, _blocks, _kind):
        began.set()
        await asyncio.sleep(60)

    monkeypatch.setattr(Storage, "put", put)
    async with client_of(app) as client:
        body = {"query": {}, "format": "csv"}
        assert (await client.post("/utils/export/product", json=body)).status_code == 204
        await asyncio.wait_for(began.wait(), 10)
    assert rows.execute("SELECT count(*) FROM directus_files").fetchone() == (0,)
