"""Wherever a key of a code goes in, any form goes that the resolver reads (docs/codes.md)."""

import json
from urllib.parse import quote

import pytest

from tests.acceptance.two_accounts import GTIN_A, a, b, two_accounts
from tests.installation import app, client, installation, prepared, reset, rows

__all__ = ["a", "app", "b", "client", "installation", "prepared", "reset", "rows", "two_accounts"]

KEY = f"/01/{GTIN_A}/21/S1"
SHORT = "go.a.com/x7Kp"
SPELLINGS = {
    KEY: (
        f"https://id.example.com/01/{GTIN_A}/21/S1",
        f"HTTPS://Id.Example.COM.:443/01/{GTIN_A}/21/S1/?2026=1",
        f"https://id.example.com/01/{GTIN_A[1:]}/10/L1/21/S1?17=2712&17=#top",
        f"/01/{GTIN_A[1:]}/21/S1",
        f"{KEY}#top",
        f"(01){GTIN_A}(21)S1",
        f"]d201{GTIN_A}21S1\r\n",
        f"]Q301{GTIN_A}21S1\x1d10L1",
        "urn:epc:id:sgtin:4012345.000000.S1",
        "urn:epc:tag:sgtin-198:1.4012345.000000.S1",
    ),
    SHORT: (
        "https://GO.a.com/x7Kp",
        "GO.A.com.:443/x7Kp",
        "/r/go.a.com/x7Kp",
        " go.a.com/x7Kp\r\n",
    ),
}
CASES = [(text, key) for key, texts in SPELLINGS.items() for text in texts]
DOUBTS = (f"{KEY}/", f"{KEY}?2026=1", f"{SHORT}?17=2712")
"""What may be a key itself, or the address of a link."""


async def data(answer):
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


@pytest.fixture
async def codes(a):
    await data(await a.post("/items/product", json={"gtin": GTIN_A, "product_name": "P"}))
    await data(
        await a.post("/items/unique_code", json=[{"id": KEY}, {"id": SHORT}, {"id": f"{KEY}2"}])
    )


@pytest.mark.parametrize(("text", "key"), CASES)
async def test_a_code_comes_in_as_it_was_scanned(a, text, key):
    made = await data(await a.post("/items/unique_code", json={"id": text}))
    assert made["id"] == key
    again = await a.post("/items/unique_code", json={"id": text})
    assert again.json()["errors"][0]["extensions"]["code"] == "RECORD_NOT_UNIQUE"


@pytest.mark.parametrize("kind", ["csv", "json"])
async def test_a_file_of_codes_is_imported_as_it_was_scanned(a, kind):
    texts = [text for text, _ in CASES if not {"\r", "\x1d"} & set(text)]
    for number, text in enumerate(texts):
        row = {"id": text, "custom_id": f"row {number}"}
        csv = f"id,custom_id\n{row['id']},{row['custom_id']}\n"
        body, form = (csv, "text/csv") if kind == "csv" else (json.dumps([row]), "application/json")
        files = {"file": (f"codes.{kind}", body, form)}
        answer = await a.post("/utils/import/unique_code", files=files)
        assert answer.status_code == 200, answer.text
        key = dict(CASES)[text]
        [found] = await data(await a.get("/items/unique_code", params={"filter[id]": key}))
        assert found["custom_id"] == row["custom_id"]
    assert len(await data(await a.get("/items/unique_code"))) == len(SPELLINGS)


@pytest.mark.parametrize(("text", "key"), CASES)
async def test_filters_find_the_code(a, codes, text, key):
    for condition in ({"_eq": text}, {"_in": [text, "/01/x"]}, text):
        wanted = {"filter": json.dumps({"id": condition}), "fields": "id"}
        assert await data(await a.get("/items/unique_code", params=wanted)) == [{"id": key}]
    others = {KEY, SHORT, f"{KEY}2"} - {key}
    for condition in ({"_neq": text}, {"_nin": [text, "/01/x"]}):
        found = await a.request(
            "SEARCH", "/items/unique_code", json={"query": {"filter": {"id": condition}}}
        )
        assert {row["id"] for row in await data(found)} == others


@pytest.mark.parametrize("text", DOUBTS)
async def test_an_address_in_the_form_of_a_key_finds_both(a, codes, text):
    key = SHORT if text.startswith(SHORT) else KEY
    wanted = {"query": {"filter": {"id": {"_eq": text}}, "fields": ["id"]}}
    assert await data(await a.request("SEARCH", "/items/unique_code", json=wanted)) == [{"id": key}]
    made = await data(await a.post("/items/unique_code", json={"id": text}))
    assert made["id"] == text  # brought in, a key is what it says
    found = await data(await a.request("SEARCH", "/items/unique_code", json=wanted))
    assert {row["id"] for row in found} == {key, text}


@pytest.mark.parametrize(("text", "key"), CASES)
async def test_a_code_is_read_changed_and_deleted_by_it(a, codes, text, key):
    path = f"/items/unique_code/{quote(text, safe='')}"
    assert (await data(await a.get(path)))["id"] == key
    assert (await data(await a.patch(path, json={"custom_id": "1", "id": text})))[
        "custom_id"
    ] == "1"
    rows = [{"id": text, "custom_id": "2"}]
    assert (await data(await a.patch("/items/unique_code", json=rows)))[0]["id"] == key
    body = {"keys": [text], "data": {"custom_id": "3"}}
    assert (await data(await a.patch("/items/unique_code", json=body)))[0]["custom_id"] == "3"
    scan = await data(await a.post("/items/scan", json={"code": text}))
    assert (scan["code"], scan["computed_status"]) == (key, "inactive")
    [found] = await data(await a.get("/items/scan", params={"filter[code][_eq]": text}))
    assert found["id"] == scan["id"]
    assert (await a.request("DELETE", "/items/unique_code", json=[text])).status_code == 204
    assert (await a.get(path)).status_code == 403


@pytest.mark.parametrize(("text", "key"), CASES)
async def test_graphql_reads_it_by_id_and_by_filter(a, codes, text, key):
    document = """query ($id: ID!, $text: String!) {
      unique_code_by_id(id: $id) { id }
      unique_code(filter: { epc_join_key: { _eq: $text } }) { id }
    }"""
    values = {"id": text, "text": text}
    answer = await data(await a.post("/graphql", json={"query": document, "variables": values}))
    assert answer == {"unique_code_by_id": {"id": key}, "unique_code": [{"id": key}]}


@pytest.mark.parametrize(("text", "key"), CASES)
async def test_of_another_account_it_is_found_by_no_form(b, codes, text, key):
    for condition in ({"_eq": text}, {"_in": [text]}):
        wanted = {"query": {"filter": {"id": condition}}}
        assert await data(await b.request("SEARCH", "/items/unique_code", json=wanted)) == []
    assert (await b.get(f"/items/unique_code/{quote(text, safe='')}")).status_code == 403
    refused = await b.post("/items/unique_code", json={"id": text})
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["extensions"]["code"] == "FAILED_VALIDATION"
