"""The border between accounts (systems.md 6.1.5): tried by every operation of every surface.

Whatever the policies say, a row of another account is a missing row. Tried by a user whose policy
allows everything, and by an administrator who belongs to an account.
"""

import json

import pytest

from app.access.secrets import token_hash
from tests.installation import ACCOUNT, ADMIN, NOBODY, PRODUCT, client_of

OTHER = "aaaaaaaa-0000-4000-8000-000000000001"
MINE = "/01/04012345000009"
JOB = "bbbbbbbb-0000-4000-8000-000000000001"
SERVED = ("account", "domain", "product", "identifier_job", "unique_code")
SYSTEM = ("users", "roles", "policies", "access", "permissions", "activity", "revisions", "files")

SEED = """
INSERT INTO account (id, account_name) VALUES (%(other)s, 'Other');
INSERT INTO company_prefix (account, digits) VALUES (%(other)s, '4012345');
INSERT INTO product (id, product_name, account) VALUES (%(mine)s, 'Mine', %(other)s);
INSERT INTO identifier_job (id, account, quantity, status)
  VALUES (%(job)s, %(demo)s, 5, 'complete');
INSERT INTO unique_code (id, account, type, code)
  VALUES ('go.example.com/a', %(demo)s, 'short_code', 'a');
INSERT INTO directus_roles (id, name) VALUES (%(role)s, 'Everything');
INSERT INTO directus_policies (id, name) VALUES (%(role)s, 'Everything');
INSERT INTO directus_access (role, policy) VALUES (%(role)s, %(role)s);
INSERT INTO directus_permissions (policy, collection, action, fields)
  SELECT %(role)s, c, a, '*'
  FROM unnest(%(collections)s::text[]) AS c, unnest('{create,read,update,delete}'::text[]) AS a;
INSERT INTO directus_users (email, first_name, token, account, role)
  VALUES ('user@other.com', 'User', %(user)s, %(other)s, %(role)s);
INSERT INTO directus_users (email, first_name, token, account, role)
  SELECT 'admin@other.com', 'Boss', %(admin)s, %(other)s, a.role FROM directus_access AS a
  JOIN directus_policies AS p ON p.id = a.policy WHERE p.admin_access;
INSERT INTO directus_users (email, token, account)
  VALUES ('demo@demo.com', %(demo_user)s, %(demo)s);
"""


@pytest.fixture(params=["user-token", "admin-token"])
async def tenant(request, app, client, rows):
    """A client that belongs to the other account; all else is the demo account's."""
    values = {
        "other": OTHER,
        "mine": MINE,
        "job": JOB,
        "demo": ACCOUNT,
        "role": "cccccccc-0000-4000-8000-000000000001",
        "collections": [*SERVED, *(f"directus_{name}" for name in SYSTEM), "directus_folders"],
        "user": token_hash("user-token"),
        "admin": token_hash("admin-token"),
        "demo_user": token_hash("demo-token"),
    }
    for statement in SEED.split(";"):
        if statement.strip():
            rows.execute(statement, values)
    async with client_of(app, headers={"Authorization": f"Bearer {request.param}"}) as tenant:
        yield tenant


async def shown(tenant, path):
    response = await tenant.get(path)
    assert response.status_code == 200, response.text
    return response.json()["data"]


def is_missing(response):
    """Exactly what a key that no row has gets."""
    body = response.json()
    codes = {error["extensions"]["code"] for error in body["errors"]}
    return response.status_code == 403 and codes == {"FORBIDDEN"}


async def test_a_tenant_is_told_what_it_may_do_and_no_more(tenant):
    """What /permissions/me calls none is refused, and what it calls full has every row."""
    told = await shown(tenant, "/permissions/me")
    for name in SERVED:
        assert told[name]["read"]["access"] == told[name]["update"]["access"] == "partial"
        assert told[name]["create"]["access"] == ("none" if name == "account" else "full")
    for name in ("roles", "policies", "access", "permissions"):  # the installation's
        read = "partial" if name == "access" else "full"
        assert told[f"directus_{name}"]["read"]["access"] == read
        for method, action in (("POST", "create"), ("PATCH", "update"), ("DELETE", "delete")):
            assert told[f"directus_{name}"][action] == {"access": "none"}
            assert is_missing(await tenant.request(method, f"/{name}", json=[{"id": NOBODY}]))
    for name in ("activity", "revisions"):
        assert told[f"directus_{name}"]["read"]["access"] == "partial"
        assert told[f"directus_{name}"]["delete"] == {"access": "none"}


async def test_lists_show_own_rows_only(tenant):
    assert [row["id"] for row in await shown(tenant, "/items/account")] == [OTHER]
    assert [row["id"] for row in await shown(tenant, "/items/product")] == [MINE]
    for name in ("domain", "identifier_job", "unique_code"):
        assert await shown(tenant, f"/items/{name}?meta=*") == []
    users = await shown(tenant, "/users?fields=email,account&limit=-1")
    assert {row["email"] for row in users} == {"user@other.com", "admin@other.com"}
    assert await shown(tenant, "/activity?fields=id") == []
    assert await shown(tenant, "/revisions?fields=id") == []


async def test_counts_and_groups_see_own_rows_only(tenant):
    response = await tenant.get("/items/product?meta=*&limit=0")
    assert response.json()["meta"] == {"total_count": 1, "filter_count": 1}
    assert await shown(tenant, "/items/product?aggregate[count]=*") == [{"count": "1"}]
    assert await shown(tenant, "/items/identifier_job?aggregate[sum]=quantity") == [
        {"sum": {"quantity": None}}
    ]
    grouped = await shown(tenant, "/items/product?groupBy=account&aggregate[count]=id")
    assert [group["account"] for group in grouped] == [OTHER]


@pytest.mark.parametrize(
    "path",
    [
        f"/items/account/{ACCOUNT}",
        f"/items/product/{PRODUCT.replace('/', '%2F')}",
        f"/items/identifier_job/{JOB}",
        "/items/unique_code/go.example.com%2Fa",
        "/users/" + NOBODY,
    ],
)
async def test_a_key_of_another_account_is_a_missing_key(tenant, path):
    for method, body in (("GET", None), ("PATCH", {"status": "new"}), ("DELETE", None)):
        ours = await tenant.request(method, path, json=body)
        missing = await tenant.request(method, path.rsplit("/", 1)[0] + "/" + NOBODY, json=body)
        assert (ours.status_code, ours.text) == (missing.status_code, missing.text)
        if method == "GET":
            assert is_missing(ours)


async def test_nothing_was_changed_by_trying(tenant, client, rows):
    before = rows.execute("SELECT count(*) FROM product").fetchone()
    for body in (
        [PRODUCT],
        {"keys": [PRODUCT, MINE]},
        {"query": {"filter": {"id": {"_eq": PRODUCT}}}},
    ):
        await tenant.request("DELETE", "/items/product", json=body)
    for patch in (
        {"keys": [PRODUCT], "data": {"product_name": "stolen"}},
        {"query": {"filter": {}}, "data": {"product_name": "stolen"}},
        [{"id": PRODUCT, "product_name": "stolen"}],
    ):
        await tenant.patch("/items/product", json=patch)
    stolen = "SELECT id FROM product WHERE product_name = 'stolen'"
    assert {row[0] for row in rows.execute(stolen)} <= {MINE}
    assert rows.execute("SELECT FROM product WHERE id = %s", [PRODUCT]).rowcount == 1
    assert rows.execute("SELECT count(*) FROM product").fetchone()[0] >= before[0] - 1


@pytest.mark.parametrize(
    "filter_",
    [
        {"account": {"account_name": {"_nnull": True}}},
        {"account": {"account_name": {"_contains": "Demo"}}},
        {"_or": [{"id": {"_eq": PRODUCT}}, {"account": {"_eq": ACCOUNT}}]},
        {"id": {"_in": [PRODUCT]}},
        {"user_created": {"email": {"_contains": "@"}}},
    ],
)
async def test_filters_find_nothing_across_the_border(tenant, filter_):
    found = await shown(tenant, f"/items/product?fields=id&filter={json.dumps(filter_)}")
    assert {row["id"] for row in found} <= {MINE}
    found = (
        await tenant.request("SEARCH", "/items/product", json={"query": {"filter": filter_}})
    ).json()
    assert {row["id"] for row in found["data"]} <= {MINE}
    assert await shown(tenant, "/items/product?search=Demo") == []


async def test_related_rows_across_the_border_are_null(tenant, rows):
    """Even where a row of one account holds a key of another's."""
    admin = rows.execute("SELECT id::text FROM directus_users WHERE account IS NULL").fetchone()[0]
    rows.execute(
        "UPDATE product SET user_created = %s, parent_product = %s WHERE id = %s",
        [admin, PRODUCT, MINE],
    )
    [row] = await shown(
        tenant, "/items/product?fields=user_created.email,parent_product.product_name"
    )
    assert row == {"user_created": None, "parent_product": None}
    assert (
        await shown(
            tenant, '/items/product?filter={"parent_product":{"product_name":{"_nnull":true}}}'
        )
        == []
    )
    assert [
        r["id"]
        for r in await shown(tenant, "/items/product?fields=id&sort=parent_product.product_name")
    ] == [MINE]
    data = await tenant.data("{ product { parent_product { id } user_created { email } } }")
    assert data == {"product": [{"parent_product": None, "user_created": None}]}


@pytest.mark.parametrize(
    ("collection", "payload", "field"),
    [
        ("identifier_job", {"quantity": 1, "product": PRODUCT}, "product"),
        (
            "identifier_job",
            {"quantity": 1, "type": "sscc", "sscc_company_prefix": "4012345", "account": ACCOUNT},
            "account",
        ),
        ("product", {"gtin": "04012345000016", "product_name": "x", "account": ACCOUNT}, "account"),
        (
            "product",
            {"gtin": "04012345000016", "product_name": "x", "parent_product": PRODUCT},
            "parent_product",
        ),
        ("unique_code", {"id": f"{MINE}/21/abc", "identifier_job": JOB}, "identifier_job"),
    ],
)
async def test_no_link_leads_across_the_border(tenant, collection, payload, field):
    """What a key that no row has gets."""
    response = await tenant.post(f"/items/{collection}", json=payload)
    assert response.status_code == 400, response.text
    unknown = NOBODY if payload[field].count("-") == 4 else "/01/04012345999993"
    missing = await tenant.post(f"/items/{collection}", json={**payload, field: unknown})
    [ours], [theirs] = response.json()["errors"], missing.json()["errors"]
    assert ours["extensions"]["code"] == theirs["extensions"]["code"]
    assert ours["message"].replace(payload[field], "?") == theirs["message"].replace(unknown, "?")


async def test_what_is_made_belongs_to_the_account_and_stays_there(tenant):
    made = await tenant.post("/items/product", json={"gtin": "04012345000023", "product_name": "x"})
    assert made.json()["data"]["account"] == OTHER
    key = made.json()["data"]["id"].replace("/", "%2F")
    for account in (ACCOUNT, None, NOBODY):
        moved = await tenant.patch(f"/items/product/{key}", json={"account": account})
        assert moved.status_code == 400, moved.text
    assert (await tenant.patch(f"/items/product/{key}", json={"account": OTHER})).status_code == 200


async def test_nested_writes_do_not_cross_either(tenant, rows):
    stolen = {"account": {"id": ACCOUNT, "account_name": "stolen"}}
    response = await tenant.patch("/items/product/" + MINE.replace("/", "%2F"), json=stolen)
    assert response.status_code in (400, 403)
    assert rows.execute("SELECT FROM account WHERE account_name = 'stolen'").rowcount == 0
    assert rows.execute("SELECT FROM account").rowcount == 2


async def test_a_tenant_makes_no_account_and_is_not_told_which_there_are(tenant, rows):
    """Refused before a row is made: a key or slug that is taken answers as one that is free."""
    rows.execute("UPDATE account SET company_slug = 'taken' WHERE id = %s", [ACCOUNT])
    answers = [
        [answer.text.replace(key, "") for answer in await tries(tenant, key, slug)]
        for key in (ACCOUNT, NOBODY)
        for slug in ("taken", "free")
    ]
    assert answers.count(answers[0]) == len(answers), answers
    for slug in ("taken", "free"):
        made = await tenant.post("/items/account", json={"account_name": "x", "company_slug": slug})
        assert made.status_code == 403, made.text
    assert rows.execute("SELECT FROM account").rowcount == 2
    own = {"account": {"id": OTHER, "account_name": "Renamed"}}
    renamed = await tenant.patch("/items/product/" + MINE.replace("/", "%2F"), json=own)
    assert renamed.status_code == 200, renamed.text


async def tries(client, key, slug):
    """The answers to all ways of making an account."""
    row = {"id": key, "account_name": "x", "company_slug": slug}
    file = {"file": ("x.json", json.dumps([row]), "application/json")}
    given = ", ".join(f'{name}: "{value}"' for name, value in row.items())
    mutation = f"mutation {{ create_account_item(data: {{{given}}}) {{ id }} }}"
    return [
        await client.post("/items/account", json=row),
        await client.post("/items/account", json=[row]),
        await client.post("/items/product", json={"product_name": "x", "account": row}),
        await client.patch(f"/items/account/{key}", json={"account_name": "x"}),
        await client.post("/utils/import/account", files=file),
        await client.post("/graphql", json={"query": mutation}),
    ]


async def test_users_are_made_in_the_own_account_only(tenant, rows):
    made = await tenant.post("/users", json={"email": "new@other.com"})
    assert made.json()["data"]["account"] == OTHER
    for account in (ACCOUNT, NOBODY):
        refused = await tenant.post("/users", json={"email": "x@other.com", "account": account})
        assert refused.status_code == 400
    me = await tenant.patch("/users/me", json={"account": None})
    assert me.status_code in (400, 403), me.text
    admin = rows.execute("SELECT id::text FROM directus_users WHERE account IS NULL").fetchone()[0]
    await tenant.patch(f"/users/{admin}", json={"token": "taken-over-token"})
    await tenant.request("DELETE", f"/users/{admin}")
    assert rows.execute("SELECT token FROM directus_users WHERE id = %s", [admin]).fetchone()[
        0
    ] != token_hash("taken-over-token")


@pytest.mark.parametrize("name", ["roles", "policies", "access", "permissions", "settings"])
async def test_what_is_the_installations_can_only_be_read(tenant, name):
    for method, body in (("POST", {"name": "x"}), ("PATCH", {"keys": [NOBODY], "data": {}})):
        response = await tenant.request(method, f"/{name}", json=body)
        assert response.status_code in (403, 404), response.text


async def test_policies_of_other_accounts_users_are_not_seen(tenant, rows):
    [demo] = rows.execute(
        "SELECT id::text FROM directus_users WHERE account = %s", [ACCOUNT]
    ).fetchone()
    [policy] = rows.execute("SELECT id::text FROM directus_policies WHERE admin_access").fetchone()
    rows.execute('INSERT INTO directus_access ("user", policy) VALUES (%s, %s)', [demo, policy])
    assert demo not in json.dumps(await shown(tenant, "/access?limit=-1"))
    made = await tenant.post("/access", json={"user": demo, "policy": policy})
    assert made.status_code in (400, 403), made.text


async def test_no_policy_is_attached_or_detached_by_a_tenant(tenant, rows):
    """Or it would make the public, or everybody with its role, an administrator of all accounts."""
    [policy] = rows.execute("SELECT id::text FROM directus_policies WHERE admin_access").fetchone()
    [own] = rows.execute("SELECT id::text FROM directus_users WHERE email LIKE 'user@%'").fetchone()
    attached = "SELECT * FROM directus_access ORDER BY id"
    before = rows.execute(attached).fetchall()
    for target in ({}, {"role": "cccccccc-0000-4000-8000-000000000001"}, {"user": own}):
        assert is_missing(await tenant.post("/access", json={"policy": policy, **target}))
    nested = {"policies": {"create": [{"policy": policy}]}}
    assert is_missing(await tenant.patch(f"/users/{own}", json=nested))
    for row in before:
        assert is_missing(await tenant.patch(f"/access/{row[0]}", json={"policy": policy}))
        assert is_missing(await tenant.delete(f"/access/{row[0]}"))
    assert rows.execute(attached).fetchall() == before


async def test_graphql_does_not_cross(tenant):
    data = await tenant.data(
        "{ product { id } identifier_job { id } account { id }"
        " product_aggregated { countAll } domain { id } }"
    )
    assert data == {
        "product": [{"id": MINE}],
        "identifier_job": [],
        "account": [{"id": OTHER}],
        "product_aggregated": [{"countAll": 1}],
        "domain": [],
    }
    for query in (
        f'{{ product_by_id(id: "{PRODUCT}") {{ id }} }}',
        f'mutation {{ update_product_item(id: "{PRODUCT}", data: {{sku: "x"}}) {{ id }} }}',
        f'mutation {{ delete_product_item(id: "{PRODUCT}") {{ id }} }}',
        f'mutation {{ delete_identifier_job_item(id: "{JOB}") {{ id }} }}',
    ):
        body = await tenant.graphql(query)
        assert body["errors"][0]["extensions"]["code"] == "FORBIDDEN"
        assert list(body["data"].values()) == [None]
    linked = f'{{quantity: 1, product: "{PRODUCT}"}}'
    body = await tenant.graphql(
        f"mutation {{ create_identifier_job_item(data: {linked}) {{ id }} }}"
    )
    assert body["errors"]


async def test_nobody_else_notices(tenant, client):
    """The installation's own admin still sees both accounts."""
    assert len((await client.get("/items/account", headers=ADMIN)).json()["data"]) == 2
