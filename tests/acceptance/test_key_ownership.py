"""Whose a key is (DESIGN.md 9): by every door, as users of two accounts that may do everything."""

import json

import pytest

from app.codes.check_digit import check_digit
from app.codes.sscc import Sscc
from app.settings import settings as current
from app.web.surface import routes_of
from tests.acceptance.two_accounts import (
    GTIN_A,
    GTIN_B,
    PREFIX_A,
    PREFIX_B,
    A,
    B,
    a,
    anybody,
    b,
    created,
    errors,
    is_unowned,
    scanned,
    two_accounts,
)
from tests.installation import ACCOUNT

__all__ = ["a", "anybody", "b", "two_accounts"]


async def test_a_code_under_a_strangers_prefix_cannot_be(a, b, anybody):
    """The reproduction: B's FAKE1 was told to be genuine."""
    payload = {"id": f"/01/{GTIN_A}/21/FAKE1", "activation_status": 1}
    assert is_unowned(await b.post("/items/unique_code", json=payload))
    told = await scanned(anybody, f"/01/{GTIN_A}/21/FAKE1")
    assert told["status"] == "unknown"
    await created(a, "unique_code", {"id": f"/01/{GTIN_A}/21/TRUE1", "activation_status": 1})
    told = await scanned(anybody, f"/01/{GTIN_A}/21/TRUE1")
    assert told["status"] == "genuine"


GRAI_A = f"0{PREFIX_A}00001"
STRANGE = [
    ("unique_code", {"id": f"/01/{GTIN_A}/21/X1"}, "id"),
    ("unique_code", {"id": f"/01/1{GTIN_A[1:-1]}6/21/X1"}, "id"),
    ("unique_code", {"id": f"/00/{Sscc.build(0, PREFIX_A, 7).value}"}, "id"),
    ("unique_code", {"id": f"/00/{Sscc.build(9, PREFIX_A, 7).value}", "type": "sscc"}, "id"),
    ("unique_code", {"id": f"/8003/{GRAI_A}{check_digit(GRAI_A)}X"}, "id"),
    ("unique_code", {"id": "go.a.com/x7Kp12"}, "id"),
    ("unique_code", {"type": "sgtin", "product": f"/01/{GTIN_A}", "code": "X2"}, "id"),
    ("unique_code", {"id": "/01/00614141123452/21/X1"}, "id"),  # the demo account's
    ("unique_code", {"id": "/01/05000000000005/21/X1"}, "id"),  # nobody's
    ("product", {"id": f"/01/{GTIN_A}", "product_name": "X"}, "id"),
    ("product", {"gtin": GTIN_A, "product_name": "X"}, "id"),
    ("product", {"gtin": GTIN_A[1:], "product_name": "X"}, "id"),
    ("product", {"id": "my own", "gtin": GTIN_A, "product_name": "X"}, "gtin"),
    ("product", {"id": f"/8003/{GRAI_A}{check_digit(GRAI_A)}", "product_name": "X"}, "id"),
    ("product", {"id": f"/417/{PREFIX_A}000010", "product_name": "X"}, "id"),
    ("product", {"id": f"/414/{PREFIX_A}000010/254/1", "product_name": "X"}, "id"),
    (
        "identifier_job",
        {"type": "sscc", "sscc_company_prefix": PREFIX_A, "quantity": 1},
        "sscc_company_prefix",
    ),
    (
        "identifier_job",
        {"type": "sscc", "sscc_company_prefix": "40123", "quantity": 1},
        "sscc_company_prefix",
    ),
    (
        "identifier_job",
        {"type": "sscc", "sscc_company_prefix": "401234567", "quantity": 1},
        "sscc_company_prefix",
    ),
]


@pytest.mark.parametrize(("collection", "payload", "field"), STRANGE)
async def test_no_key_outside_of_an_accounts_own_can_be_made(b, rows, collection, payload, field):
    """By REST, in arrays, by GraphQL and by an import: the same refusal, whosoever the key is."""
    before = rows.execute(f"SELECT count(*) FROM {collection}").fetchone()
    one = await b.post(f"/items/{collection}", json=payload)
    assert is_unowned(one)
    assert errors(one)[0]["field"] == field
    assert is_unowned(await b.post(f"/items/{collection}", json=[payload, payload]))
    made = f"create_{collection}_item(data: $data) {{ id }}"
    body = await b.graphql(
        f"mutation($data: create_{collection}_input!) {{ {made} }}", data=payload
    )
    assert body["errors"][0]["extensions"]["field"] == field
    file = {"file": ("rows.json", json.dumps([payload]), "application/json")}
    imported = await b.post(f"/utils/import/{collection}", files=file)
    assert imported.status_code == 400, imported.text
    assert rows.execute(f"SELECT count(*) FROM {collection}").fetchone() == before


async def test_what_is_taken_and_what_is_free_is_refused_alike(a, b, client):
    """Nothing tells that A has a product, a code or a job there."""
    await created(a, "product", {"id": f"/01/{GTIN_A}", "product_name": "A's"})
    await created(a, "unique_code", {"id": f"/01/{GTIN_A}/21/THERE"})
    free = "/01/04012345000016"
    for collection, there, absent in (
        (
            "product",
            {"id": f"/01/{GTIN_A}", "product_name": "X"},
            {"id": free, "product_name": "X"},
        ),
        ("unique_code", {"id": f"/01/{GTIN_A}/21/THERE"}, {"id": f"/01/{GTIN_A}/21/ABSENT"}),
    ):
        first = await b.post(f"/items/{collection}", json=there)
        second = await b.post(f"/items/{collection}", json=absent)
        assert first.status_code == second.status_code == 400
        assert [e["extensions"] for e in first.json()["errors"]] == [
            e["extensions"] for e in second.json()["errors"]
        ]


async def test_globally_unique_values_of_others_read_as_unusable(a, b, client, rows):
    """`POST /users`, products with keys of their own, domains, extended ids, slugs."""
    await created(a, "product", {"id": "SKU-1", "product_name": "A's"})
    rows.execute("UPDATE account SET company_slug = 'acme' WHERE id = %s", [A])
    cases = [
        ("/items/product", {"id": "SKU-1", "product_name": "X"}, "id"),
        ("/users", {"email": "user@a.com"}, "email"),
        ("/users", {"email": "admin@example.com"}, "email"),
        ("/items/domain", {"domain_name": "go.a.com"}, "domain_name"),
        ("/items/domain", {"domain_name": "10.0.0.10"}, "domain_name"),
    ]
    told = []
    for path, payload, field in cases:
        response = await b.post(path, json=payload)
        assert response.status_code == 400, (path, response.text)
        [facts] = errors(response)
        assert facts.pop("field") == field
        told.append((response.json()["errors"][0]["message"].partition(". ")[2], facts))
    slug = await b.patch(f"/items/account/{B}", json={"company_slug": "acme"})
    reserved = await b.patch(f"/items/account/{B}", json={"company_slug": "items"})
    for response in (slug, reserved):
        [facts] = errors(response)
        assert facts.pop("field") == "company_slug"
        told.append((response.json()["errors"][0]["message"].partition(". ")[2], facts))
    assert all(one == told[0] for one in told), told
    # Its own it knows.
    await created(b, "product", {"id": "SKU-2", "product_name": "B's"})
    again = await b.post("/items/product", json={"id": "SKU-2", "product_name": "B's"})
    assert errors(again)[0]["code"] == "RECORD_NOT_UNIQUE"
    # An extended id is unique within an account: who is first takes it from nobody.
    await created(a, "unique_code", {"id": f"/01/{GTIN_A}/21/E1", "extended_id": "EXT"})
    await created(b, "unique_code", {"id": f"/01/{GTIN_B}/21/E1", "extended_id": "EXT"})
    twice = await b.post(
        "/items/unique_code", json={"id": f"/01/{GTIN_B}/21/E2", "extended_id": "EXT"}
    )
    assert errors(twice)[0]["code"] == "RECORD_NOT_UNIQUE"


async def test_the_installations_admin_needs_no_prefix_but_crosses_none(client, a, rows, anybody):
    await created(client, "product", {"id": "/01/05000000000005", "product_name": "Own"})
    await created(
        client, "unique_code", {"id": "/01/05000000000005/21/OWN", "activation_status": 1}
    )
    assert (await scanned(anybody, "/01/05000000000005/21/OWN"))["status"] == "genuine"
    # What it makes of nobody in particular under a prefix is the prefix's owner's.
    made = await created(client, "unique_code", {"id": f"/01/{GTIN_A}/21/BYADMIN"})
    assert made["account"] == A
    for account in (B, ACCOUNT):
        payload = {"id": f"/01/{GTIN_A}/21/CROSS", "account": account}
        assert is_unowned(await client.post("/items/unique_code", json=payload))
        payload = {"id": f"/01/{GTIN_A}", "product_name": "X", "account": account}
        assert is_unowned(await client.post("/items/product", json=payload))
        job = {"type": "sscc", "sscc_company_prefix": PREFIX_A, "quantity": 1, "account": account}
        assert is_unowned(await client.post("/items/identifier_job", json=job))
    moved = await client.patch(
        f"/items/unique_code/%2F01%2F{GTIN_A}%2F21%2FBYADMIN", json={"account": B}
    )
    assert is_unowned(moved)


async def test_work_orders_and_nested_writes_cross_no_border(a, b):
    await created(a, "product", {"id": f"/01/{GTIN_A}", "product_name": "A's"})
    order = {"reference": "1", "quantity": 1, "activate_on_complete": True}
    for product in (f"/01/{GTIN_A}", "/01/04012345000016"):
        refused = await b.post("/items/workorder", json={**order, "product": product})
        assert refused.status_code == 400
        assert errors(refused)[0]["code"] == "INVALID_FOREIGN_KEY"
    nested = {**order, "product": {"id": f"/01/{GTIN_A}", "product_name": "taken over"}}
    refused = await b.post("/items/workorder", json=nested)
    assert refused.status_code in {400, 403}, refused.text
    nested = {"scanned_key": "x", "code": {"id": f"/01/{GTIN_A}/21/NESTED"}}
    assert is_unowned(await b.post("/items/scan", json=nested))


async def test_a_shared_prefix_is_for_all_and_a_product_of_one_account_stays_its_own(a, b, client):
    await created(client, "company_prefix", {"digits": "5012345"})
    shared = "/01/05012345000008"
    await created(a, "product", {"id": shared, "product_name": "A's"})
    assert is_unowned(await b.post("/items/unique_code", json={"id": f"{shared}/21/X"}))
    other = "/01/05012345000015"
    assert is_unowned(await b.post("/items/unique_code", json={"id": f"{other}/21/X"}))
    await created(b, "product", {"id": other, "product_name": "B's"})
    await created(b, "unique_code", {"id": f"{other}/21/X"})
    taken = await a.post("/items/unique_code", json={"id": "/01/05012345000015/21/X"})
    assert errors(taken)[0]["type"] == "in"  # not that it is there


class TestPrefixes:
    async def test_only_the_installations_admin_assigns_them(self, b):
        for method in ("POST", "PATCH", "DELETE"):
            response = await b.request(
                method, "/items/company_prefix", json=[{"digits": "5012345"}]
            )
            assert response.status_code == 403
        seen = (await b.get("/items/company_prefix?fields=digits")).json()["data"]
        assert seen == [{"digits": PREFIX_B}]

    @pytest.mark.parametrize(
        "digits", [PREFIX_A, PREFIX_A[:4], PREFIX_A + "1", PREFIX_A[:6], PREFIX_A + "00000"]
    )
    @pytest.mark.usefixtures("two_accounts")
    async def test_none_overlap(self, client, digits):
        for account in (B, A, None):
            payload = {"digits": digits, "account": account}
            assert (await client.post("/items/company_prefix", json=payload)).status_code == 400
        both = [{"digits": "5012345", "account": A}, {"digits": "50123456", "account": B}]
        assert (await client.post("/items/company_prefix", json=both)).status_code == 400

    @pytest.mark.parametrize(
        "payload",
        [
            {"digits": "123"},
            {"digits": "1234", "kind": "gtin8"},
            {"digits": "0000096"},
            {"digits": "0000"},
            {"digits": "1234567890123"},
            {"digits": "12a4567"},
            {"digits": "1234567\n"},
            {"digits": "\u0661234567"},
        ],
    )
    async def test_what_is_none_is_refused(self, client, payload):
        assert (await client.post("/items/company_prefix", json=payload)).status_code == 400

    async def test_nothing_changes_under_codes(self, a, client, rows):
        await created(a, "unique_code", {"id": f"/01/{GTIN_A}/21/X1"})
        key = rows.execute(
            "SELECT id FROM company_prefix WHERE digits = %s", [PREFIX_A]
        ).fetchone()[0]
        for patch in (
            {"digits": "40123456"},
            {"digits": "401234"},
            {"digits": "5012345"},
            {"account": B},
            {"account": None},
        ):
            response = await client.patch(f"/items/company_prefix/{key}", json=patch)
            assert response.status_code == 400, (patch, response.text)
        assert (await client.delete(f"/items/company_prefix/{key}")).status_code == 422
        noted = await client.patch(f"/items/company_prefix/{key}", json={"note": "Main"})
        assert noted.status_code == 200

    async def test_one_without_codes_may_go(self, b, client, rows):
        key = rows.execute(
            "SELECT id FROM company_prefix WHERE digits = %s", [PREFIX_B]
        ).fetchone()[0]
        assert (
            await client.patch(f"/items/company_prefix/{key}", json={"account": A})
        ).status_code == 200
        assert (await client.delete(f"/items/company_prefix/{key}")).status_code == 204
        assert is_unowned(await b.post("/items/unique_code", json={"id": f"/01/{GTIN_B}/21/X1"}))

    async def test_gtin8(self, a, b, client):
        await created(client, "company_prefix", {"digits": "963", "kind": "gtin8", "account": A})
        made = await created(a, "unique_code", {"id": "/01/00000096385074/21/1"})
        assert made["epc_uri"] == "urn:epc:id:sgtin:00000963.08507.1"
        assert made["epc_hex"] == "30100001E1884EC000000001"
        assert is_unowned(
            await b.post("/items/unique_code", json={"id": "/01/00000096385074/21/2"})
        )


class TestDomains:
    async def test_a_claim_is_pending_and_gives_nothing(self, b, client, anybody):
        made = await created(b, "domain", {"domain_name": "Shop.B.com.", "type": "short"})
        assert (made["domain_name"], made["state"]) == ("shop.b.com", "pending")
        assert is_unowned(await b.post("/items/unique_code", json={"id": "shop.b.com/abcdef"}))
        job = {"type": "short_code", "quantity": 1, "domain": made["id"]}
        assert is_unowned(await b.post("/items/identifier_job", json=job))
        for payload in ({"domain_name": "x.b.com", "state": "verified"},):
            assert (await b.post("/items/domain", json=payload)).status_code == 400
        refused = await b.patch(f"/items/domain/{made['id']}", json={"state": "verified"})
        assert is_unowned(refused)
        assert (
            await client.patch(f"/items/domain/{made['id']}", json={"state": "verified"})
        ).status_code == 200
        await created(b, "unique_code", {"id": "shop.b.com/abcdef", "activation_status": 1})
        assert (await scanned(anybody, "/abcdef", "shop.b.com"))["status"] == "genuine"
        renamed = await b.patch(f"/items/domain/{made['id']}", json={"domain_name": "other.b.com"})
        assert renamed.status_code == 200 or errors(renamed)[0]["field"] == "domain_name"

    async def test_a_claim_of_somebody_else_is_in_nobodys_way(self, a, b, client):
        first = await created(b, "domain", {"domain_name": "brand.com"})
        second = await created(a, "domain", {"domain_name": "brand.com"})
        assert (
            await client.patch(f"/items/domain/{second['id']}", json={"state": "verified"})
        ).status_code == 200
        assert (
            await client.patch(f"/items/domain/{first['id']}", json={"state": "verified"})
        ).status_code == 400

    async def test_the_servers_own_paths_are_no_short_codes(self, app, a, rows):
        words = {route.path.split("/")[1] for route in routes_of(app.routes)}
        words = {word for word in words if word and "{" not in word}
        assert {"graphql", "items", "auth", "01", "api"} <= words
        kept = {row[0] for row in rows.execute("SELECT word FROM reserved_path").fetchall()}
        assert words <= kept
        for word in sorted(words):
            refused = await a.post("/items/unique_code", json={"id": f"go.a.com/{word}"})
            assert refused.status_code == 400, word

    async def test_the_installations_own_host_is_nobodys(self, a, client, monkeypatch):
        monkeypatch.setenv("PUBLIC_URL", "https://api.mintage.example/")
        monkeypatch.setenv("OWN_HOSTS", "mintage.example, www.mintage.example")
        current.cache_clear()
        for host in ("api.mintage.example", "API.mintage.example.", "www.mintage.example"):
            for caller in (a, client):
                refused = await caller.post("/items/domain", json={"domain_name": host})
                assert refused.status_code == 400, host


class TestCountedKeys:
    @pytest.mark.parametrize("key", [2**31 - 1, 2**31 - 2, 5000, 1])
    @pytest.mark.parametrize(
        ("collection", "payload"),
        [
            ("campaign", {"name": "C"}),
            ("workorder", {"reference": "W", "quantity": 1, "activate_on_complete": False}),
        ],
    )
    async def test_a_tenant_gives_none(self, a, collection, payload, key):
        refused = await a.post(f"/items/{collection}", json={"id": key, **payload})
        assert refused.status_code == 400
        assert errors(refused)[0]["field"] == "id"
        upserted = await a.patch(f"/items/{collection}", json=[{"id": key, **payload}])
        assert upserted.status_code in {400, 403}
        imported = await a.post(
            f"/utils/import/{collection}",
            files={"file": ("r.json", json.dumps([{"id": key, **payload}]), "application/json")},
        )
        assert imported.status_code == 400, imported.text

    async def test_one_of_the_admin_never_ends_the_count(self, a, client):
        for key in (2**31 - 1, 2**31 - 2, 2**30):
            await created(client, "campaign", {"id": key, "name": f"C{key}"})
        made = await created(a, "campaign", {"name": "mine"})
        assert made["id"] < 1000
        await created(client, "campaign", {"id": made["id"] + 10, "name": "C"})
        assert (await created(a, "campaign", {"name": "next"}))["id"] == made["id"] + 11

    async def test_what_is_refused_moves_nothing(self, a, client):
        first = await created(a, "campaign", {"name": "mine"})
        both = [{"id": first["id"] + 500, "name": "C"}, {"id": first["id"] + 501}]
        assert (await client.post("/items/campaign", json=both)).status_code == 400
        assert (await created(a, "campaign", {"name": "next"}))["id"] < first["id"] + 500

    async def test_given_and_counted_keys_come_together(self, client):
        first = (await created(client, "campaign", {"name": "first"}))["id"]
        rows = [{"id": first + 1, "name": "given"}, {"name": "counted"}, {"name": "counted too"}]
        made = await created(client, "campaign", rows)
        assert len({row["id"] for row in made}) == 3


class TestEpcs:
    async def test_nothing_that_was_given_out_changes(self, a, rows):
        """Not when its job is deleted, nor its account or product edited."""
        code = f"/00/{Sscc.build(0, PREFIX_A, 77).value}"
        made = await created(a, "unique_code", {"id": code, "type": "sscc"})
        assert made["epc_uri"] == f"urn:epc:id:sscc:{PREFIX_A}.0{77:09d}"
        rows.execute("UPDATE product SET company_prefix_length = 9")
        shown = (await a.get(f"/items/unique_code/{code.replace('/', '%2F')}")).json()["data"]
        assert shown["epc_uri"] == made["epc_uri"]
        changed = await a.patch(
            f"/items/unique_code/{code.replace('/', '%2F')}", json={"company_prefix_length": 9}
        )
        assert changed.json()["data"]["epc_uri"] == made["epc_uri"]

    async def test_a_products_own_length_stays_while_it_has_codes(self, client):
        product = {"id": "/01/05000000000005", "product_name": "P", "company_prefix_length": 9}
        await created(client, "product", product)
        made = await created(client, "unique_code", {"id": "/01/05000000000005/21/X"})
        assert made["epc_uri"] == "urn:epc:id:sgtin:500000000.0000.X"
        path = "/items/product/%2F01%2F05000000000005"
        assert (await client.patch(path, json={"company_prefix_length": 7})).status_code == 400
        assert (await client.patch(path, json={"company_prefix_length": None})).status_code == 400

    async def test_an_extended_id_is_not_another_codes_own(self, a, b):
        first = await created(a, "unique_code", {"id": f"/01/{GTIN_A}/21/1"})
        epc, other = first["extended_id"], {"id": f"/01/{GTIN_A}/21/2"}
        future = epc[:-1] + "7"
        for stolen in (
            epc,
            epc.lower(),
            first["id"],
            future,
            f"/01/{GTIN_A}/21/3",
            "go.a.com/abcdef",
        ):
            refused = await a.post("/items/unique_code", json={**other, "extended_id": stolen})
            assert refused.status_code == 400, stolen
            assert errors(refused)[0]["field"] == "extended_id"
            strange = {"id": f"/01/{GTIN_B}/21/2", "extended_id": stolen}
            assert (await b.post("/items/unique_code", json=strange)).status_code == 400, stolen
        own = await created(a, "unique_code", {**other, "extended_id": "my-own-2"})
        path = f"/items/unique_code/{own['id'].replace('/', '%2F')}"
        assert (await a.patch(path, json={"extended_id": epc})).status_code == 400
        assert (await a.patch(path, json={"extended_id": own["id"]})).status_code == 200


async def test_a_squatters_row_from_before_says_nothing(a, b, anybody, rows):
    """What came into the table before keys had owners is no word of the owner's."""
    rows.execute(
        "INSERT INTO product (id, product_name, account, product_redirection_url) "
        "VALUES (%s, 'Fake', %s, 'https://evil.example/')",
        [f"/01/{GTIN_A}", B],
    )
    rows.execute(
        "INSERT INTO unique_code (id, type, code, product, account, activation_status) "
        "VALUES (%s, 'sgtin', 'F', %s, %s, 1)",
        [f"/01/{GTIN_A}/21/F", f"/01/{GTIN_A}", B],
    )
    told = await scanned(anybody, f"/01/{GTIN_A}/21/F")
    assert (told["status"], told["link"], told["product_name"]) == ("unknown", None, None)
    recorded = rows.execute("SELECT account, code, flags, computed_status FROM scan").fetchall()
    assert [(str(account), *rest) for account, *rest in recorded] == [
        (A, None, "counterfeit", "unknown")
    ]
    assert len((await a.get("/items/scan")).json()["data"]) == 1
    assert (await b.get("/items/scan")).json()["data"] == []
    app_scan = await created(b, "scan", {"scanned_key": f"/01/{GTIN_A}/21/F"})
    assert app_scan["computed_status"] == "unknown"
    job = {"type": "sgtin", "product": f"/01/{GTIN_A}", "quantity": 1}
    assert is_unowned(await b.post("/items/identifier_job", json=job))
