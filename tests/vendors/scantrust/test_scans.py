"""Scans and their summary as Scantrust's clients ask for them (systems.md 4.5, 7.4; the seed)."""

from typing import Any

import pytest

from app.served import served
from tests.installation import ACCOUNT, ADMIN, PRODUCT
from tests.vendors.scantrust.conftest import OTHER

SCANS = "/api/v2/dashboard/scans/"
SUMMARY = "/api/v2/dashboard/summary/"
THEIRS = "/01/04012345000009"

SEED = """
INSERT INTO account (id, account_name) VALUES (%(other)s, 'Other');
INSERT INTO brand (id, account, name) VALUES ('00000000-0000-4000-8000-00000000000b', %(own)s, 'B');
INSERT INTO campaign (id, account, name) OVERRIDING SYSTEM VALUE VALUES
  (195, %(own)s, 'Own'), (543, %(own)s, 'Empty'), (77, %(other)s, 'Theirs');
INSERT INTO scm_field (campaign, key, position) VALUES
  (195, 'intended_market', 1), (195, 'case_no', 2), (77, 'intended_market', 1);
INSERT INTO scm_field (campaign, key, is_active) VALUES (195, 'secret', false);
UPDATE product SET campaign = 195, sku = 'S1', brand = '00000000-0000-4000-8000-00000000000b',
  product_number = 332 WHERE id = %(product)s;
INSERT INTO product (id, account, product_name, campaign) VALUES (%(theirs)s, %(other)s, 'T', 77);
INSERT INTO unique_code (id, account, product, type, code, activation_status, scm_data)
SELECT %(product)s || '/21/' || code, %(own)s, %(product)s, 'sgtin', code, status, scm::jsonb
FROM (VALUES ('A', 1, '{"intended_market": "zh", "case_no": "9", "secret": 1, "other": 2}'),
  ('B', 0, '{"intended_market": "fr"}'), ('C', 2, NULL)) AS v(code, status, scm);
INSERT INTO unique_code (id, account, product, type, code, activation_status)
VALUES (%(theirs)s || '/21/T', %(other)s, %(theirs)s, 'sgtin', 'T', 1);
INSERT INTO scan (id, account, code, product, scanned_key, scanned_at, app, result, computed_status,
  flags, country, device)
SELECT ('00000000-0000-4000-8000-00000000000' || n)::uuid, %(own)s, %(product)s || '/21/' || code,
  %(product)s, %(product)s || '/21/' || coalesce(code, 'COPIED'), at::timestamptz, 'resolver',
  CASE WHEN code IS NULL THEN 'failure' ELSE 'ok' END, status, flags, country, '{"user_agent": "P"}'
FROM (VALUES (1, 'A', '2021-02-01T10:00:00Z', 'genuine', 'genuine,out-of-market', 'de'),
  (2, 'A', '2021-05-01T10:00:00.123456Z', 'genuine', 'genuine', 'zh'),
  (3, 'B', (now() - interval '1 day')::text, 'inactive', 'inactive,out-of-market', 'de'),
  (4, 'C', (now() - interval '2 hours')::text, 'blacklisted', 'blacklisted', NULL),
  (5, NULL, (now() - interval '1 hour')::text, 'unknown', 'counterfeit', 'de')
) AS v(n, code, at, status, flags, country);
INSERT INTO scan (account, code, product, flags)
VALUES (%(other)s, %(theirs)s || '/21/T', %(theirs)s, 'genuine'),
  (%(other)s, %(product)s || '/21/A', %(product)s, 'genuine');
"""


@pytest.fixture(autouse=True)
def _scanned(rows) -> None:
    values = {"own": ACCOUNT, "other": OTHER, "product": PRODUCT, "theirs": THEIRS}
    for statement in SEED.split(";\n"):
        if statement.strip():
            rows.execute(statement, values)


@pytest.fixture
async def company(as_company, uat):
    return await as_company(uat("scans_download"))


async def found(company, query: str = "", path: str = SCANS) -> list[int]:
    """The numbers of the scans, in their order."""
    answer = await company.get(path + query)
    assert answer.status_code == 200, answer.text
    return [int(record["scan"]["uuid"][-1]) for record in answer.json()["results"]]


async def summed(company, query: str = "", path: str = SUMMARY) -> dict[str, Any]:
    answer = await company.get(path + query)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def test_the_seed_s_own_urls_run_as_printed(company):
    """003 seed, "Examples"."""
    scans = (
        "/api/v2/dashboard/scans/?campaign=195&flags=out-of-market&limit=2000&offset=0"
        "&scm_intended_market=zh&timeframe=-1m"
    )
    assert (await company.get(scans)).json() == {
        "count": 0,
        "next": None,
        "previous": None,
        "results": [],
    }
    assert await found(company, path=scans.replace("-1m", "-99y")) == [1]
    summary = (
        "/api/v2/dashboard/summary/?campaign=195&date_from=2021-01-31T16:00:00.000Z"
        "&date_to=2021-05-18T15:59:59.000Z&flags=&product=332"
    )
    assert await summed(company, path=summary) == {
        "count": 2,
        "unique_codes": 1,
        "by_result": {"ok": 2},
        "by_status": {"genuine": 2},
        "by_flag": {"genuine": 2, "out-of-market": 1},
        "by_country": {"de": 1, "zh": 1},
        "date_from": "2021-01-31T16:00:00.000000Z",
        "date_to": "2021-05-18T15:59:59.000000Z",
    }
    inactive = "/v2/dashboard/summary/?activation_status=0&campaign=543&timeframe=-1y"
    assert (await summed(company, path=inactive))["count"] == 0
    inactive = inactive.replace("543", "195")
    assert (await summed(company, path=inactive))["by_status"] == {"inactive": 1}


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", [5, 4, 3, 2, 1]),
        ("?campaign=195", [5, 4, 3, 2, 1]),
        ("?campaign=543", []),
        ("?flags=counterfeit", [5]),
        ("?flags=counterfeit,blacklisted", [5, 4]),
        ("?flags=&product=332", [5, 4, 3, 2, 1]),
        ("?product=999999", []),
        ("?activation_status=1", [2, 1]),
        ("?status=inactive,blacklisted", [4, 3]),
        ("?campaign=195&scm_intended_market=fr", [3]),
        ("?campaign=195&case_no=9", [2, 1]),
        ("?timeframe=-1w", [5, 4, 3]),
        ("?date_to=2021-02-01", [1]),
        ("?date_from=2021-02-02&date_to=2021-05-01", [2]),
        ("?serial_number=A&limit=1", [2]),
        ("?limit=2&offset=1", [4, 3]),
        ("?limit=0", [5, 4, 3, 2, 1]),
    ],
)
async def test_parameters_choose_scans(company, query, numbers):
    """systems.md 4.5: parameters as 4.2; the time is the scan's."""
    assert await found(company, query) == numbers


async def test_records_have_the_groups(company):
    """systems.md 4.5, record groups; supply-chain data by the campaign's active fields."""
    answer = await company.get(SCANS + "?campaign=195&date_to=2021-12-31&limit=1")
    (record,) = answer.json()["results"]
    assert record == {
        "scan": {
            "uuid": "00000000-0000-4000-8000-000000000002",
            "datetime": "2021-05-01T10:00:00.123456Z",
            "timestamp": 1619863200,
            "app": "resolver",
            "reason": "query",
            "result": "ok",
            "computed_status": "genuine",
            "auth_failure_mode": None,
            "flags": ["genuine"],
            "unique_user": None,
            "install_id": None,
            "utid": None,
        },
        "user": {"email": None},
        "code": {
            "extended_id": record["code"]["extended_id"],
            "serial_number": "A",
            "activation_status": 1,
            "blacklist_reason": 0,
        },
        "product": {
            "id": 332,
            "sku": "S1",
            "name": record["product"]["name"],
            "gtin": record["product"]["gtin"],
            "brand_id": record["product"]["brand_id"],
            "brand_name": "B",
        },
        "device": {"user_agent": "P"},
        "location": {"country": "zh"},
        "scm": {"intended_market": "zh", "case_no": "9"},
    }


async def test_extended_ids_are_those_of_the_codes(client, company):
    """systems.md 6.5: what /items shows as extended_id."""
    shown = await client.get("/items/unique_code?fields=extended_id&filter[code][_eq]=A")
    answer = await company.get(SCANS + "?serial_number=A&limit=1")
    (record,) = answer.json()["results"]
    assert record["code"]["extended_id"] == shown.json()["data"][0]["extended_id"]


async def test_a_counterfeit_has_a_product_and_no_code(company):
    (record,) = (await company.get(SCANS + "?flags=counterfeit")).json()["results"]
    assert (record["code"], record["product"]["id"], record["scm"]) == (None, 332, {})


async def test_pages_lead_to_each_other(company):
    """systems.md 4.1: {count, next, previous, results}."""
    first = (await company.get(SCANS + "?campaign=195&limit=2")).json()
    assert (first["count"], first["previous"]) == (5, None)
    second = (await company.get(first["next"])).json()
    third = (await company.get(second["next"])).json()
    assert third["next"] is None
    pages = (first, second, third)
    seen = [record["scan"]["uuid"][-1] for page in pages for record in page["results"]]
    assert seen == ["5", "4", "3", "2", "1"]
    assert (await company.get(third["previous"])).json()["results"] == second["results"]


async def test_cursors_lead_on_and_are_not_moved_by_new_scans(company, rows):
    """systems.md 4.5: page_mode=cursor, then `next` is a link or null."""
    url, seen = SCANS + "?campaign=195&limit=2&page_mode=cursor", []
    while url is not None:
        page = (await company.get(url)).json()
        assert "count" not in page
        seen += [record["scan"]["uuid"][-1] for record in page["results"]]
        url = page["next"]
        rows.execute("INSERT INTO scan (account, product) VALUES (%s, %s)", [ACCOUNT, PRODUCT])
    assert seen == ["5", "4", "3", "2", "1"]


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ("?farm=1", {"farm": ["Unknown filter."]}),
        ("?scm_farm=1&x=2", {"scm_farm": ["Unknown filter."], "x": ["Unknown filter."]}),
        ("?limit=x", {"limit": ["Enter a valid value."]}),
        ("?limit=-1", {"limit": ["Enter a valid value."]}),
        ("?offset=%00", {"offset": ["Enter a valid value."]}),
        ("?limit=10001", {"limit": ["Ensure this value is less than or equal to 10000."]}),
        ("?page_mode=odd", {"page_mode": ["Enter a valid value."]}),
        ("?page_mode=cursor&cursor=zzz", {"cursor": ["Enter a valid value."]}),
        ("?page_mode=cursor&cursor=%C3%A9", {"cursor": ["Enter a valid value."]}),
        ("?flags=,", {"flags": ["Enter a valid value."]}),
        ("?flags=a%00", {"flags": ["Enter a valid value."]}),
        ("?timeframe=3h", {"timeframe": ["Enter a valid value."]}),
        ("?date_from=soon", {"date_from": ["Enter a valid value."]}),
        ("?campaign=x", {"campaign": ["Enter a valid value."]}),
    ],
)
async def test_what_can_t_be_read_is_refused(company, query, body):
    """systems.md 4.2: unknown parameter 400 {"<name>": ["Unknown filter."]}; 4.7."""
    answer = await company.get(SCANS + query)
    assert (answer.status_code, answer.json()) == (400, body)


async def test_a_summary_knows_no_pages(company):
    answer = await company.get(SUMMARY + "?limit=1")
    assert (answer.status_code, answer.json()) == (400, {"limit": ["Unknown filter."]})


@pytest.mark.parametrize("path", [SCANS, SUMMARY, "/api/v2/dashboards/scans/"])
async def test_other_companies_are_not_there(as_company, uat, path):
    """systems.md 4.7: 404 for a campaign of another company; 6.1.5."""
    other = await as_company(uat("scans_download", account=OTHER))
    answer = await other.get(path + "?campaign=195")
    assert (answer.status_code, answer.json()) == (404, {"detail": "Not found."})
    told = (await other.get(path)).text
    assert PRODUCT not in told
    assert "Demo" not in told
    assert '"S1"' not in told


async def test_a_scan_shows_nothing_of_another_account_s_code(as_company, uat):
    """Even where a row of theirs names it, it is a missing row (systems.md 6.1.5)."""
    other = await as_company(uat("scans_download", account=OTHER))
    records = (await other.get(SCANS)).json()["results"]
    shown = [(r["code"]["serial_number"], r["product"]["name"]) for r in records if r["code"]]
    assert shown == [("T", "T")]
    assert [r["product"] for r in records if not r["code"]] == [None]


async def test_words_and_tokens(as_company, uat, client):
    """systems.md 7.4: 403 without scans_download; the summary is content with codes_view."""
    viewer = await as_company(uat("codes_view"))
    refused = await viewer.get(SCANS)
    assert refused.status_code == 403
    assert refused.json() == {"detail": "You do not have permission to perform this action."}
    assert (await viewer.get(SUMMARY)).status_code == 200
    other = await as_company(uat("product_view"))
    assert (await other.get(SUMMARY)).status_code == 403
    nobody = await as_company({})
    assert (await nobody.get(SCANS)).status_code == 401
    assert (await client.get(SCANS, headers=ADMIN)).json()["count"] == 7


async def test_a_user_reads_what_its_policies_let_it(as_company, uat, rows):
    """A token is good for a share of its user's permissions (systems.md 4.1)."""
    token = uat("scans_download", admin=False)
    user = rows.execute('SELECT "user" FROM api_credential').fetchone()[0]
    company = await as_company(token)
    assert (await company.get(SCANS)).status_code == 403
    rows.execute("INSERT INTO directus_policies (id, name) VALUES (%s, 'P')", [user])
    rows.execute('INSERT INTO directus_access (policy, "user") VALUES (%s, %s)', [user, user])
    rows.execute(
        "INSERT INTO directus_permissions (policy, collection, action, fields, permissions)"
        " VALUES (%s, 'scan', 'read', '*', '{\"country\": {\"_eq\": \"zh\"}}')",
        [user],
    )
    assert await found(await as_company(token)) == [2]
    assert (await summed(company))["by_country"] == {"zh": 1}


@pytest.mark.parametrize(("masked", "status"), [("scanned_at", 403), ("id", 403), ("country", 200)])
async def test_a_cursor_needs_what_it_says_of_every_scan(as_company, uat, rows, masked, status):
    """One permission shows all scans without a field, another has the field of some: it is null."""
    token = uat("scans_download", admin=False)
    user = rows.execute('SELECT "user" FROM api_credential').fetchone()[0]
    rows.execute("INSERT INTO directus_policies (id, name) VALUES (%s, 'P')", [user])
    rows.execute('INSERT INTO directus_access (policy, "user") VALUES (%s, %s)', [user, user])
    others = {"id", "scanned_at", "flags", "country"} - {masked}
    for fields, rule in ((",".join(others), "{}"), (masked, '{"result": {"_eq": "ok"}}')):
        rows.execute(
            "INSERT INTO directus_permissions (policy, collection, action, fields, permissions)"
            " VALUES (%s, 'scan', 'read', %s, %s)",
            [user, fields, rule],
        )
    company = await as_company(token)
    answer = await company.get(SCANS + "?page_mode=cursor&limit=2")
    assert answer.status_code == status, answer.text
    url, seen = f"{SCANS}?limit=2", []
    while url is not None:
        page = (await company.get(url)).json()
        seen += [record["scan"]["datetime"] for record in page["results"]]
        url = page["next"]
    hidden = [moment for moment in seen if moment is None]
    assert (len(seen), len(hidden)) == (5, 1 if masked == "scanned_at" else 0)


@pytest.mark.parametrize("mode", ["", "&page_mode=cursor"])
async def test_a_page_is_no_larger_than_any_answer(company, installation, monkeypatch, mode):
    """Scans show SCM data, which may be long."""
    page = len((await company.get(f"{SCANS}?limit=5{mode}")).content)
    monkeypatch.setattr(served(installation).compiler, "most", page // 2)
    refused = await company.get(f"{SCANS}?limit=5{mode}")
    assert refused.status_code == 400
    assert "too large (ANSWER_MAX_BYTES)" in refused.json()["detail"]
    assert (await company.get(f"{SCANS}?limit=1{mode}")).status_code == 200
