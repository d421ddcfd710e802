"""History belongs to the account of its row: who moves to another account takes nothing along."""

from contextlib import AsyncExitStack
from uuid import uuid4

import pytest

from app.access.secrets import password_hash, token_hash
from app.pools import Asker
from tests.installation import ACCOUNT, client_of

OTHER = "11111111-2222-4333-8444-555555555555"


@pytest.fixture
async def people(app, rows):
    """An admin of each of two accounts: their clients and keys."""
    rows.execute("INSERT INTO account (id, account_name) VALUES (%s, 'Other')", [OTHER])
    async with AsyncExitStack() as stack:
        made = []
        for account in (ACCOUNT, OTHER):
            user, token = str(uuid4()), uuid4().hex
            rows.execute(
                "INSERT INTO directus_users (id, email, account, status, token, password) "
                "VALUES (%s, %s, %s, 'active', %s, %s)",
                [user, f"{user}@example.com", account, token_hash(token),
                 await password_hash("a good password", Asker(None))],
            )  # fmt: skip
            rows.execute(
                'INSERT INTO directus_access (id, policy, "user") SELECT gen_random_uuid(), id, '
                "%s FROM directus_policies WHERE admin_access LIMIT 1",
                [user],
            )
            headers = {"Authorization": f"Bearer {token}"}
            made.append((await stack.enter_async_context(client_of(app, headers)), user))
        yield made


async def history(client, **of):
    found = {}
    for name in ("activity", "revisions"):
        filters = "&".join(f"filter[{field}][_eq]={value}" for field, value in of.items())
        answer = await client.get(f"/{name}?limit=-1&fields=*,account&{filters}")
        assert answer.status_code == 200, answer.text
        found[name] = answer.json()["data"]
    return found


async def test_a_user_who_moves_takes_no_history_along(client, people, rows):
    (one, mover), (two, _) = people
    made = await one.post("/items/campaign", json={"name": "Secret", "scm_fields": [{"key": "a"}]})
    key = made.json()["data"]["id"]
    field = (await one.get("/items/scm_field")).json()["data"][0]["id"]
    await one.patch(f"/items/campaign/{key}", json={"name": "More secret"})
    await client.patch(f"/users/{mover}", json={"account": OTHER})
    for collection, item in (("campaign", key), ("scm_field", field)):
        for part in (await history(two, collection=collection, item=item)).values():
            assert part == []
        for part in (await history(one, collection=collection, item=item)).values():
            assert part == [], "the mover is of the other account now"
        kept = await history(client, collection=collection, item=item)
        for part in kept.values():
            assert {row["account"] for row in part} == {ACCOUNT}
    revision = kept["revisions"][0]["id"]
    assert (await one.post(f"/utils/revert/{revision}")).status_code == 403
    nested = await one.get("/activity?fields=*,revisions.*&limit=-1")
    assert "ecret" not in nested.text


async def test_every_way_to_write_names_the_account(client, people, rows):
    (one, user), _ = people
    made = (await one.post("/items/brand", json=[{"name": "A"}, {"name": "B"}])).json()["data"]
    keys = [row["id"] for row in made]
    await client.patch(f"/items/brand/{keys[0]}", json={"name": "C"})
    await one.request("DELETE", "/items/brand", json=keys)
    await one.patch("/users/me", json={"first_name": "Ann"})
    logged_in = await one.post(
        "/auth/login", json={"email": f"{user}@example.com", "password": "a good password"}
    )
    assert logged_in.status_code == 200
    found = rows.execute(
        "SELECT action, count(*), count(*) FILTER (WHERE account = %s) FROM directus_activity "
        "WHERE item = ANY(%s) GROUP BY action ORDER BY action",
        [ACCOUNT, [*keys, user]],
    ).fetchall()
    assert found == [("create", 2, 2), ("delete", 2, 2), ("login", 1, 1), ("update", 2, 2)]
    revisions = "SELECT DISTINCT account::text FROM directus_revisions WHERE item = ANY(%s)"
    assert rows.execute(revisions, [[*keys, user]]).fetchall() == [(ACCOUNT,)]


async def test_an_account_s_own_row_is_its_history(client, people, rows):
    await client.patch(f"/items/account/{OTHER}", json={"account_name": "Renamed"})
    (one, _), (two, _) = people
    assert (await history(two, collection="account", item=OTHER))["revisions"]
    assert not (await history(one, collection="account", item=OTHER))["revisions"]
