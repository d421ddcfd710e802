"""Codes of other systems come in by /items, with their history (systems.md 4.4, 6.5).

The rows are those of Scantrust's own example of a download (tests/data/scantrust_codes.csv).
"""

import csv
from pathlib import Path

import psycopg
import pytest
from psycopg.rows import dict_row

from tests.installation import ACCOUNT, app, client, client_of, installation, prepared, reset, rows

__all__ = ["app", "client", "installation", "prepared", "reset", "rows"]

TABLE = Path(__file__).parents[2] / "data" / "scantrust_codes.csv"
ROWS = list(csv.DictReader(TABLE.read_text().splitlines()))
SCM_KEYS = list(ROWS[0])[12:]
CODES = "/items/unique_code"
TOKEN = "the token of an admin of the account"

# The same columns again, from what was stored.
DOWNLOAD = """
SELECT c.extended_id, c.serial_number, b.name AS brand, p.product_name AS product, p.sku,
  c.activation_status, c.blacklist_reason, su.email AS scm_updated_by, c.scm_updated_at,
  au.email AS activated_by, c.activated_at, c.workorder AS workorder_id, c.scm_data, c.type
FROM unique_code AS c JOIN product AS p ON p.id = c.product JOIN brand AS b ON b.id = p.brand
LEFT JOIN directus_users AS su ON su.id = c.scm_updated_by
LEFT JOIN directus_users AS au ON au.id = c.activated_by
WHERE c.account = %s ORDER BY array_position(%s, c.extended_id::text)
"""


@pytest.fixture
async def tenant(app, client, rows):
    """An admin of one account, who sees nothing of others."""
    role = rows.execute("SELECT id::text FROM directus_roles").fetchone()[0]
    user = {"email": "admin@test.com", "token": TOKEN, "account": ACCOUNT, "role": role}
    assert (await client.post("/users", json=user)).status_code == 200
    async with client_of(app, {"Authorization": f"Bearer {TOKEN}"}) as tenant:
        yield tenant


async def made(client, path: str, rows: list[dict]) -> list[dict]:
    answer = await client.post(path, json=rows)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


async def surroundings(tenant, admin) -> tuple[str, dict[str, str]]:
    """What the codes belong to; the key of their domain, and those of the users by e-mail."""
    fields = [{"key": key, "position": place} for place, key in enumerate(SCM_KEYS)]
    [campaign] = await made(tenant, "/items/campaign", [{"name": "Food", "scm_fields": fields}])
    brands = {row["brand"] for row in ROWS}
    keys = {
        row["name"]: row["id"]
        for row in await made(tenant, "/items/brand", [{"name": name} for name in brands])
    }
    products = {
        row["sku"]: {
            "id": row["sku"],
            "sku": row["sku"],
            "product_name": row["product"],
            "brand": keys[row["brand"]],
            "campaign": campaign["id"],
        }
        for row in ROWS
    }
    await made(tenant, "/items/product", list(products.values()))
    # What the installation's admin has to say: whose the domain is, and keys that are counted.
    domain = {"domain_name": "codes.example", "type": "short", "account": ACCOUNT}
    [domain] = await made(admin, "/items/domain", [domain])
    orders = [
        {"id": key, "reference": f"WO-{key}", "quantity": 5, "state": "completed"}
        for key in (3413, 3414)
    ]
    orders = [{**order, "activate_on_complete": True, "account": ACCOUNT} for order in orders]
    await made(admin, "/items/workorder", orders)
    emails = {row[name] for row in ROWS for name in ("scm_updated_by", "activated_by")} - {""}
    users = await made(tenant, "/users", [{"email": email} for email in sorted(emails)])
    return domain["id"], {user["email"]: user["id"] for user in users}


def as_item(row: dict[str, str], domain: str, users: dict[str, str]) -> dict:
    """A row of the file as an item: what is empty in it is said to be null."""
    return {
        "type": "short_code",
        "domain": domain,
        "extended_id": row["extended_id"],
        "product": row["sku"],
        "activation_status": {"inactive": 0, "active": 1, "blacklisted": 2}[row["status"]],
        "scm_data": {key: row[key] for key in SCM_KEYS if row[key]} or None,
        "scm_updated_at": row["scm_updated_at"] or None,
        "scm_updated_by": users.get(row["scm_updated_by"]),
        "activated_at": row["activated_at"] or None,
        "activated_by": users.get(row["activated_by"]),
        "workorder": row["workorder_id"],
    }


def as_row(found: dict) -> dict[str, str]:
    """A stored code as a row of the file."""
    data = found.pop("scm_data") or {}
    shown = {**found, **{key: data.get(key) for key in SCM_KEYS}}
    shown["status"] = ["inactive", "active", "blacklisted"][shown.pop("activation_status")]
    shown["blacklist_reason"] = ["none"][shown["blacklist_reason"]]
    for name in ("scm_updated_at", "activated_at"):
        shown[name] = shown[name] and shown[name].isoformat()
    return {name: "" if shown[name] is None else str(shown[name]) for name in ROWS[0]}


async def test_the_vendors_own_rows_come_in_as_they_were(client, tenant, rows: psycopg.Connection):
    domain, users = await surroundings(tenant, client)
    codes = await made(tenant, CODES, [as_item(row, domain, users) for row in ROWS])
    assert {row["id"] for row in codes} == {f"codes.example/{row['extended_id']}" for row in ROWS}
    with rows.cursor(row_factory=dict_row) as cursor:
        cursor.execute("SET timezone = 'UTC'")
        found = cursor.execute(DOWNLOAD, [ACCOUNT, [row["extended_id"] for row in ROWS]])
        stored = found.fetchall()
    assert {row.pop("type") for row in stored} == {"short_code"}
    assert [as_row(row) for row in stored] == ROWS


async def test_it_is_found_by_its_extended_id(client, tenant):
    domain, _ = await surroundings(tenant, client)
    await made(tenant, CODES, [as_item(ROWS[0], domain, {})])
    answer = await tenant.get(
        CODES, params={"filter[extended_id][_eq]": ROWS[0]["extended_id"], "fields": "product"}
    )
    assert answer.json()["data"] == [{"product": "259052703982"}]


async def test_without_a_domain_it_has_to_be_the_accounts(client, tenant):
    """The key of a code is its name (DESIGN.md 5): a domain is half of it."""
    row = {"type": "short_code", "extended_id": "D7BDCA03B806"}
    assert (await tenant.post(CODES, json=row)).json()["data"]["code"] == "D7BDCA03B806"
    answer = await client.post(CODES, json=row)  # of no account
    assert answer.json()["errors"][0]["extensions"]["field"] == "domain"
