"""The border between accounts, tried with files, imports, exports, sorting and reverting.

What is another account's behaves as what is missing (systems.md 6.1.5).
"""

import pytest

from app.served import served
from tests.installation import ACCOUNT, NOBODY, PRODUCT
from tests.rest.test_assets import tenant
from tests.rest.test_export_files import ask, files
from tests.rest.test_files import upload
from tests.rest.test_imports import send


@pytest.fixture
async def stranger(app, rows):
    """An admin of another account than the demo's."""
    async with await tenant(app, rows) as client:
        yield client


def row(rows):
    found = rows.execute("SELECT * FROM product WHERE id = %s", [PRODUCT])
    return found.fetchone()


async def test_a_folder_of_nobodys_is_no_place_for_its_files(client, stranger, rows):
    folder = (await client.post("/folders", json={"name": "a"})).json()["data"]["id"]
    codes = []
    for key in (folder, NOBODY):
        form = {"data": {"folder": key}, "files": {"file": ("a.txt", b"abc", "text/plain")}}
        response = await stranger.post("/files", **form)
        codes.append([error["extensions"]["code"] for error in response.json()["errors"]])
    assert codes == [["INVALID_FOREIGN_KEY"]] * 2
    await client.patch("/settings", json={"storage_default_folder": folder})
    assert (await upload(stranger))["folder"] is None
    assert rows.execute("SELECT count(*) FROM directus_files").fetchone() == (1,)


async def test_files_are_not_given_away(stranger):
    for method, url in (("post", "/files"), ("patch", f"/files/{(await upload(stranger))['id']}")):
        form = {"data": {"account": ACCOUNT}, "files": {"file": ("a.txt", b"abc", "text/plain")}}
        response = await getattr(stranger, method)(url, **form)
        assert response.status_code in {400, 403}
    assert len(await files(stranger)) == 1


async def test_an_import_does_not_touch_rows_of_others(stranger, rows):
    before = row(rows)
    for text in (
        f"id,product_name\n{PRODUCT},Stolen\n",
        f"id,product_name\nown,Own\n{PRODUCT},Stolen\n",
    ):
        response = await send(stranger, "product", text)
        assert response.status_code == 400
        [error] = response.json()["errors"]
        assert error["extensions"]["code"] == "FAILED_VALIDATION"
        assert "company prefix" in error["message"]
    given = f"id,product_name,account\nown,Given,{ACCOUNT}\n"
    assert (await send(stranger, "product", given)).status_code in {400, 403}
    nested = f"domain_name,account.id,account.account_name\na.import.example,{ACCOUNT},Stolen\n"
    assert (await send(stranger, "domain", nested)).status_code in {400, 403}
    assert row(rows) == before
    found = rows.execute("SELECT account_name FROM account WHERE id = %s", [ACCOUNT])
    assert found.fetchone() == ("Demo Account",)
    assert rows.execute("SELECT count(*) FROM product WHERE id = 'own'").fetchone() == (0,)


async def test_an_import_belongs_to_the_account(stranger, rows):
    assert (await send(stranger, "domain", "domain_name\na.import.example\n")).status_code == 200
    found = rows.execute("SELECT account FROM domain WHERE domain_name = 'a.import.example'")
    [(account,)] = found.fetchall()
    assert str(account) not in {"None", ACCOUNT}


async def test_an_export_has_the_rows_of_the_account_only(client, stranger, work):
    for collection in ("product", "account", "directus_users"):
        if not collection.startswith("directus_"):
            await ask(stranger, collection, {"fields": ["*.*"]}, "json")
    await work()
    texts = [(await stranger.get(f"/assets/{file['id']}")).text for file in await files(stranger)]
    assert len(texts) == 2
    assert all("Demo" not in text and ACCOUNT not in text for text in texts)
    assert [file["account"] for file in await files(client)] == [
        file["account"] for file in await files(stranger)
    ]


async def test_a_revision_of_another_account_is_missing(client, stranger, rows):
    key = PRODUCT.replace("/", "%2F")
    await client.patch(f"/items/product/{key}", json={"product_name": "First"})
    await client.patch(f"/items/product/{key}", json={"product_name": "Second"})
    before = row(rows)
    for (revision,) in rows.execute("SELECT id FROM directus_revisions").fetchall():
        assert (await stranger.post(f"/utils/revert/{revision}")).status_code == 403
    assert row(rows) == before


async def test_no_collection_is_sorted_across_the_border(stranger, installation):
    for name in served(installation).schema.collections:
        response = await stranger.post(f"/utils/sort/{name}", json={"item": PRODUCT, "to": PRODUCT})
        assert response.status_code in {400, 403}
