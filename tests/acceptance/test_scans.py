"""Scans from the minted code to the row, over the public surfaces (systems.md 4.4, 6.6, 7.1)."""

import asyncio
from collections import Counter
from urllib.parse import urlsplit

import pytest

from app.access.secrets import token_hash
from app.domains.scan.devices import NEWEST
from tests.acceptance.test_codes import JOBS, minted
from tests.installation import ACCOUNT, PRODUCT, client_of

OTHER = "aaaaaaaa-0000-4000-8000-000000000001"
JSON = {"Accept": "application/json", "User-Agent": "A phone"}
SEED = """
INSERT INTO account (id, account_name, account_redirection_url)
  VALUES (%(other)s, 'Other', 'https://other.example');
INSERT INTO product (id, account, product_name, product_redirection_url)
  VALUES ('theirs', %(other)s, 'Theirs', 'https://theirs.example');
INSERT INTO unique_code (id, account, product, type, code, activation_status, scm_data)
  VALUES ('/01/09312345551927/21/A', %(demo)s, '/01/09312345551927', 'sgtin', 'A', 1,
    '{"intended_market": "FR", "sell_by_date": "2020-01-01"}'),
  ('/01/09312345551927/21/M', %(demo)s, 'theirs', 'sgtin', 'M', 1, NULL);
INSERT INTO directus_users (email, token, account, role)
  SELECT 'admin@other.com', %(token)s, %(other)s, a.role FROM directus_access AS a
  JOIN directus_policies AS p ON p.id = a.policy WHERE p.admin_access;
"""


@pytest.fixture
def codes(rows) -> None:
    values = {"other": OTHER, "demo": ACCOUNT, "token": token_hash("other-token")}
    for statement in SEED.split(";\n"):
        if statement.strip():
            rows.execute(statement, values)


@pytest.fixture
async def phone(app, client):
    async with client_of(app, headers=JSON) as phone:
        yield phone


@pytest.mark.parametrize("kind", JOBS)
async def test_every_minted_link_resolves_to_its_code(client, mint, phone, rows, kind):
    """A phone asks the host of the link for its path."""
    codes = await minted(client, mint, kind)
    for code in codes:
        link = urlsplit(code["digital_link"])
        answer = await phone.get(link.path, headers={"Host": link.netloc})
        told = answer.json()
        assert (answer.status_code, told["key"], told["status"]) == (200, code["id"], "inactive")
    kept = rows.execute("SELECT code, account::text, product FROM scan").fetchall()
    assert sorted(kept) == sorted((c["id"], c["account"], c["product"]) for c in codes)


async def test_codes_brought_in_with_any_serial_resolve(client, phone):
    """GS1 General Specifications 7.11: every character a serial may have."""
    for serial in ("a%2Fb", "%", "a;b=c", "x/21/y", "!\"%&'()*+,-./", ":;<=>?_", "..a"):
        answer = await client.post(
            "/items/unique_code", json={"product": PRODUCT, "code": serial, "type": "sgtin"}
        )
        code = answer.json()["data"]
        told = (await phone.get(code["digital_link"].removeprefix("https://id.example.com"))).json()
        assert told["key"] == code["id"] == f"{PRODUCT}/21/{serial}"
        assert told["status"] == "inactive"


def limit(rows, most: int, *, blacklists: bool) -> None:
    """The product's campaign allows so many devices."""
    rows.execute(
        "WITH made AS (INSERT INTO campaign"
        " (account, name, max_scan_count, blacklist_on_max_scan_count)"
        " VALUES (%s, 'C', %s, %s) RETURNING id)"
        " UPDATE product SET campaign = made.id FROM made WHERE product.id = %s",
        [ACCOUNT, most, blacklists, PRODUCT],
    )


def agent(number: int) -> dict[str, str]:
    return {"User-Agent": f"Phone {number}"}


def code_of(rows):
    return rows.execute(
        "SELECT activation_status, blacklist_reason FROM unique_code WHERE code = 'A'"
    ).fetchone()


@pytest.mark.usefixtures("codes")
async def test_the_device_above_the_limit_blacklists_however_many_come_at_once(client, phone, rows):
    """campaign.max_scan_count; reason 10, maximum scan count exceeded (systems.md 4.4)."""
    limit(rows, 5, blacklists=True)
    path = f"{PRODUCT}/21/A"
    answers = await asyncio.gather(*(phone.get(path, headers=agent(n)) for n in range(25)))
    told = Counter(answer.json()["status"] for answer in answers)
    assert told == {"genuine": 5, "blacklisted": 20}
    kept = rows.execute("SELECT computed_status, flags LIKE '%%scan-count%%' FROM scan").fetchall()
    assert Counter(kept) == {("genuine", False): 5, ("blacklisted", True): 20}
    assert code_of(rows) == (2, 10)


@pytest.mark.usefixtures("codes")
async def test_above_the_limit_a_code_is_flagged_and_no_more_unless_asked(phone, rows):
    limit(rows, 5, blacklists=False)
    path = f"{PRODUCT}/21/A"
    answers = await asyncio.gather(*(phone.get(path, headers=agent(n)) for n in range(12)))
    assert {answer.json()["status"] for answer in answers} == {"genuine"}
    kept = rows.execute("SELECT flags LIKE '%%scan-count%%' FROM scan").fetchall()
    assert Counter(kept) == {(False,): 5, (True,): 7}
    assert code_of(rows) == (1, 0)


@pytest.mark.usefixtures("codes")
async def test_one_phone_is_one_device_however_often_it_scans(phone, rows):
    """Robots, previews and prefetches are none at all."""
    limit(rows, 1, blacklists=True)
    path = f"{PRODUCT}/21/A"
    others = ({"User-Agent": "kakaotalk-scrap/1.0"}, {"Sec-Purpose": "prefetch;prerender"})
    await asyncio.gather(
        *(phone.get(path) for _ in range(40)),
        *(phone.get(path, headers=headers) for headers in others),
        phone.head(path, headers=agent(1)),
    )
    kept = rows.execute("SELECT count(*), count(DISTINCT install_id) FROM scan").fetchone()
    assert kept == (40, 1)
    assert code_of(rows) == (1, 0)
    rows.execute(
        "UPDATE scan SET scanned_at = scanned_at - interval '1 day', install_id = 'before'"
    )
    assert (await phone.get(path)).json()["status"] == "blacklisted", "a device of another day"


@pytest.mark.usefixtures("codes")
async def test_of_a_code_with_many_scans_the_newest_are_counted(phone, rows):
    """One phone that never stops would make every scan slow."""
    limit(rows, 5, blacklists=False)
    kept = (
        "INSERT INTO scan (account, code, install_id, scanned_at) SELECT %s, %s, %s || n,"
        " now() - %s * interval '1 second' FROM generate_series(1, %s) AS n"
    )
    code = f"{PRODUCT}/21/A"
    rows.execute(kept, [ACCOUNT, code, "old", 3, 20])
    await phone.get(code, headers=agent(1))
    rows.execute(kept.replace("|| n", ""), [ACCOUNT, code, "same", -1, NEWEST])
    await phone.get(code, headers=agent(2))
    flags = rows.execute("SELECT flags FROM scan WHERE app = 'resolver' ORDER BY flags").fetchall()
    late = "genuine,after-sell-by-date"
    assert flags == [(late,), (f"{late},scan-count",)]


@pytest.mark.usefixtures("codes")
async def test_apps_and_cameras_are_counted_together(client, phone, rows):
    """POST /items/scan: the same limit, the same flags, sets at once."""
    limit(rows, 6, blacklists=True)
    scan = {"code": f"{PRODUCT}/21/A", "app": "own", "country": "FR"}
    answers = await asyncio.gather(
        *(
            client.post("/items/scan", json=[{**scan, "install_id": f"{n}{m}"} for m in "ab"])
            for n in range(3)
        ),
        *(phone.get(f"{PRODUCT}/21/A", headers=agent(n)) for n in range(4)),
    )
    assert {answer.status_code for answer in answers} == {200}
    kept = rows.execute("SELECT computed_status FROM scan").fetchall()
    assert Counter(kept) == {("genuine",): 6, ("blacklisted",): 4}
    made = answers[0].json()["data"]
    assert {(row["account"], row["product"], row["country"]) for row in made} == {
        (ACCOUNT, PRODUCT, "fr")
    }
    assert all("after-sell-by-date" in row["flags"] for row in made)


@pytest.mark.usefixtures("codes")
async def test_a_device_counts_on_the_day_it_scanned(client, rows):
    """An app may report later: days are those of the scan, in UTC, whatever its own offset."""
    limit(rows, 1, blacklists=False)
    for at, is_above in (
        ("2026-01-01T23:30:00-09:00", False),
        ("2026-01-02T08:31:00Z", False),
        ("2026-01-02T23:59:59", False),
        ("2026-01-03T00:00:00Z", True),
        ("2026-01-02T09:00:00+09:00", True),
    ):
        scan = {"code": f"{PRODUCT}/21/A", "scanned_at": at, "install_id": "a"}
        made = (await client.post("/items/scan", json=scan)).json()["data"]
        assert ("scan-count" in made["flags"]) is is_above, at


@pytest.mark.usefixtures("codes")
async def test_the_country_is_a_trusted_proxy_s_word(app, installation, rows):
    """TRUST_PROXY: flags out-of-market by CF-IPCountry (systems.md 4.5)."""
    trusting = installation.model_copy(update={"trust_proxy": True})
    async with client_of(app, headers=JSON, settings=trusting) as phone:
        for given in ("DE", "fr", "XX", "T1", "Germany", ""):
            await phone.get(f"{PRODUCT}/21/A", headers={"CF-IPCountry": given})
    kept = rows.execute("SELECT country, flags FROM scan ORDER BY scanned_at").fetchall()
    late = "genuine,after-sell-by-date"
    assert kept == [
        ("de", "genuine,out-of-market,after-sell-by-date"),
        ("fr", late),
        *[(None, late)] * 4,
    ]


@pytest.mark.usefixtures("codes")
async def test_nobody_s_address_is_kept(client, phone, rows):
    await phone.get(f"{PRODUCT}/21/A", headers={"X-Forwarded-For": "203.0.113.7"})
    kept = rows.execute("SELECT to_jsonb(scan)::text FROM scan").fetchone()[0]
    assert "127.0.0.1" not in kept
    assert "203.0.113.7" not in kept


@pytest.mark.usefixtures("codes")
async def test_a_scan_shows_no_other_account_s_data(app, phone, rows):
    """systems.md 6.1.5: a code that names another account's product has none."""
    told = (await phone.get(f"{PRODUCT}/21/M")).json()
    assert (told["status"], told["product_name"], told["link"]) == ("genuine", None, None)
    async with client_of(app, headers={"Authorization": "Bearer other-token"}) as other:
        assert (await other.get("/items/scan")).json()["data"] == []
        known = await other.post("/items/scan", json={"code": f"{PRODUCT}/21/A"})
        missing = await other.post("/items/scan", json={"code": f"{PRODUCT}/21/none"})
        codes = [answer.json()["errors"][0]["extensions"]["code"] for answer in (known, missing)]
        assert codes == ["INVALID_FOREIGN_KEY"] * 2
        read = await other.post("/items/scan", json={"scanned_key": f"{PRODUCT}/21/A"})
        row = read.json()["data"]
        assert (row["account"], row["code"], row["product"]) == (OTHER, None, None)
        # It is told what everybody is told; and whose the code is has the scan, too.
        assert (row["computed_status"], row["flags"]) == ("genuine", [])
        mine = await other.get("/items/scan?fields=account")
        assert mine.json()["data"] == [{"account": OTHER}]
    kept = "SELECT account::text, code, install_id FROM scan WHERE app = 'reported'"
    assert rows.execute(kept).fetchall() == [(ACCOUNT, f"{PRODUCT}/21/A", None)]


@pytest.mark.usefixtures("codes")
async def test_strangers_report_no_scans_through_items(app, client):
    async with client_of(app, headers={}) as anybody:
        answer = await anybody.post("/items/scan", json={"code": f"{PRODUCT}/21/A"})
        assert answer.status_code == 403
