"""Neighbours of whose a key is, as a second look found them: each a way around the owner."""

import asyncio

import pytest

from app.codes.check_digit import check_digit
from tests.acceptance.two_accounts import (
    GTIN_A,
    PREFIX_A,
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

GTIN_SHARED = "05012345000008"
SHARED = f"/01/{GTIN_SHARED}"


@pytest.fixture
async def shared(client, two_accounts):
    await created(client, "company_prefix", {"digits": "5012345"})


def plant(rows, key, account, kind="sgtin"):
    """A code by SQL, as an earlier version would have left it."""
    rows.execute(
        "INSERT INTO unique_code (id, type, code, account, activation_status) "
        "VALUES (%s, %s, 'X', %s, 1)",
        [key, kind, account],
    )


@pytest.mark.usefixtures("shared")
class TestSharedPrefixes:
    async def test_a_code_needs_its_product_first(self, a, b, anybody):
        """Or who plants a code before the product is there would be its owner."""
        fake = {"id": f"{SHARED}/21/FAKE1", "activation_status": 1}
        assert is_unowned(await b.post("/items/unique_code", json=fake))
        await created(a, "product", {"id": SHARED, "product_name": "A's"})
        assert is_unowned(await b.post("/items/unique_code", json=fake))
        assert (await scanned(anybody, f"{SHARED}/21/FAKE1"))["status"] == "unknown"

    async def test_a_planted_code_is_nobodys_word(self, a, rows, anybody):
        await created(a, "product", {"id": SHARED, "product_name": "A's"})
        plant(rows, f"{SHARED}/21/FAKE1", B)
        assert (await scanned(anybody, f"{SHARED}/21/FAKE1"))["status"] == "unknown"

    async def test_no_product_is_laid_over_what_was_given_out(self, b, rows):
        plant(rows, f"{SHARED}/21/X1", A)
        assert is_unowned(
            await b.post("/items/product", json={"id": SHARED, "product_name": "B's"})
        )
        rows.execute("DELETE FROM unique_code")
        rows.execute(
            "INSERT INTO code_space (key_prefix, alphabet, length, next_position) "
            "VALUES (%s, '0123456789', 8, 5)",
            [f"{SHARED}/21/"],
        )
        assert is_unowned(
            await b.post("/items/product", json={"id": SHARED, "product_name": "B's"})
        )

    @pytest.mark.parametrize("first", [{"id": SHARED}, {"id": "own-a", "gtin": GTIN_SHARED}])
    @pytest.mark.parametrize(
        "second",
        [
            {"id": SHARED},
            {"gtin": GTIN_SHARED},
            {"gtin": GTIN_SHARED.lstrip("0")},
            {"id": "own-b", "gtin": GTIN_SHARED},
            {"id": "own-b", "gtin": GTIN_SHARED.lstrip("0")},
        ],
    )
    async def test_a_gtin_is_whose_product_had_it_first(self, a, b, first, second):
        await created(a, "product", {"product_name": "A's", **first})
        assert is_unowned(await b.post("/items/product", json={"product_name": "B's", **second}))
        await created(b, "product", {"id": "own-b", "product_name": "B's"})
        gtin = {"gtin": GTIN_SHARED.lstrip("0")}
        assert is_unowned(await b.patch("/items/product/own-b", json=gtin))
        assert is_unowned(await b.patch("/items/product", json=[{"id": "own-b", **gtin}]))
        for name in ("own-a2", "own-a3"):  # as often as its own account likes
            await created(a, "product", {"id": name, "product_name": "A's", **gtin})

    async def test_a_gtin_is_whose_codes_there_are(self, b, rows):
        plant(rows, f"{SHARED}/21/X1", A)
        payload = {"id": "own-b", "gtin": GTIN_SHARED, "product_name": "B's"}
        assert is_unowned(await b.post("/items/product", json=payload))

    async def test_of_two_at_once_one_has_it(self, a, b):
        for number in range(8):
            body = f"5012345{number:05d}"
            gtin = body + check_digit(body)
            wanted = {"id": "own-{}-" + str(number), "gtin": gtin, "product_name": "Wanted"}
            answers = await asyncio.gather(
                *(
                    who.post("/items/product", json={**wanted, "id": wanted["id"].format(name)})
                    for who, name in ((a, "a"), (b, "b"))
                )
            )
            assert sorted(answer.status_code for answer in answers) == [200, 400]

    async def test_a_product_stays_while_there_are_codes_of_its_key(self, a):
        await created(a, "product", {"id": SHARED, "product_name": "A's"})
        await created(a, "unique_code", {"id": f"{SHARED}/21/X1"})
        gone = await a.delete(f"/items/product/{SHARED.replace('/', '%2F')}")
        assert errors(gone)[0]["code"] == "INVALID_FOREIGN_KEY"


class TestDomains:
    async def domain_of(self, rows, name):
        found = rows.execute("SELECT id::text FROM domain WHERE domain_name = %s", [name])
        return found.fetchone()[0]

    async def test_a_default_domain_of_another_account_is_none(self, a, rows):
        theirs = await self.domain_of(rows, "go.b.com")
        rows.execute("UPDATE account SET default_domain = %s WHERE id = %s", [theirs, A])
        refused = await a.post("/items/identifier_job", json={"type": "short_code", "quantity": 2})
        assert errors(refused)[0]["field"] == "domain"
        order = {"reference": "1", "quantity": 1, "activate_on_complete": True}
        await created(a, "product", {"id": "own", "product_name": "Own"})
        refused = await a.post("/items/workorder", json={**order, "product": "own"})
        assert refused.status_code == 400, refused.text

    async def test_one_with_codes_is_let_go_by_no_state(self, a, b, client, rows):
        await created(a, "unique_code", {"id": "go.a.com/abcdef"})
        path = f"/items/domain/{await self.domain_of(rows, 'go.a.com')}"
        for patch in (
            {"state": "pending"},
            {"state": None},
            {"domain_name": "other.a.com"},
            {"domain_name": "other.a.com", "state": "pending"},
        ):
            assert (await a.patch(path, json=patch)).status_code == 400, patch
        assert (await a.delete(path)).status_code == 422
        for owner in (B, None):
            assert (await client.patch(path, json={"account": owner})).status_code == 400
        claim = await b.post("/items/domain", json={"domain_name": "go.a.com"})
        assert claim.status_code == 400

    async def test_a_mere_claim_goes_whatever_codes_its_owner_has(self, b, rows):
        claim = await created(b, "domain", {"domain_name": "brand.com"})
        plant(rows, "brand.com/abcdef", A, "short_code")
        renamed = await b.patch(f"/items/domain/{claim['id']}", json={"domain_name": "x.b.com"})
        assert renamed.status_code == 200, renamed.text
        assert (await b.delete(f"/items/domain/{claim['id']}")).status_code == 204

    async def test_none_is_verified_over_codes_of_others(self, b, client, rows):
        claim = await created(b, "domain", {"domain_name": "brand.com"})
        plant(rows, "brand.com/abcdef", A, "short_code")
        verified = await client.patch(f"/items/domain/{claim['id']}", json={"state": "verified"})
        assert verified.status_code == 400, verified.text

    @pytest.mark.parametrize("name", ["10.0.0.10", "1.2.3.0x4", "a.0x", "1.2.3.4"])
    async def test_addresses_are_no_domains(self, client, name):
        assert (await client.post("/items/domain", json={"domain_name": name})).status_code == 400

    @pytest.mark.parametrize("code", [".", ".."])
    async def test_what_browsers_take_away_is_no_short_code(self, a, code):
        refused = await a.post("/items/unique_code", json={"id": f"go.a.com/{code}"})
        assert refused.status_code == 400


class TestPrefixes:
    async def key_of(self, rows, digits):
        found = rows.execute("SELECT id::text FROM company_prefix WHERE digits = %s", [digits])
        return found.fetchone()[0]

    @pytest.mark.usefixtures("two_accounts")
    async def test_one_of_codes_that_are_gone_keeps_its_owner(self, client, rows):
        rows.execute(
            "INSERT INTO code_space (key_prefix, alphabet, length, next_position) "
            "VALUES (%s, '0123456789', 8, 5)",
            [f"/01/{GTIN_A}/21/"],
        )
        path = f"/items/company_prefix/{await self.key_of(rows, PREFIX_A)}"
        assert (await client.patch(path, json={"account": B})).status_code == 400
        assert (await client.delete(path)).status_code == 422

    @pytest.mark.parametrize(
        "product",
        [
            {"id": f"/253/{PREFIX_A}000010", "product_name": "x"},
            {"id": f"/8006/0{PREFIX_A}0000010101", "product_name": "x"},
            {"id": f"/8018/{PREFIX_A}00000000010", "product_name": "x"},
            {"id": "own", "gtin": GTIN_A, "product_name": "x"},
        ],
    )
    async def test_every_kind_of_key_holds_its_prefix(self, a, client, rows, product):
        await created(a, "product", product)
        path = f"/items/company_prefix/{await self.key_of(rows, PREFIX_A)}"
        assert (await client.delete(path)).status_code == 422

    async def test_none_is_laid_over_keys_of_others_or_other_lengths(self, client, rows):
        rows.execute("INSERT INTO account (id, account_name) VALUES (%s, 'B')", [B])
        plant(rows, "/01/08888888000007/21/1", ACCOUNT)
        theirs = await client.post(
            "/items/company_prefix", json={"digits": "8888888", "account": B}
        )
        assert theirs.status_code == 400
        rows.execute("UPDATE unique_code SET company_prefix_length = 7")
        for digits, status in (("888888800", 400), ("8888888", 200)):
            payload = {"digits": digits, "account": ACCOUNT}
            made = await client.post("/items/company_prefix", json=payload)
            assert made.status_code == status, made.text

    @pytest.mark.usefixtures("two_accounts")
    async def test_a_job_under_shorter_digits_than_a_prefix_is_refused(self, client):
        job = {"type": "sscc", "quantity": 2, "sscc_company_prefix": PREFIX_A[:6]}
        refused = await client.post("/items/identifier_job", json=job)
        assert refused.status_code == 400
        assert f'"{PREFIX_A}"' in refused.json()["errors"][0]["message"]


@pytest.mark.parametrize("kind", ["tag", "sgtin"])
async def test_a_type_makes_no_key_its_own(b, rows, anybody, kind):
    plant(rows, f"/01/{GTIN_A}/21/P", B, kind)
    assert (await scanned(anybody, f"/01/{GTIN_A}/21/P"))["status"] == "unknown"


@pytest.mark.parametrize(
    "form",
    [
        "/01/{gtin}/21/1/",
        "/01/{gtin}/21/1//",
        "/01/{gtin}/21/1?17=2712",
        "/01/{gtin}/21/%31",
        "https://x.example/01/{gtin}/21/1/?a=b",
        "(01){gtin}(21)1",
    ],
)
async def test_one_key_in_any_form_has_one_verdict(a, anybody, form):
    await created(a, "unique_code", {"id": f"/01/{GTIN_A}/21/1", "activation_status": 1})
    text = form.format(gtin=GTIN_A)
    row = await created(a, "scan", {"scanned_key": text})
    assert (row["computed_status"], row["code"]) == ("genuine", f"/01/{GTIN_A}/21/1")
    if form.startswith("/"):
        assert (await scanned(anybody, text))["status"] == "genuine"


async def test_a_serial_with_a_slash_is_found_first(a):
    """A path is first what it says; only where there is no such code, it is a link."""
    for serial in ("1", "1/"):
        await created(a, "unique_code", {"id": f"/01/{GTIN_A}/21/{serial}"})
    row = await created(a, "scan", {"scanned_key": f"/01/{GTIN_A}/21/1/"})
    assert row["code"] == f"/01/{GTIN_A}/21/1/"


async def test_what_another_accounts_app_scans_is_the_owners_too(a, b):
    await created(a, "unique_code", {"id": f"/01/{GTIN_A}/21/1", "activation_status": 1})
    for serial, told in (("1", "genuine"), ("COPY", "unknown")):
        row = await created(b, "scan", {"scanned_key": f"/01/{GTIN_A}/21/{serial}"})
        assert (row["computed_status"], row["code"], row["flags"]) == (told, None, [])
    path = "/items/scan?sort=computed_status&fields=computed_status,flags,install_id,user_email"
    assert (await a.get(path)).json()["data"] == [
        {
            "computed_status": "genuine",
            "flags": ["genuine"],
            "install_id": None,
            "user_email": None,
        },
        {
            "computed_status": "unknown",
            "flags": ["counterfeit"],
            "install_id": None,
            "user_email": None,
        },
    ]
    assert len((await b.get("/items/scan")).json()["data"]) == 2


@pytest.mark.usefixtures("two_accounts")
async def test_prefixes_that_come_at_once_never_overlap(client):
    asked = [
        client.post("/items/company_prefix", json={"digits": digits, "account": account})
        for digits, account in (("5012345", A), ("50123", B), ("501234567", A), ("5012345", B))
    ]
    answers = await asyncio.gather(*asked)
    assert sorted(answer.status_code for answer in answers) == [200, 400, 400, 400]


async def _answer(client, door, body):
    answer = await client.post(f"/items/{door}", json=body)
    return answer.status_code, [
        {**error, "extensions": {**error["extensions"], "value": None, "invalid": None}}
        for error in answer.json()["errors"]
    ]


@pytest.mark.parametrize("prefix", ["5012345", "6012345"], ids=["shared", "nobody's"])
@pytest.mark.usefixtures("shared")
async def test_products_of_the_installation_are_to_accounts_as_if_there_were_none(
    client, b, rows, prefix
):
    """No refusal tells that there is one, by any door that a product can be named at."""
    keys = []
    for number in (0, 1):
        digits = f"0{prefix}0000{number}"
        keys.append(f"/01/{digits}{check_digit(digits)}")
    rows.execute("INSERT INTO product (id, product_name) VALUES (%s, 'Ours')", [keys[0]])
    for door, body in (
        ("identifier_job", {"product": "KEY", "type": "sgtin", "quantity": 1}),
        ("code_reservation", {"product": "KEY", "code_type": "sgtin", "quantity": 1}),
        (
            "code_pool",
            {"product": "KEY", "type": "sgtin", "low_water": 1, "job_quantity": 10, "name": "x"},
        ),
        ("unique_code", {"id": "KEY/21/F"}),
        ("unique_code", {"product": "KEY", "code": "F", "type": "sgtin"}),
    ):
        told = []
        for key in keys:
            named = {
                name: value.replace("KEY", key) if isinstance(value, str) else value
                for name, value in body.items()
            }
            status, refused = await _answer(b, door, named)
            told.append((status, str(refused).replace(key, "KEY").replace(key[5:-1], "DIGITS")))
        assert told[0] == told[1], door
        assert told[0][0] == 400, door


async def test_an_imported_code_keeps_its_epc_when_it_and_its_product_are_gone(client, a, rows):
    """Also under a prefix that is made shorter meanwhile: that is refused."""
    key = f"/01/{GTIN_A}"
    code = {"id": f"{key}/21/IMP", "activation_status": 1}
    digits = "0" + PREFIX_A + "1" * 9
    sscc = {"id": f"/00/{digits}{check_digit(digits)}"}
    epcs = []
    for _ in range(2):
        await created(a, "product", {"id": key, "product_name": "x"})
        for body in (code, sscc):
            await created(a, "unique_code", body)
        found = (await a.get("/items/unique_code?fields=id,epc_uri&sort=id")).json()["data"]
        epcs.append(found)
        assert all(row["epc_uri"] for row in found)
        for collection, gone in (("unique_code", [code["id"], sscc["id"]]), ("product", [key])):
            answer = await a.request("DELETE", f"/items/{collection}", json=gone)
            assert answer.status_code == 204, answer.text
        prefix = rows.execute(
            "SELECT id FROM company_prefix WHERE digits = %s", [PREFIX_A]
        ).fetchone()[0]
        for digits in (PREFIX_A[:-1], PREFIX_A + "0"):
            answer = await client.patch(f"/items/company_prefix/{prefix}", json={"digits": digits})
            assert answer.status_code == 400, answer.text
    assert epcs[0] == epcs[1]
