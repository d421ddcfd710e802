"""Migration 0006: no EPC changes, also when codes and products are deleted and brought in again.

Many worlds of two accounts side by side, each under four digits of its own: products, jobs and
codes whose company prefixes overlap with every mixture of lengths.
"""

import random
from collections import Counter
from itertools import pairwise
from uuid import uuid4

import psycopg
import pytest

from app import domains
from app.access.caller import Caller
from app.codes.check_digit import check_digit
from app.database import migrate
from app.database.session import Database, WriteSession
from app.domains.product.rules import ProductRules
from app.domains.unique_code.rules import UniqueCodeRules
from app.errors import AppError, ErrorList
from app.settings import settings
from tests.installation import SECRET, own_database

WORLDS = 100
LENGTHS = (None, 6, 7, 7, 7, 9, 12)

# What an EPC was read with before: app/domains/unique_code/queries.py of that version.
EPCS = """
SELECT c.id, c.account::text, gs1_epc_uri(c.id, coalesce(p.company_prefix_length,
  CASE WHEN c.type = 'sscc' THEN length(j.sscc_company_prefix) END, a.company_prefix_length))
FROM unique_code AS c LEFT JOIN product AS p ON p.id = c.product
LEFT JOIN identifier_job AS j ON j.id = c.identifier_job LEFT JOIN account AS a ON a.id = c.account
"""
STORED = "SELECT id, account::text, gs1_epc_uri(id, company_prefix_length) FROM unique_code"


class World:
    """What two accounts and the installation had under some digits."""

    def __init__(self, connection, number):
        self.drawn = random.Random(number)
        self.connection = connection
        self.root = str(4000 + number)
        self.accounts = [self.account() for _ in range(2)]
        # Where two accounts claim the same digits nobody has them: mostly they don't.
        self.owners = self.accounts if self.drawn.random() < 0.2 else self.accounts[:1]
        self.products = [self.product() for _ in range(self.drawn.randint(1, 4))]
        self.serial = 0
        for key, account in self.products:
            for _ in range(self.drawn.randint(0, 2)):
                self.codes_of(key, account)
        for _ in range(self.drawn.randint(0, 3)):
            self.ssccs()

    def insert(self, table, **values):
        names = ", ".join(values)
        places = ", ".join(f"%({name})s" for name in values)
        self.connection.execute(
            f"INSERT INTO {table} ({names}) VALUES ({places}) ON CONFLICT DO NOTHING", values
        )

    def account(self):
        key = str(uuid4())
        length = self.drawn.choice(LENGTHS)
        self.insert("account", id=key, account_name="X", company_prefix_length=length)
        return key

    def digits(self, count):
        return self.root + "".join(self.drawn.choice("0001") for _ in range(count - 4))

    def owner(self):
        return self.drawn.choice([*self.owners, *self.owners, None])

    def product(self):
        body, account = self.digits(12), self.owner()
        is_trade_item = self.drawn.random() < 0.7
        digits = (self.drawn.choice("01") if is_trade_item else "0") + body
        key = f"/{'01' if is_trade_item else '8003'}/{digits}{check_digit(digits)}"
        if self.drawn.random() < 0.8:  # of others there are only codes
            length = self.drawn.choice(LENGTHS)
            self.insert(
                "product", id=key, product_name="X", account=account, company_prefix_length=length
            )
        return key, account

    def job(self, account, **values):
        key = str(uuid4())
        if self.drawn.random() < 0.7:  # the others are deleted
            self.insert("identifier_job", id=key, account=account, **values)
            return key, key
        return key, None

    def range(self, prefix, job, first, length):
        self.insert("code_space", key_prefix=prefix, alphabet="0123456789", length=length)
        self.connection.execute(
            "INSERT INTO code_range (code_space, first_position, quantity, identifier_job, "
            "minted_at) SELECT id, %s, 2, %s, now() FROM code_space WHERE key_prefix = %s "
            "ON CONFLICT DO NOTHING",
            (first, job, prefix),
        )

    def codes_of(self, key, account):
        row = self.connection.execute("SELECT account FROM product WHERE id = %s", (key,))
        found = row.fetchone()
        account = account if found is None or found[0] is None else str(found[0])
        prefix = f"{key}/21/" if key.startswith("/01/") else key
        made = None
        if self.drawn.random() < 0.5 and found is not None:
            job, made = self.job(account, type="sgtin", quantity=2, product=key)
            self.range(prefix, job, self.serial, 6)
        for _ in range(2):
            self.serial += 1
            self.code(
                f"{prefix}{self.serial}", account, found and key, made, "sgtin", str(self.serial)
            )

    def ssccs(self):
        account, prefix = self.owner(), self.digits(self.drawn.choice((6, 7, 9, 12)))
        product = self.drawn.choice([None, None, self.products[0][0]])
        has = "SELECT id FROM product WHERE id = %s AND (account = %s OR account IS NULL)"
        if self.connection.execute(has, (product, account)).fetchone() is None:
            product = None
        is_minted, made = self.drawn.random() < 0.7, None
        first = self.drawn.randint(0, 10 ** (16 - len(prefix)) - 2)
        if is_minted:
            job, made = self.job(
                account, type="sscc", quantity=2, sscc_company_prefix=prefix, product=product
            )
            self.range(f"/00/0{prefix}", job, first, 16 - len(prefix))
        for serial in (first, first + 1):
            body = f"0{prefix}{serial:0{16 - len(prefix)}}"
            sscc = body + check_digit(body)
            self.code(f"/00/{sscc}", account, product, made, "sscc", sscc)

    def code(self, key, account, product, job, kind, code):
        kind = "grai" if key.startswith("/8003/") else kind
        self.insert(
            "unique_code",
            id=key,
            account=account,
            type=kind,
            code=code,
            product=product,
            identifier_job=job,
        )


@pytest.fixture(scope="module")
def migrated(database_url):
    """The database, and the EPCs that there were: by code, with its account."""
    with own_database(database_url) as url:
        migrate.upgrade_to(url, "0005")
        with psycopg.connect(url) as connection:
            for number in range(WORLDS):
                World(connection, number)
            rows = connection.execute(EPCS).fetchall()
        migrate.upgrade(url)
        yield url, {key: (account, epc) for key, account, epc in rows if epc is not None}


@pytest.fixture
async def session(migrated, monkeypatch):
    monkeypatch.setenv("SECRET", SECRET)
    settings.cache_clear()
    domains.register()
    database = Database(migrated[0], max_size=1)
    await database.open()
    async with (
        database._pool.connection() as connection,
        connection.transaction(force_rollback=True),
    ):
        yield WriteSession(connection)
    await database.close()
    monkeypatch.undo()
    settings.cache_clear()


def test_no_epc_changes(migrated):
    url, before = migrated
    with psycopg.connect(url) as connection:
        after = {key: epc for key, _, epc in connection.execute(STORED).fetchall()}
    assert len(before) > WORLDS
    assert {key: after[key] for key in before} == {key: epc for key, (_, epc) in before.items()}


def test_accounts_have_what_only_they_used(migrated):
    """What was minted lies under prefixes of who had it minted, and none overlap."""
    with psycopg.connect(migrated[0]) as connection:
        prefixes = connection.execute("SELECT digits FROM company_prefix ORDER BY 1").fetchall()
        strange = connection.execute(
            "SELECT c.id FROM (SELECT id, account, identifier_job, "
            "unnest(gs1_ordinary_prefixes(id)) AS digits FROM unique_code) AS c "
            "JOIN company_prefix AS p ON p.digits = c.digits "
            "WHERE c.account IS DISTINCT FROM p.account AND identifier_job IS NOT NULL"
        ).fetchall()
    digits = [row[0] for row in prefixes]
    assert len(digits) > WORLDS / 2
    assert strange == []
    assert not [one for one, two in pairwise(digits) if two.startswith(one)]


@pytest.mark.parametrize("with_products", [False, True])
async def test_what_is_deleted_and_brought_in_again_keeps_its_epc(session, migrated, with_products):
    before, counts = migrated[1], Counter()
    owners = {
        row["id"]: row["account"]
        for row in await session.fetch_all("SELECT id, account::text FROM unique_code")
    }
    await session.execute("DELETE FROM unique_code")
    if with_products:
        await _bring_products_in_again(session)
    for key, (_, epc) in before.items():
        if owners[key] is None:
            continue
        row = {"id": key, "account": owners[key]}
        try:
            await UniqueCodeRules().before_create(session, Caller("u", owners[key]), [row])
        except (AppError, ErrorList):
            counts["refused"] += 1
            continue
        values = {"key": key, "length": row["company_prefix_length"]}
        found = await session.fetch_value("SELECT gs1_epc_uri(%(key)s, %(length)s)", values)
        assert found == epc, (key, owners[key])
        counts["same"] += 1
    assert counts["same"] > 2 * counts["refused"] > 0


async def _bring_products_in_again(session):
    """Delete the products, and make them again without a length."""
    products = await session.fetch_all("DELETE FROM product RETURNING id, account::text")
    for product in products:
        row = {"product_name": "Again", **product}
        try:
            await ProductRules().before_create(session, Caller("u", row["account"]), [row])
        except ErrorList:
            continue  # under digits that two accounts claim
        names = ("id", "account", "product_name", "company_prefix_length")
        await session.execute(
            "INSERT INTO product (id, account, product_name, company_prefix_length) VALUES "
            "(%(id)s, %(account)s, %(product_name)s, %(company_prefix_length)s)",
            {name: row.get(name) for name in names},
        )
