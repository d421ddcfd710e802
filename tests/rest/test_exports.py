"""`?export=`: what is sent, and what happens to who goes away or is refused (directus.md 2.10)."""

import pytest

from app.items.export.exports import FORMATS, MEDIA_TYPES
from tests.installation import ACCOUNT

NUL = '{"name": {"_eq": "\\u0000"}}'


@pytest.mark.parametrize("form", FORMATS)
async def test_an_export_is_a_file_to_download(client, form):
    answer = await client.get("/items/account", params={"export": form, "fields": "id"})
    ending = form.removesuffix("_utf8")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == MEDIA_TYPES[form]
    disposition = answer.headers["content-disposition"]
    assert disposition.startswith('attachment; filename="account 20')
    assert disposition.endswith(f'.{ending}"')
    assert ACCOUNT in answer.text


@pytest.mark.parametrize("form", FORMATS)
async def test_what_the_database_refuses_is_an_error_and_not_half_a_file(client, form):
    params = {"export": form, "filter": NUL.replace("name", "account_name")}
    answer = await client.get("/items/account", params=params)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["extensions"]["code"] == "INVALID_QUERY"


async def test_a_csv_can_be_safe_for_spreadsheets(client, rows):
    rows.execute("UPDATE account SET account_name = '=1+1'")
    ask = {"export": "csv", "fields": "account_name"}
    for safe, shown in (("true", "'=1+1"), ("false", "=1+1"), ("", "=1+1")):
        answer = await client.get("/items/account", params={**ask, "export_safe": safe})
        assert answer.text == f'"account_name"\n"{shown}"'
    wrong = await client.get("/items/account", params={**ask, "export_safe": "perhaps"})
    assert wrong.status_code == 400
    query = {"fields": ["account_name"], "export": "csv", "export_safe": True}
    answer = await client.request("SEARCH", "/items/account", json={"query": query})
    assert answer.text == '"account_name"\n"\'=1+1"'


async def test_search_exports_too(client):
    query = {"fields": ["id"], "filter": {"id": ACCOUNT}, "export": "csv"}
    answer = await client.request("SEARCH", "/items/account", json={"query": query})
    assert answer.text == f'"id"\n"{ACCOUNT}"'
