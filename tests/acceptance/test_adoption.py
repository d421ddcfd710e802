"""What is of no account comes along with what it is for, and no row names another account's."""

import asyncio
import random

import pytest

from app.database.session import Database
from app.domains.code_pool.service import refill
from app.served import served
from tests.acceptance.two_accounts import A, B, a, b, created, errors, two_accounts
from tests.installation import app, client, installation, prepared, reset, rows

__all__ = ["a", "app", "b", "client", "installation", "prepared", "reset", "rows", "two_accounts"]

PREFIX = "5012345"
PRODUCT = "/01/05012345000008"
ORDERS = {
    "identifier_job": {"product": PRODUCT, "quantity": 5},
    "code_pool": {"product": PRODUCT, "min_available": 5, "job_quantity": 5},
    "code_reservation": {"product": PRODUCT, "quantity": 5},
    "workorder": {
        "product": PRODUCT,
        "quantity": 5,
        "reference": "W",
        "activate_on_complete": False,
        "use_serial_number": False,
    },
}

pytestmark = pytest.mark.usefixtures("two_accounts")


@pytest.fixture
async def look(installation, rows):
    """Looks after all pools, as a worker does."""
    database = Database(installation.database_url)
    await database.open()

    async def look():
        rows.execute("UPDATE code_pool SET looked_at = NULL")
        return await refill(database, served(installation).compiler, 60.0)

    yield look
    await database.close()


@pytest.fixture
async def product(client):
    return await created(client, "product", {"id": PRODUCT, "product_name": "Nobody's"})


def owners(rows, table):
    return [owner for (owner,) in rows.execute(f"SELECT account::text FROM {table}").fetchall()]


async def give(client, path, account):
    """A PATCH of the account of a row; what is wrong with it, if anything is."""
    answer = await client.patch(f"/items/{path}", json={"account": account})
    return None if answer.status_code == 200 else errors(answer)[0]


@pytest.mark.usefixtures("product")
class TestOrders:
    @pytest.mark.parametrize("way", ["product", "prefix"])
    async def test_they_go_with_their_product(self, client, rows, way):
        for name, payload in ORDERS.items():
            await created(client, name, payload)
        if way == "product":
            await created(client, "company_prefix", {"digits": PREFIX})
            path = "product/" + PRODUCT.replace("/", "%2F")
            assert await give(client, path, B) is None
        else:
            await created(client, "company_prefix", {"digits": PREFIX, "account": B})
        for name in ORDERS:
            assert set(owners(rows, name)) == {B}, name

    @pytest.mark.parametrize("name", ORDERS)
    async def test_none_that_comes_meanwhile_is_left_behind(self, client, rows, name):
        for _ in range(5):
            rows.execute("TRUNCATE code_pool, code_reservation, workorder, identifier_job CASCADE")
            rows.execute("UPDATE product SET account = NULL WHERE id = %s", [PRODUCT])
            rows.execute("DELETE FROM company_prefix WHERE digits = %s", [PREFIX])
            given = {"digits": PREFIX, "account": B}
            answers = await asyncio.gather(
                client.post(f"/items/{name}", json=ORDERS[name]),
                client.post("/items/company_prefix", json=given),
            )
            assert [answer.status_code for answer in answers] == [200, 200]
            assert owners(rows, name) == [B]

    async def test_a_pool_whose_product_changed_hands_is_filled_once(self, client, rows, look):
        """It was made for ever: its jobs were the product's account's, and counted nowhere."""
        await created(client, "company_prefix", {"digits": PREFIX})
        await created(client, "code_pool", ORDERS["code_pool"])
        rows.execute("UPDATE product SET account = %s WHERE id = %s", [B, PRODUCT])
        await look()
        await look()
        assert owners(rows, "identifier_job") == [B]
        assert owners(rows, "code_pool") == [B]

    async def test_those_of_short_codes_go_with_their_domain(self, client, rows):
        """What their keys say whose they are, decides: not what they are for."""
        domain = await created(client, "domain", {"domain_name": "all.com"})
        job = {"type": "short_code", "product": PRODUCT, "quantity": 5, "domain": domain["id"]}
        await created(client, "identifier_job", job)
        await created(client, "company_prefix", {"digits": PREFIX, "account": B})
        assert owners(rows, "identifier_job") == [None]
        assert await give(client, f"domain/{domain['id']}", B) is None
        assert owners(rows, "identifier_job") == [B]

    async def test_a_reservation_of_short_codes_is_of_its_domain(self, b, client):
        [domain] = (await b.get("/items/domain?fields=id")).json()["data"]
        reservation = {"code_type": "short_code", "quantity": 5, "domain": domain["id"]}
        assert (await created(client, "code_reservation", reservation))["account"] == B

    async def test_a_gtin8_prefix_takes_no_ssccs(self, client, rows):
        job = {"type": "sscc", "quantity": 1, "sscc_company_prefix": "0000096385"}
        await created(client, "identifier_job", job)
        gtin8 = {"digits": "963", "kind": "gtin8", "account": B}
        await created(client, "company_prefix", gtin8)
        assert owners(rows, "identifier_job") == [None]


class TestCrossings:
    """No row of one account names a row of another, whoever says so and in whatever order."""

    @pytest.mark.parametrize("name", ["brand", "campaign"])
    async def test_what_products_name_is_not_given_away_from_under_them(self, client, name):
        named = await created(client, name, {"name": "Of all"})
        own = {"id": "/01/04012345000009", "product_name": "P", "account": A, name: named["id"]}
        await created(client, "product", own)
        assert (await give(client, f"{name}/{named['id']}", B))["field"] == "account"
        assert await give(client, f"{name}/{named['id']}", A) is None

    @pytest.mark.parametrize("name", ["brand", "campaign"])
    @pytest.mark.usefixtures("product")
    @pytest.mark.parametrize("way", ["product", "prefix"])
    async def test_nor_goes_a_product_to_another_account_than_that(self, client, name, way):
        named = await created(client, name, {"name": "Of all"})
        path = "/items/product/" + PRODUCT.replace("/", "%2F")
        assert (await client.patch(path, json={name: named["id"]})).status_code == 200
        assert await give(client, f"{name}/{named['id']}", A) is None
        if way == "product":
            await created(client, "company_prefix", {"digits": PREFIX})
            assert (await give(client, path.removeprefix("/items/"), B))["field"] == name
            return
        given = {"digits": PREFIX, "account": B}
        answer = await client.post("/items/company_prefix", json=given)
        assert answer.status_code == 422, answer.text
        assert f"The {name} belongs to another account" in answer.json()["errors"][0]["message"]

    @pytest.mark.parametrize("first", ["domain", "prefix"])
    @pytest.mark.usefixtures("product")
    async def test_nor_a_code_than_its_product(self, client, rows, first):
        code = {"id": "new.com/A1", "product": PRODUCT}
        await created(client, "unique_code", code)
        domain = {"domain_name": "new.com", "account": A, "state": "verified"}
        prefix = {"digits": PREFIX, "account": B}
        ways = [("domain", domain), ("company_prefix", prefix)]
        (one, payload), (other, crossing) = ways if first == "domain" else ways[::-1]
        await created(client, one, payload)
        answer = await client.post(f"/items/{other}", json=crossing)
        assert answer.status_code == 422, answer.text
        of_product = f"product WHERE id = '{PRODUCT}'"
        assert None in {*owners(rows, "unique_code"), *owners(rows, of_product)}

    async def test_nor_a_job_than_its_domain(self, b, client):
        """The installation's admin names both: every relation, not those a rule thought of."""
        [domain] = (await b.get("/items/domain?fields=id")).json()["data"]
        campaign = await created(b, "campaign", {"name": "B's"})
        own = {"id": "/01/04012345000009", "product_name": "P", "account": A}
        await created(client, "product", own)
        wrong = (
            ("identifier_job", {"product": own["id"], "quantity": 1, "domain": domain["id"]}),
            ("code_pool", {"product": own["id"], "domain": domain["id"], "min_available": 1}),
            ("product", {"id": "p2", "product_name": "2", "parent_product": own["id"]}),
            ("product", {"id": "p3", "product_name": "3", "campaign": campaign["id"]}),
            ("unique_code", {"id": "go.b.com/x1", "product": own["id"]}),
        )
        for name, payload in wrong:
            account = B if name == "product" and "parent_product" in payload else A
            if name == "unique_code":
                account = B
            answer = await client.post(f"/items/{name}", json=payload | {"account": account})
            assert answer.status_code == 400, (name, payload, answer.text)

    async def test_a_parent_goes_nowhere_without_its_children(self, client):
        parent = await created(client, "product", {"id": "parent", "product_name": "P"})
        child = {"id": "child", "product_name": "C", "parent_product": "parent", "account": A}
        await created(client, "product", child)
        assert (await give(client, f"product/{parent['id']}", B))["field"] == "account"

    async def test_a_prefix_is_not_laid_over_the_gtin_of_a_product_of_another(self, a, client):
        await created(client, "company_prefix", {"digits": "50123"})
        own = {"id": "own", "gtin": "05012345000008", "product_name": "A's"}
        await created(a, "product", own)
        [shared] = (await client.get("/items/company_prefix?filter[digits]=50123")).json()["data"]
        moved = await give(client, f"company_prefix/{shared['id']}", B)
        assert moved["field"] in {"account", "digits"}
        rows_of = (await a.get("/items/product?fields=id,account")).json()["data"]
        assert rows_of == [{"id": "own", "account": A}]


async def test_links_of_random_rows_never_cross(client, rows):
    """Drawn: brands, campaigns and products given to accounts in any order stay apart."""
    draw = random.Random(7)
    accounts = [A, B, None]
    brands = [(await created(client, "brand", {"name": f"b{n}"}))["id"] for n in range(4)]
    products = [
        (await created(client, "product", {"id": f"p{n}", "product_name": "P"}))["id"]
        for n in range(4)
    ]
    for _ in range(120):
        what = draw.choice(["brand", "product", "link", "parent"])
        if what == "brand":
            await give(client, f"brand/{draw.choice(brands)}", draw.choice(accounts))
        elif what == "product":
            await give(client, f"product/{draw.choice(products)}", draw.choice(accounts))
        else:
            field = {"link": "brand", "parent": "parent_product"}[what]
            value = draw.choice([*(brands if what == "link" else products), None])
            await client.patch(f"/items/product/{draw.choice(products)}", json={field: value})
        crossing = rows.execute(
            "SELECT count(*) FROM product AS p LEFT JOIN brand AS b ON b.id = p.brand "
            "LEFT JOIN product AS q ON q.id = p.parent_product "
            "WHERE p.account <> b.account OR p.account <> q.account"
        ).fetchone()
        assert crossing == (0,)
