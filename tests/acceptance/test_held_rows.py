"""Two accounts at the same rows at once: nobody changes, or holds, what is not theirs."""

import json

import pytest

from app.access.secrets import token_hash
from tests.acceptance.two_accounts import A, B, a, b, created, two_accounts
from tests.held import is_free, waiting
from tests.installation import app, client, client_of, installation, prepared, reset, rows

__all__ = ["a", "app", "b", "client", "installation", "prepared", "reset", "rows", "two_accounts"]

HAND_OVER = "UPDATE product SET account = %s WHERE id = 'p-own'"
THEIRS, OWN = "p-of-b", "p-own"
"""The key of the other account is the first of both: it would be locked first."""
HOLD = "UPDATE product SET product_name = 'held' WHERE id = 'p-own'"

FIRST, SECOND = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"

ADMIN_OF_A = """
INSERT INTO directus_policies (id, name, admin_access)
  VALUES ('cccccccc-0000-4000-8000-0000000000ad', 'Admin of A', true);
INSERT INTO directus_users (id, email, token, account)
  VALUES ('cccccccc-0000-4000-8000-0000000000ad', 'admin@a.com', '{token}', '{account}');
INSERT INTO directus_access ("user", policy)
  VALUES ('cccccccc-0000-4000-8000-0000000000ad', 'cccccccc-0000-4000-8000-0000000000ad')
"""


@pytest.fixture
def products(rows, two_accounts):
    rows.execute(
        "INSERT INTO product (id, account, product_name) VALUES (%s, %s, 'x'), (%s, %s, 'x')",
        [THEIRS, B, OWN, A],
    )


@pytest.fixture(params=["a user", "an admin"])
async def of_a(request, app, rows, products, client):
    """Of account A: a user who may do everything with what is A's, and an admin."""
    token = "token-of-a"
    if request.param == "an admin":
        token = "token-of-the-admin-of-a"
        rows.execute(ADMIN_OF_A.format(token=token_hash(token), account=A))
    async with client_of(app, headers={"Authorization": f"Bearer {token}"}) as made:
        yield made


def imported(who, collection, *items):
    file = ("rows.json", json.dumps(items), "application/json")
    return who.post(f"/utils/import/{collection}", files={"file": file})


PATCH = {"product_name": "changed"}
WAYS = {
    "PATCH": lambda who, *keys: who.patch(
        "/items/product", json={"keys": list(keys), "data": PATCH}
    ),
    "PATCH of a list": lambda who, *keys: who.patch(
        "/items/product", json=[{"id": key, **PATCH} for key in keys]
    ),
    "DELETE": lambda who, *keys: who.request("DELETE", "/items/product", json=list(keys)),
    "a nested object": lambda who, *keys: who.post(
        "/items/unique_code",
        json=[
            {"type": "short_code", "code": f"c{n}", "product": {"id": key, **PATCH}}
            for n, key in enumerate(keys)
        ],
    ),
    "an import": lambda who, *keys: imported(
        who, "product", *({"id": key, **PATCH} for key in keys)
    ),
    "GraphQL": lambda who, *keys: who.post(
        "/graphql",
        json={
            "query": "mutation ($ids: [ID]!, $data: update_product_input!) "
            "{ update_product_items(ids: $ids, data: $data) { id } }",
            "variables": {"ids": list(keys), "data": PATCH},
        },
    ),
}
ways = pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)


def stored(rows, key):
    sql = "SELECT account::text, product_name FROM product WHERE id = %s"
    return rows.execute(sql, [key]).fetchone()


@ways
async def test_what_is_given_to_another_account_meanwhile_is_a_missing_row(of_a, rows, way):
    async with waiting(rows, HAND_OVER, [B], way(of_a, OWN)) as asked:
        pass
    assert (await asked).status_code < 500
    assert stored(rows, OWN) == (B, "x")
    sql = "SELECT count(*) FROM directus_activity WHERE collection = 'product' AND item = 'p-own'"
    assert rows.execute(sql).fetchone() == (0,)


@ways
async def test_who_waits_for_its_own_row_holds_none_of_another_account(of_a, rows, way):
    async with waiting(rows, HOLD, None, way(of_a, THEIRS, OWN)) as asked:
        assert is_free(rows, "product", THEIRS)
    assert (await asked).status_code < 500
    assert stored(rows, THEIRS) == (B, "x")


async def test_a_shared_domain_is_held_by_nobody_who_refers_to_it(of_a, rows):
    shared, own = FIRST, SECOND
    rows.execute(
        "INSERT INTO domain (id, account, domain_name, type, state) VALUES "
        "(%s, NULL, 'shared.example', 'short', 'verified'), "
        "(%s, %s, 'own.example', 'short', 'verified')",
        [shared, own, A],
    )
    codes = [
        {"type": "short_code", "code": f"c{n}", "domain": {"id": key, "type": "short"}}
        for n, key in enumerate((shared, own))
    ]
    hold = "UPDATE domain SET is_default = false WHERE id = %s"
    async with waiting(rows, hold, [own], of_a.post("/items/unique_code", json=codes)) as asked:
        assert is_free(rows, "domain", shared)
    assert (await asked).status_code < 500


async def test_fields_of_another_accounts_campaign_are_not_held(of_a, b, rows):
    """Whose a row is, its parent says."""
    theirs, own = [
        await created(who, "campaign", {"name": "x", "scm_fields": [{"id": key, "key": "k"}]})
        for who, key in ((b, FIRST), (of_a, SECOND))
    ]
    of_b, of_own = FIRST, SECOND
    hold = "UPDATE scm_field SET position = 2 WHERE id = %s"
    both = [{"id": key, "key": f"k{n}"} for n, key in enumerate((of_b, of_own))]
    change = of_a.patch(f"/items/campaign/{own['id']}", json={"scm_fields": both})
    async with waiting(rows, hold, [of_own], change) as asked:
        assert is_free(rows, "scm_field", of_b)
    assert (await asked).status_code < 500
    sql = "SELECT key, campaign FROM scm_field WHERE id = %s"
    assert rows.execute(sql, [of_b]).fetchone() == ("k", theirs["id"])


async def test_a_sort_changes_only_what_its_caller_may_change(a, app, client, rows):
    fields = [{"key": f"k{n}", "position": n + 1} for n in range(4)]
    campaign = await created(a, "campaign", {"name": "A", "scm_fields": fields})
    path = f"/items/scm_field?filter[campaign]={campaign['id']}&sort=position&fields=id,key"
    ids = {row["key"]: row["id"] for row in (await a.get(path)).json()["data"]}
    may = {
        "collection": "scm_field",
        "action": "update",
        "fields": ["position"],
        "permissions": {"key": {"_in": ["k0", "k1", "k3"]}},
        "validation": {"position": {"_lte": 3}},
    }
    permissions = [{"collection": "scm_field", "action": "read", "fields": ["*"]}, may]
    role = {"name": "Few", "policies": [{"policy": {"name": "Few", "permissions": permissions}}]}
    made = await client.post("/roles", json=role)
    user = {"email": "r@a.com", "token": "token-of-r", "role": made.json()["data"]["id"]}
    assert (await client.post("/users", json={**user, "account": A})).status_code == 200
    before = rows.execute("SELECT count(*) FROM directus_revisions").fetchone()[0]
    async with client_of(app, headers={"Authorization": "Bearer token-of-r"}) as r:
        for item, to, status in (("k0", "k3", 403), ("k3", "k3", 200), ("k1", "k0", 200)):
            body = {"item": ids[item], "to": ids[to]}
            answer = await r.post("/utils/sort/scm_field", json=body)
            assert answer.status_code == status, answer.text
    assert [row["key"] for row in (await a.get(path)).json()["data"]] == ["k1", "k0", "k2", "k3"]
    kept = rows.execute(
        "SELECT r.item, r.delta ->> 'position' FROM directus_revisions AS r "
        "JOIN directus_activity AS a ON a.id = r.activity "
        "JOIN directus_users AS u ON u.id = a.user WHERE u.email = 'r@a.com'"
    ).fetchall()
    assert sorted(kept) == sorted([(str(ids["k1"]), "1"), (str(ids["k0"]), "2")])
    assert rows.execute("SELECT count(*) FROM directus_revisions").fetchone()[0] == before + 2
