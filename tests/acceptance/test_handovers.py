"""What was there before a prefix or a domain had its owner, what was given out, and raw tags."""

import asyncio
from urllib.parse import quote

import pytest

from tests.acceptance.two_accounts import (
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
from tests.installation import app, client, installation, prepared, reset, rows

__all__ = [
    "a",
    "anybody",
    "app",
    "b",
    "client",
    "installation",
    "prepared",
    "reset",
    "rows",
    "two_accounts",
]

NOBODYS = "5012345"
OF_KEYS = {
    "3015D09EE400000000000005": "/01/07612345000008/21/5",  # SGTIN-96
    "3315D09EE400000000000005": "/8003/076123450000085",  # GRAI-96
    "3115D09EE400000005000001": None,  # SSCC-96 with bits behind it
    "3215D09EE400000000000005": None,  # SGLN-96
    "3415D09EE400000000000005": None,  # GIAI-96
    "2D15D09EE400000005000000": None,  # GSRN-96
    "2C15D09EE4000A0000000005": None,  # GDTI-96
    "3C15D09EE400000000000005": None,  # CPI-96
    "3615D09EE400000000000005": None,  # the head of an SGTIN-198
    "F40761234500000000017000": None,  # GSRN+
}
RAW = "urn:epc:raw:96.x"


@pytest.fixture
def minted(mint, rows):
    """Does all of a job; its error, if it failed."""

    async def run(job):
        await mint(job)
        [error] = rows.execute(
            "SELECT error_message FROM identifier_job WHERE id = %s", [job]
        ).fetchone()
        return error

    return run


class TestRawTags:
    @pytest.mark.parametrize(("bits", "key"), OF_KEYS.items())
    async def test_bits_that_say_a_gs1_key_are_none(self, a, b, client, bits, key):
        """What they say has an owner, and is a code by that key, if codes have it."""
        await created(client, "company_prefix", {"digits": NOBODYS})
        for who in (a, b, client):
            for row in ({"type": "tag", "code": bits}, {"id": RAW + bits, "type": "tag"}):
                refused = await who.post("/items/unique_code", json=row)
                assert refused.status_code == 400, refused.text
        if key is not None:
            assert is_unowned(await a.post("/items/unique_code", json={"id": bits}))
            made = await created(b, "unique_code", {"id": RAW + bits.lower()})
            assert made["id"] == key

    @pytest.mark.parametrize("bits", ["800200010000000000000008", "FF" * 12, "2F" + "01" * 11])
    async def test_every_form_of_one_has_one_verdict(self, a, bits):
        """Nothing in them says whose they are: nobody can say that they are genuine."""
        await created(a, "unique_code", {"type": "tag", "code": bits, "activation_status": 1})
        key = RAW + bits
        for given_ in (bits, bits.lower(), key, key.upper(), f" {key}\r\n", f"]C1{bits}"):
            row = await created(a, "scan", {"scanned_key": given_})
            assert row["computed_status"] == "unknown", given_
            if given_.startswith("]"):
                continue
            wanted = {"query": {"filter": {"id": {"_eq": given_}}, "fields": ["id"]}}
            found = await a.request("SEARCH", "/items/unique_code", json=wanted)
            assert found.json()["data"] == [{"id": key}]
            path = f"/items/unique_code/{quote(given_.strip(), safe='')}?fields=id"
            assert (await a.get(path)).json()["data"] == {"id": key}

    async def test_its_bits_are_no_name_of_another(self, a):
        bits = "800200010000000000000008"
        name = {"id": "/01/04012345000009/21/1", "extended_id": bits}
        await created(a, "unique_code", name)
        taken = await a.post("/items/unique_code", json={"type": "tag", "code": bits})
        assert errors(taken)[0]["code"] == "FAILED_VALIDATION"
        await created(a, "unique_code", {"type": "tag", "code": "80" + "FF" * 11})
        for text in ("80" + "ff" * 11, RAW + "80" + "FF" * 11):
            row = {"id": "/01/04012345000009/21/2", "extended_id": text}
            assert (await a.post("/items/unique_code", json=row)).status_code == 400


async def test_a_short_code_takes_no_name_that_a_code_has(a, client):
    name = {"id": "/01/04012345000009/21/1", "extended_id": "later.a.com/x"}
    await created(a, "unique_code", name)
    await created(client, "domain", {"domain_name": "later.a.com", "account": A})
    taken = await a.post("/items/unique_code", json={"id": "later.a.com/x"})
    assert (errors(taken)[0]["field"], taken.status_code) == ("id", 400)
    await created(a, "unique_code", {"id": "later.a.com/y"})


class TestKeysOfAll:
    """Under a prefix or domain of all accounts, what was minted stays whose it was."""

    async def test_what_was_minted_for_one_is_nobody_elses(self, a, b, client, rows, minted):
        await created(client, "company_prefix", {"digits": NOBODYS})
        job = await created(
            a, "identifier_job", {"type": "sscc", "quantity": 3, "sscc_company_prefix": NOBODYS}
        )
        await minted(job["id"])
        keys = [key for (key,) in rows.execute("SELECT id FROM unique_code ORDER BY 1").fetchall()]
        assert len(keys) == 3
        for key in keys:
            assert (await b.post("/items/unique_code", json={"id": key})).status_code == 400
        rows.execute("DELETE FROM unique_code")
        for key in keys:
            assert is_unowned(await b.post("/items/unique_code", json={"id": key}))
        await created(a, "unique_code", {"id": keys[0]})
        assert (await a.delete(f"/items/identifier_job/{job['id']}")).status_code == 204
        assert is_unowned(await b.post("/items/unique_code", json={"id": keys[1]}))
        await created(a, "unique_code", {"id": keys[1]})
        await created(b, "unique_code", {"id": "/00/050123450000009995"})

    async def test_nor_are_short_codes_of_a_domain_of_all(self, a, b, client, rows, minted):
        domain = await created(client, "domain", {"domain_name": "all.com", "state": "verified"})
        job = {"type": "short_code", "quantity": 3, "length": 8, "domain": domain["id"]}
        await minted((await created(a, "identifier_job", job))["id"])
        keys = [key for (key,) in rows.execute("SELECT id FROM unique_code").fetchall()]
        rows.execute("DELETE FROM unique_code")
        rows.execute("DELETE FROM identifier_job")
        for key in keys:
            assert is_unowned(await b.post("/items/unique_code", json={"id": key}))
        await created(b, "unique_code", {"id": "all.com/mine"})


class TestLengths:
    """An EPC that was given out stays, also when its codes, job and product are gone."""

    async def test_of_two_lengths_an_sscc_has_one(self, client, rows, minted):
        first = {"type": "sscc", "quantity": 5, "sscc_company_prefix": "3012345"}
        await minted((await created(client, "identifier_job", first))["id"])
        rows.execute("DELETE FROM unique_code")
        rows.execute("DELETE FROM identifier_job")
        other = first | {"sscc_company_prefix": "301234", "sscc_start_serial": 5_000_000_003}
        job = await created(client, "identifier_job", other)
        assert "exists already" in await minted(job["id"])
        free = await created(client, "identifier_job", other | {"sscc_start_serial": 5})
        assert await minted(free["id"]) is None

    async def test_nor_does_a_product_change_it(self, client, rows, minted):
        product = {"gtin": "08888888000006", "product_name": "P", "company_prefix_length": 7}
        key = (await created(client, "product", product))["id"]
        job = {"product": key, "quantity": 5}
        await minted((await created(client, "identifier_job", job))["id"])
        rows.execute("DELETE FROM unique_code")
        path = f"/items/product/{quote(key, safe='')}"
        assert (await client.patch(path, json={"company_prefix_length": 8})).status_code == 400
        kept = await client.patch(path, json={"company_prefix_length": None})
        assert kept.json()["data"]["company_prefix_length"] == 7
        assert (await client.delete(path)).status_code == 204
        wrong = product | {"company_prefix_length": 8}
        assert (await client.post("/items/product", json=wrong)).status_code == 400
        del product["company_prefix_length"]
        assert (await created(client, "product", product))["company_prefix_length"] == 7

    async def test_nor_does_a_prefix_that_comes_later(self, client, rows, minted):
        job = {"type": "sscc", "quantity": 5, "sscc_company_prefix": "3012345"}
        await minted((await created(client, "identifier_job", job))["id"])
        rows.execute("DELETE FROM unique_code")
        for digits, status in (("301234", 400), ("30123456", 400), ("3012345", 200)):
            made = await client.post("/items/company_prefix", json={"digits": digits})
            assert made.status_code == status, made.text


class TestHandovers:
    async def test_what_the_installation_made_comes_to_the_owner_of_its_key(
        self, b, client, anybody
    ):
        product = f"/01/0{NOBODYS}000008"
        await created(client, "product", {"id": product, "product_name": "Before"})
        code = {"id": f"{product}/21/1", "activation_status": 1}
        await created(client, "unique_code", code)
        assert (await scanned(anybody, code["id"]))["status"] == "genuine"
        await created(client, "company_prefix", {"digits": NOBODYS, "account": B})
        assert (await scanned(anybody, code["id"]))["status"] == "genuine"
        [own] = (await b.get("/items/unique_code?fields=id,account")).json()["data"]
        assert own == {"id": code["id"], "account": B}
        await created(b, "unique_code", {"id": f"{product}/21/2"})

    async def test_so_do_products_of_their_own_keys(self, b, client):
        gtin = {"id": "own", "gtin": "05012345000008", "product_name": "Before"}
        await created(client, "product", gtin)
        await created(client, "company_prefix", {"digits": NOBODYS, "account": B})
        [own] = (await b.get("/items/product?fields=id")).json()["data"]
        assert own == {"id": "own"}

    async def test_so_do_those_of_a_domain_that_is_made_verified(self, b, client):
        await created(client, "unique_code", {"id": "new.b.com/x7Kp"})
        domain = {"domain_name": "new.b.com", "state": "verified", "account": B}
        await created(client, "domain", domain)
        [own] = (await b.get("/items/unique_code?fields=id")).json()["data"]
        assert own == {"id": "new.b.com/x7Kp"}

    async def test_so_do_short_codes_when_their_domain_is_verified(self, b, client):
        await created(client, "unique_code", {"id": "new.b.com/x7Kp"})
        domain = await created(b, "domain", {"domain_name": "new.b.com"})
        path = f"/items/domain/{domain['id']}"
        assert (await client.patch(path, json={"state": "verified"})).status_code == 200
        [own] = (await b.get("/items/unique_code?fields=id")).json()["data"]
        assert own == {"id": "new.b.com/x7Kp"}

    async def test_so_do_jobs_and_what_they_mint_afterwards(self, b, client, rows, minted):
        product = f"/01/0{NOBODYS}000008"
        await created(client, "product", {"id": product, "product_name": "Before"})
        jobs = [
            await created(client, "identifier_job", job)
            for job in (
                {"product": product, "quantity": 5},
                {"type": "sscc", "quantity": 5, "sscc_company_prefix": NOBODYS},
            )
        ]
        await created(client, "company_prefix", {"digits": NOBODYS, "account": B})
        for job in jobs:
            assert await minted(job["id"]) is None
        assert len((await b.get("/items/identifier_job")).json()["data"]) == 2
        owners = rows.execute("SELECT account::text, count(*) FROM unique_code GROUP BY 1")
        assert owners.fetchall() == [(B, 10)]

    @pytest.mark.usefixtures("two_accounts")
    async def test_what_comes_at_the_same_time_is_left_behind_by_nobody(self, client, rows):
        for number in range(6):
            digits, domain = f"66{number}2345", f"at{number}.b.com"
            codes = [{"id": f"/01/0{digits}000000/21/{n}"} for n in range(300)]
            shorts = [{"id": f"{domain}/c{n}"} for n in range(300)]
            verified = {"domain_name": domain, "state": "verified", "account": B}
            answers = await asyncio.gather(
                client.post("/items/unique_code", json=codes),
                client.post("/items/unique_code", json=shorts),
                client.post("/items/company_prefix", json={"digits": digits, "account": B}),
                client.post("/items/domain", json=verified),
            )
            # Codes that come first have no length yet, and keep that: the prefix comes to them.
            assert [answer.status_code for answer in answers] == [200] * 4, answers[2].text
        owners = rows.execute("SELECT account::text, count(*) FROM unique_code GROUP BY 1")
        assert owners.fetchall() == [(B, 3600)]

    @pytest.mark.parametrize("name", ["prefix", "domain", "claim"])
    async def test_what_can_not_be_beside_others_is_said(self, b, client, name):
        await created(b, "unique_code", {"id": "go.b.com/A1", "extended_id": "SAME"})
        if name == "prefix":
            key = f"/01/0{NOBODYS}000008/21/1"
            await created(client, "unique_code", {"id": key, "extended_id": "SAME"})
            given_ = {"digits": NOBODYS, "account": B}
            answer = await client.post("/items/company_prefix", json=given_)
        else:
            await created(client, "unique_code", {"id": "new.b.com/A1", "extended_id": "SAME"})
            given_ = {"domain_name": "new.b.com", "account": B}
            if name == "domain":
                verified = given_ | {"state": "verified"}
                answer = await client.post("/items/domain", json=verified)
            else:
                claim = await created(client, "domain", given_ | {"state": "pending"})
                path = f"/items/domain/{claim['id']}"
                answer = await client.patch(path, json={"state": "verified"})
        assert answer.status_code == 422, answer.text
        assert '"SAME"' in answer.json()["errors"][0]["message"]

    async def test_what_is_of_no_account_names_nothing_of_one(self, b, client):
        campaign = await created(b, "campaign", {"name": "B's"})
        product = {"id": f"/01/0{NOBODYS}000008", "product_name": "P", "campaign": campaign["id"]}
        refused = await client.post("/items/product", json=product)
        assert errors(refused)[0]["field"] == "campaign"

    @pytest.mark.usefixtures("two_accounts")
    async def test_a_prefix_of_all_adopts_nothing(self, client, rows):
        await created(client, "unique_code", {"id": f"/01/0{NOBODYS}000008/21/1"})
        await created(client, "company_prefix", {"digits": NOBODYS})
        assert rows.execute("SELECT account FROM unique_code").fetchall() == [(None,)]

    async def test_a_domain_whose_codes_are_gone_keeps_its_owner(self, a, client, rows):
        [domain] = (await a.get("/items/domain?fields=id&filter[domain_name]=go.a.com")).json()[
            "data"
        ]
        rows.execute(
            "INSERT INTO code_space (key_prefix, alphabet, length, next_position) "
            "VALUES ('go.a.com/', '0123456789', 8, 5)"
        )
        path = f"/items/domain/{domain['id']}"
        for patch in ({"account": B}, {"domain_name": "other.com"}, {"state": "pending"}):
            assert (await client.patch(path, json=patch)).status_code == 400, patch
        assert (await client.delete(path)).status_code == 422


@pytest.mark.parametrize(
    "text", ["hello", "FB00379F09312345551927", "urn:epc:raw:96.xXYZ", "(01)1"]
)
async def test_what_nobody_can_read_is_unknown(a, text):
    row = await created(a, "scan", {"scanned_key": text})
    assert (row["computed_status"], row["result"]) == ("unknown", "failure")


@pytest.mark.parametrize("path", ["/B1", "/B1/", "/B1//", "/r/go.b.com/B1", "/r/go.b.com:443/B1/"])
async def test_a_short_link_with_final_slashes_is_one(b, anybody, path):
    await created(b, "unique_code", {"id": "go.b.com/B1", "activation_status": 1})
    assert (await scanned(anybody, path, host="go.b.com"))["status"] == "genuine"
