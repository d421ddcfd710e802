"""Scans of printed codes: where they lead and what they are told (systems.md 1.6, 1.8, 7.1)."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.installation import ACCOUNT, PRODUCT, Client, client_of

GTIN = PRODUCT.removeprefix("/01/")
CODE = f"{PRODUCT}/21/05bBbAMc"
BRAND = "https://brand.example/p/{gtin}?s={serial}"
JSON = {"Accept": "application/json"}

SEED = """
INSERT INTO unique_code (id, account, product, type, code, activation_status) VALUES
  ('/01/09312345551927/21/05bBbAMc', %(account)s, '/01/09312345551927', 'sgtin', '05bBbAMc', 1),
  ('/01/09312345551927/21/32a/b', %(account)s, '/01/09312345551927', 'sgtin', '32a/b', 1),
  ('/00/306141410000000018', %(account)s, NULL, 'sscc', '306141410000000018', 1),
  ('/8003/00614141123452400', %(account)s, '/8003/00614141123452', 'grai', '400', 1),
  ('go.example.com/x7Kp', %(account)s, NULL, 'short_code', 'x7Kp', 1);
INSERT INTO domain (state, account, domain_name, type) VALUES
  ('verified', %(account)s, 'other.example', 'short');
"""


@pytest.fixture
async def phone(app, client, rows) -> AsyncIterator[Client]:
    """Anybody's phone, and codes to scan with it."""
    for statement in SEED.split(";"):
        if statement.strip():
            rows.execute(statement, {"account": ACCOUNT})
    async with client_of(app, headers={"User-Agent": "A phone", "Accept": "*/*"}) as phone:
        yield phone


def set_urls(rows, product: str | None = None, account: str | None = None) -> None:
    rows.execute("UPDATE product SET product_redirection_url = %s", [product])
    rows.execute("UPDATE account SET account_redirection_url = %s", [account])


def scans(rows) -> list[tuple[Any, ...]]:
    return rows.execute("SELECT scanned_key, computed_status FROM scan ORDER BY 1").fetchall()


async def status_of(phone: Client, path: str, **headers: str) -> str:
    answer = await phone.get(path, headers={**JSON, **headers})
    assert answer.headers["cache-control"] == "no-store"
    return f"{answer.status_code} {answer.json()['status']}"


async def test_a_scan_leads_to_the_product_s_address(phone, rows):
    """systems.md 1.6: product_redirection_url; 1.8: 302."""
    set_urls(rows, BRAND, "https://account.example")
    answer = await phone.get(CODE)
    assert (answer.status_code, answer.headers["location"]) == (
        302,
        f"https://brand.example/p/{GTIN}?s=05bBbAMc",
    )
    assert answer.headers["cache-control"] == "no-store"


async def test_the_account_s_address_is_the_last_resort(phone, rows):
    """systems.md 1.6: account_redirection_url (last-resort resolver target)."""
    set_urls(rows, None, "https://account.example/?of={key}")
    for path, key in (
        (CODE, "%2F01%2F09312345551927%2F21%2F05bBbAMc"),
        (PRODUCT, "%2F01%2F09312345551927"),
        ("/00/306141410000000018", "%2F00%2F306141410000000018"),
        ("/r/go.example.com/x7Kp", "go.example.com%2Fx7Kp"),
    ):
        answer = await phone.get(path)
        assert answer.headers["location"] == f"https://account.example/?of={key}"


async def test_without_an_address_a_page_says_what_the_code_is(phone, rows):
    answer = await phone.get(CODE)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "genuine and active" in answer.text
    assert "Demo Account" not in answer.text
    assert ACCOUNT not in answer.text


@pytest.mark.parametrize(
    "path",
    [
        CODE,
        f"{CODE}/",
        "/01/9312345551927/21/05bBbAMc",
        f"{PRODUCT}/22/V1/10/LOT%2F1/21/05bBbAMc?17=301231&linkType=gs1:pip&anything=else",
        f"{PRODUCT}/21/%30%35bBbAMc",
        f"{PRODUCT}/21/32a%2Fb",
        "/00/306141410000000018",
        "/8003/00614141123452400",
        "/r/go.example.com/x7Kp",
        "/r/GO.example.com/x7Kp",
        "/r/go.example.com.:443/x7Kp/",
        f"{CODE}?2026=1&17=2712&17=&21=other",
    ],
)
async def test_every_spelling_of_a_link_resolves(phone, path):
    """GS1 Digital Link URI Syntax 4.9, 4.12: qualifiers, queries, escapes, shorter GTINs."""
    assert await status_of(phone, path) == "200 genuine"


async def test_a_short_code_resolves_at_its_own_domain(phone):
    """systems.md 7.1: `GET https://<short domain>/:shortId` by Host header."""
    assert await status_of(phone, "/x7Kp", Host="go.example.com:8055") == "200 genuine"
    assert await status_of(phone, "/x7Kp?utm=1", Host="GO.example.com.") == "200 genuine"
    assert await status_of(phone, "/x7Kp", Host="other.example") == "404 unknown"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (PRODUCT, "200 product"),
        ("/8003/00614141123452", "200 product"),
        (f"{PRODUCT}/21/never-issued", "404 unknown"),
        ("/01/04012345000009/21/1", "404 unknown"),
        ("/01/123/21/1", "404 unknown"),
        (f"{PRODUCT}/21/{'9' * 21}", "404 unknown"),
        (f"{PRODUCT}/21/%ff%00", "404 unknown"),
        (f"{PRODUCT}/21/", "404 unknown"),
        ("/414/9506000134352", "404 unknown"),
        ("/00/", "404 unknown"),
        ("/r/go.example.com/none", "404 unknown"),
        (f"/r/go.example.com/{'x' * 200}", "404 unknown"),
    ],
)
async def test_what_is_no_code_is_told_so(phone, path, status):
    assert await status_of(phone, path) == status
    page = await phone.get(path)
    assert f"{page.status_code}" == status[:3]
    assert ("Unknown code" in page.text) == status.endswith("unknown")


async def test_a_withdrawn_code_is_a_warning_and_leads_nowhere(phone, rows):
    set_urls(rows, BRAND)
    rows.execute("UPDATE unique_code SET activation_status = 2, blacklist_reason = 4")
    answer = await phone.get(CODE)
    assert answer.status_code == 200
    assert "do not use it" in answer.text.lower()
    told = (await phone.get(CODE, headers=JSON)).json()
    assert (told["status"], told["link"], told["product_name"]) == ("blacklisted", None, None)


async def test_a_code_that_is_not_active_yet_still_leads_on(phone, rows):
    rows.execute("UPDATE unique_code SET activation_status = 0")
    assert await status_of(phone, CODE) == "200 inactive"
    set_urls(rows, BRAND)
    assert (await phone.get(CODE)).status_code == 302


async def test_nobody_is_led_where_a_request_says(phone, rows):
    """Only stored addresses, whatever the query; and only http(s), however they were stored."""
    query = "?url=https://evil.example&redirect=//evil.example&linkType=all"
    assert (await phone.get(CODE + query)).status_code == 200
    for stored in ("javascript:alert(1)", "//evil.example", "https://{serial}/", "ftp://x.y"):
        set_urls(rows, stored)
        assert (await phone.get(CODE)).status_code == 200
    set_urls(rows, "https://brand.example/{serial}")
    answer = await phone.get(f"{PRODUCT}/21/32a%2Fb")
    assert answer.headers["location"] == "https://brand.example/32a%2Fb"


async def test_programs_get_json(phone, rows):
    set_urls(rows, BRAND)
    told = (await phone.get(CODE, headers=JSON)).json()
    assert told == {
        "key": CODE,
        "status": "genuine",
        "message": "This code is genuine and active.",
        "product_name": told["product_name"],
        "link": f"https://brand.example/p/{GTIN}?s=05bBbAMc",
    }
    browser = {"Accept": "text/html,application/json;q=0.9"}
    assert (await phone.get(CODE, headers=browser)).status_code == 302


async def test_heads_and_previews_are_no_scans(phone, rows):
    set_urls(rows, BRAND)
    assert (await phone.head(CODE)).status_code == 302
    for headers in (
        {"User-Agent": "WhatsApp/2.23"},
        {"User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1)"},
        {"User-Agent": "kakaotalk-scrap/1.0"},
        {"User-Agent": "meta-externalfetcher/1.1"},
        {"Sec-Purpose": "prefetch"},
        {"Purpose": "prefetch"},
    ):
        assert (await phone.get(CODE, headers=headers)).status_code == 302
    assert scans(rows) == []
    for agent in ("A phone", "Mozilla/5.0 (Linux; Android 11; CUBOT) Chrome/96.0 Safari/537.36"):
        await phone.get(CODE, headers={"User-Agent": agent})
    assert scans(rows) == [(CODE, "genuine")] * 2


async def test_a_scan_is_kept_without_an_address(phone, rows):
    """systems.md 6.6: account, code, product, key, app, result, flags, device."""
    await phone.get(f"{CODE}?17=301231", headers={"CF-IPCountry": "DE"})
    row = rows.execute(
        "SELECT account::text, code, product, scanned_key, app, reason, result, computed_status,"
        " flags, country, device::text FROM scan"
    ).fetchone()
    device = '{"user_agent": "A phone"}'
    # The country is a proxy's word, and none is trusted.
    kept = (ACCOUNT, CODE, PRODUCT, CODE, "resolver", "query", "ok", "genuine", "genuine", None)
    assert row == (*kept, device)


async def test_only_what_leads_to_something_of_ours_is_kept(phone, rows):
    for path in ("/01/04012345000009/21/1", "/r/go.example.com/favicon.ico", "/00/1"):
        await phone.get(path)
    assert scans(rows) == []
    await phone.get(f"{PRODUCT}/21/copied")
    await phone.get(PRODUCT)
    assert scans(rows) == [(PRODUCT, "product"), (f"{PRODUCT}/21/copied", "unknown")]
    flags = rows.execute("SELECT flags, account::text FROM scan WHERE code IS NULL").fetchall()
    assert sorted(flags) == [("", ACCOUNT), ("counterfeit", ACCOUNT)]


async def test_a_stale_session_is_not_in_the_way(phone):
    assert await status_of(phone, CODE, Authorization="Bearer stale") == "200 genuine"


async def test_nothing_of_directus_is_shadowed(client):
    """systems.md 7.1: anything else renders as Directus."""
    assert (await client.get("/items/product")).status_code == 200
    assert (await client.get("/files/")).json()["data"] == []
    for ask, path, host in (
        (client.get, "/nothing", "test"),
        (client.options, "/nothing", "test"),
        (client.get, "/nothing/y/", "go.example.com"),
        (client.get, "/99999/1", "test"),
        (client.get, "/x7Kp/y", "go.example.com"),
        (client.post, "/x7Kp", "go.example.com"),
        (client.post, CODE, "test"),
        (client.get, "/nothing", "evil@ /"),
    ):
        answer = await ask(path, headers={"Host": host})
        assert answer.status_code == 404, path
        assert answer.json()["errors"][0]["extensions"]["code"] == "ROUTE_NOT_FOUND"
