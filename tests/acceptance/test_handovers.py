"""What was there before a prefix or a domain had its owner, and raw tags under both."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.codes.code_path import product_of
from app.codes.epc_binary import PREFIX_BITS
from app.codes.raw_tag import TAG, ranges_under, spelled_key
from tests.acceptance.two_accounts import (
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
from tests.web import app, client, installation, prepared, reset, rows

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

TAGS_OF_B = (
    "3015D09EE400000000000005",  # SGTIN-96
    "3215D09EE400000000000005",  # SGLN-96
    "3315D09EE400000000000005",  # GRAI-96
    "3415D09EE400000000000005",  # GIAI-96
    "2D15D09EE400000005000000",  # GSRN-96
    "2C15D09EE4000A0000000005",  # GDTI-96
    "3115D09EE400000005000001",  # SSCC-96 with bits behind it
    "F700761234500000805181C8",  # SGTIN+
)
NOBODYS = "5012345"
TAGS_OF_OTHERS = f"{0x32 << 88 | 5 << 82 | 5012345 << 58 | 7:024X}"


class TestRawTags:
    @pytest.mark.parametrize("bits", TAGS_OF_B)
    async def test_their_bits_say_whose_they_are(self, a, b, bits):
        tag = {"type": "tag", "code": bits}
        assert is_unowned(await a.post("/items/unique_code", json=tag))
        await created(b, "unique_code", tag)

    @pytest.mark.parametrize("bits", TAGS_OF_B)
    async def test_one_of_another_is_genuine_to_nobody(self, a, b, rows, bits):
        key = f"urn:epc:raw:96.x{bits}"
        rows.execute(
            "INSERT INTO unique_code (id, type, code, account, activation_status) "
            "VALUES (%s, 'tag', %s, %s, 1)",
            [key, bits, A],
        )
        for who in (a, b):
            for given_ in ({"code": key}, {"scanned_key": key}, {"scanned_key": bits.lower()}):
                response = await who.post("/items/scan", json=given_)
                if response.status_code != 200:  # to B the row is not there
                    assert (who, errors(response)[0]["code"]) == (b, "INVALID_FOREIGN_KEY")
                    continue
                assert response.json()["data"]["computed_status"] == "unknown", given_

    @pytest.mark.parametrize("bits", TAGS_OF_B)
    async def test_no_prefix_is_laid_over_those_of_another(self, a, client, rows, bits):
        rows.execute("DELETE FROM company_prefix WHERE digits = %s", [PREFIX_B])
        await created(a, "unique_code", {"type": "tag", "code": bits})
        refused = await client.post(
            "/items/company_prefix", json={"digits": PREFIX_B, "account": B}
        )
        assert refused.status_code == 400
        assert bits in refused.json()["errors"][0]["message"]
        await created(client, "company_prefix", {"digits": PREFIX_B, "account": A})

    @pytest.mark.parametrize(
        ("bits", "status"),
        [
            (f"{0x32 << 88 | 5 << 82 | 4012345 << 58 | 7:024X}", "genuine"),  # SGLN-96 of A
            ("301613C26400000000000007", "unknown"),  # under a prefix of nobody
            ("F40761234500000000017000", "unknown"),  # GSRN+ of B: bits that nobody reads here
            ("FF" * 12, "unknown"),
        ],
    )
    async def test_every_form_of_one_has_one_verdict(self, a, bits, status):
        await created(a, "unique_code", {"type": "tag", "code": bits, "activation_status": 1})
        key = f"urn:epc:raw:96.x{bits}"
        for given_ in (bits, bits.lower(), key, key.upper(), f" {key}\r\n"):
            row = await created(a, "scan", {"scanned_key": given_})
            assert row["computed_status"] == status, given_
            wanted = {"query": {"filter": {"id": {"_eq": given_}}, "fields": ["id"]}}
            found = await a.request("SEARCH", "/items/unique_code", json=wanted)
            if given_ != bits and given_ != bits.lower():
                assert found.json()["data"] == [{"id": key}]

    @pytest.mark.parametrize(
        "bits", ["301531EDE40000C000000007", "F70050123450000390150000", "331531EDE40000C000000009"]
    )
    async def test_under_a_prefix_of_all_its_product_says_whose_it_is(self, a, b, client, bits):
        await created(client, "company_prefix", {"digits": NOBODYS})
        key = spelled_key(f"urn:epc:raw:96.x{bits}")
        tag = {"type": "tag", "code": bits, "activation_status": 1}
        assert is_unowned(await a.post("/items/unique_code", json=tag))  # it has to be there
        await created(b, "product", {"id": product_of(key), "product_name": "B's"})
        assert is_unowned(await a.post("/items/unique_code", json=tag))
        await created(b, "unique_code", tag)
        row = await created(b, "scan", {"code": f"urn:epc:raw:96.x{bits}"})
        assert row["computed_status"] == "genuine"

    @pytest.mark.parametrize("bits", ["3035D09EE7FFFFC000000001", "3275D09EE7FFFE0000000009"])
    async def test_a_reference_too_long_makes_no_prefix_ones_own(self, a, bits):
        assert is_unowned(await a.post("/items/unique_code", json={"type": "tag", "code": bits}))

    async def test_of_a_tag_and_its_prefix_at_once_one_comes_first(self, a, client):
        for number in range(6):
            digits = f"66{number}2345"
            bits = f"{0x32 << 88 | 5 << 82 | int(digits) << 58 | 7:024X}"
            tag = a.post("/items/unique_code", json={"type": "tag", "code": bits})
            prefix = client.post("/items/company_prefix", json={"digits": digits, "account": B})
            answers = await asyncio.gather(tag, prefix)
            assert sorted(answer.status_code for answer in answers) == [200, 400]


HEADERS = st.sampled_from([0x2C, 0x2D, 0x2E, 0x30, 0x31, 0x32, 0x33, 0x34, 0x3C, 0x3F])


@given(
    header=HEADERS,
    filter_=st.integers(0, 7),
    length=st.sampled_from(sorted(PREFIX_BITS)),
    prefix=st.integers(0, 10**12 - 1),
    rest=st.integers(0, 2**62),
    data=st.data(),
)
@settings(max_examples=300)
def test_what_a_tag_spells_lies_where_its_prefix_is_looked_for(
    header, filter_, length, prefix, rest, data
):
    number, width = prefix % 10**length, PREFIX_BITS[length]
    free = 96 - 14 - width
    bits = header << 88 | filter_ << 85 | (12 - length) << 82 | number << free | rest % 2**free
    tag = f"urn:epc:raw:96.x{bits:024X}"
    assert TAG.fullmatch(tag)
    spelled = spelled_key(tag)
    digits = f"{number:0{length}}"
    assert spelled is None or digits in spelled
    shorter = digits[: data.draw(st.integers(4, length))]
    assert any(first <= tag < end for first, end in ranges_under(shorter))


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

    async def test_so_do_raw_tags_and_products_of_their_own_keys(self, b, client):
        await created(client, "unique_code", {"type": "tag", "code": TAGS_OF_OTHERS})
        gtin = {"id": "own", "gtin": "05012345000008", "product_name": "Before"}
        await created(client, "product", gtin)
        await created(client, "company_prefix", {"digits": NOBODYS, "account": B})
        [tag] = (await b.get("/items/unique_code?fields=code")).json()["data"]
        assert tag == {"code": TAGS_OF_OTHERS}
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
