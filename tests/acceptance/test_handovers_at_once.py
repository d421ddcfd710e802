"""What is named is held: rows are neither given away nor deleted from under what names them."""

import asyncio

import pytest

from tests.acceptance.two_accounts import A, B, a, b, created, errors, two_accounts
from tests.installation import app, client, client_of, installation, prepared, reset, rows

__all__ = ["a", "app", "b", "client", "installation", "prepared", "reset", "rows", "two_accounts"]

GTIN = "/01/04012345000009"
NOBODYS = "5012345"

pytestmark = pytest.mark.usefixtures("two_accounts")

CROSSING = """
SELECT count(*) FROM unique_code AS c LEFT JOIN product AS p ON p.id = c.product
WHERE c.product IS NOT NULL AND (p.id IS NULL OR p.account <> c.account)
"""


def crossing(rows):
    return rows.execute(CROSSING).fetchone()[0]


async def test_a_product_is_not_deleted_from_under_codes(a, b, rows):
    """Another account could have had a product of that key then, and codes that it can't see."""
    for number in range(6):
        key = f"trap-{number}"
        await created(a, "product", {"id": key, "product_name": "P"})
        codes = [{"id": f"go.a.com/{number}x{n}", "product": key} for n in range(150)]
        made, gone = await asyncio.gather(
            a.post("/items/unique_code", json=codes), a.delete(f"/items/product/{key}")
        )
        assert {made.status_code, gone.status_code} in ({200, 400}, {400, 204})
        assert crossing(rows) == 0


@pytest.mark.parametrize("way", ["code", "child", "admins"])
async def test_nor_given_away(a, client, rows, way):
    await created(client, "company_prefix", {"digits": NOBODYS})
    for number in range(6):
        key = f"p-{number}"
        await created(a, "product", {"id": key, "product_name": "P"})
        if way == "child":
            child = {"id": f"c-{number}", "product_name": "C", "parent_product": key}
            naming = a.post("/items/product", json=child)
        else:
            codes = [{"id": f"go.a.com/{number}x{n}", "product": key} for n in range(60)]
            naming = (a if way == "code" else client).post("/items/unique_code", json=codes)
        moving = client.patch(f"/items/product/{key}", json={"account": B})
        await asyncio.gather(naming, moving)
        assert crossing(rows) == 0
        parents = rows.execute(
            "SELECT count(*) FROM product AS p JOIN product AS q ON q.id = p.parent_product "
            "WHERE p.account <> q.account"
        )
        assert parents.fetchone() == (0,)


async def test_a_length_is_not_changed_while_codes_are_made(client, rows):
    product = {"id": f"/01/0{NOBODYS}000008", "product_name": "P", "company_prefix_length": 7}
    await created(client, "product", product)
    codes = [{"id": f"{product['id']}/21/{n}"} for n in range(1500)]
    path = "/items/product/" + product["id"].replace("/", "%2F")
    await asyncio.gather(
        client.post("/items/unique_code", json=codes),
        client.patch(path, json={"company_prefix_length": 9}),
    )
    lengths = rows.execute("SELECT DISTINCT company_prefix_length FROM unique_code").fetchall()
    assert len(lengths) == 1


class TestJobs:
    """What their keys say whose they are, decides; what they name has to be that account's, too."""

    async def test_of_ssccs_that_name_a_product_of_another(self, client):
        await created(client, "product", {"id": "sx", "product_name": "S"})
        job = {"type": "sscc", "quantity": 3, "sscc_company_prefix": NOBODYS, "product": "sx"}
        await created(client, "identifier_job", job)
        moved = await client.patch("/items/product/sx", json={"account": B})
        assert moved.status_code == 200
        prefix = {"digits": NOBODYS, "account": A}
        refused = await client.post("/items/company_prefix", json=prefix)
        assert refused.status_code == 422, refused.text

    async def test_of_short_codes_that_name_a_product_of_another(self, client):
        await created(client, "product", {"id": "cy", "product_name": "C"})
        domain = await created(client, "domain", {"domain_name": "all.com"})
        job = {"type": "short_code", "quantity": 3, "product": "cy", "domain": domain["id"]}
        await created(client, "identifier_job", job)
        assert (await client.patch("/items/product/cy", json={"account": B})).status_code == 200
        path = f"/items/domain/{domain['id']}"
        refused = await client.patch(path, json={"account": A})
        assert refused.status_code == 422, refused.text


class TestWhatIsNotTold:
    async def test_how_long_prefixes_of_others_are(self, b):
        job = {"type": "sscc", "quantity": 1}
        answers = [
            await b.post("/items/identifier_job", json=job | {"sscc_company_prefix": digits})
            for digits in ("401234", "499999")
        ]
        told = [[{**one, "path": None} for one in errors(answer)] for answer in answers]
        assert told[0] == told[1]

    async def test_whether_codes_of_others_were_minted(self, a, b, rows):
        await created(a, "product", {"id": GTIN, "product_name": "A's"})
        rows.execute(
            "INSERT INTO code_space (key_prefix, alphabet, length, company_prefix_length) "
            "VALUES (%s, '0123456789', 8, 7)",
            [f"{GTIN}/21/"],
        )
        product = {"id": GTIN, "product_name": "B?"}
        answers = [
            await b.post("/items/product", json=product | {"company_prefix_length": length})
            for length in (7, 9)
        ]
        assert errors(answers[0]) == errors(answers[1])


async def test_who_minted_under_a_prefix_of_all_may_have_its_product_again(a, client, rows):
    await created(client, "company_prefix", {"digits": NOBODYS})
    key = f"/01/0{NOBODYS}000008"
    await created(a, "product", {"id": key, "product_name": "P"})
    rows.execute(
        "WITH s AS (INSERT INTO code_space (key_prefix, alphabet, length, next_position) "
        "VALUES (%s, '0123456789', 8, 5) RETURNING id) "
        "INSERT INTO code_range (code_space, first_position, quantity, identifier_job, account) "
        "SELECT id, 0, 5, gen_random_uuid(), %s FROM s",
        [f"{key}/21/", A],
    )
    path = "/items/product/" + key.replace("/", "%2F")
    assert (await a.delete(path)).status_code == 204
    await created(a, "product", {"id": key, "product_name": "P"})


async def test_a_product_under_a_prefix_is_nobodys_never(client, rows):
    await created(client, "product", {"id": GTIN, "product_name": "P"})
    path = "/items/product/" + GTIN.replace("/", "%2F")
    await client.patch(path, json={"account": None})
    owner = rows.execute("SELECT account::text FROM product WHERE id = %s", [GTIN]).fetchone()
    assert owner == (A,)


async def test_only_the_admin_writes_prefixes(app, client, rows):
    """Whatever a policy says: who may write them says whose keys are."""
    rows.execute(
        "INSERT INTO directus_users (email, token, role) SELECT 'few@x.com', "
        "encode(sha256('token-of-few'), 'hex'), id FROM directus_roles WHERE name = 'Business'"
    )
    own = await created(client, "company_prefix", {"digits": NOBODYS})
    async with client_of(app, headers={"Authorization": "Bearer token-of-few"}) as few:
        path = f"/items/company_prefix/{own['id']}"
        answers = [
            await few.post("/items/company_prefix", json={"digits": "6012345"}),
            await few.patch(path, json={"account": B}),
            await few.patch(path, json={"note": "mine"}),
            await few.delete(path),
        ]
    assert [answer.status_code for answer in answers] == [403] * 4
