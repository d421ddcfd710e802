"""Webhooks on the surfaces: who hears of what, in the transaction of the write."""

import base64
import json

from app.codes.key_wrap import unwrap
from app.database.session import WriteSession
from app.domains.webhook.queries import IS_WANTED
from app.domains.webhook.rules import MOST
from app.domains.webhook.wanted import WANTED
from tests.acceptance.two_accounts import A, B, a, b, created, errors, two_accounts
from tests.installation import SECRET

__all__ = ["a", "b", "two_accounts"]

KEY = "whsec_" + base64.b64encode(bytes(range(32))).decode()
ITEMS = ["items.create", "items.update", "items.delete"]
DELIVERIES = """
SELECT w.name, d.event, d.collection, d.keys, d.account::text, d.user_created IS NOT NULL, d.status
FROM webhook_delivery AS d JOIN webhook AS w ON w.id = d.webhook ORDER BY d.date_created, d.id
"""


async def hook(client, name="hook", **said):
    given = {"events": ITEMS, "collections": ["brand"], "url": "https://example.com/in"}
    return await created(client, "webhook", {"name": name, "secret": KEY, **given, **said})


def noted(rows):
    """Webhook, event and number of keys of all that is to be delivered; it is gone then."""
    found = rows.execute(DELIVERIES).fetchall()
    rows.execute("DELETE FROM webhook_delivery")
    assert all(one[2] == "brand" and one[6] == "pending" for one in found)
    return [(name, event.removeprefix("items."), len(keys)) for name, event, _, keys, *_ in found]


async def test_the_secret_is_never_shown_kept_or_logged(client, rows, caplog):
    made = await hook(client)
    assert made["secret"] == "**********"
    [stored] = rows.execute("SELECT secret FROM webhook").fetchone()
    assert unwrap(stored, SECRET).decode() == KEY
    second = KEY.replace("A", "B")
    await client.patch(f"/items/webhook/{made['id']}", json={"secret": second, "name": "renamed"})
    kept = rows.execute("SELECT data::text, delta::text FROM directus_revisions").fetchall()
    told = (await client.get("/items/webhook?fields=*")).text
    query = 'query { webhook(filter: {name: {_eq: "renamed"}}) { secret } }'
    assert (await client.data(query))["webhook"] == [{"secret": "**********"}]
    for secret in (KEY[6:], second[6:], stored):
        assert secret not in f"{kept} {told} {caplog.text}"
    refused = await client.post("/items/webhook", json={"secret": "a-known-password"})
    assert "a-known-password" not in refused.text


async def test_what_could_never_be_told_is_refused_with_every_reason(client, rows, a):
    wrong = {
        "events": ["items.create", "items.read"],
        "collections": ["nope"],
        "url": "https://[::ffff:127.0.0.1]/",
        "secret": "whsec_c2hvcnQ=",
    }
    response = await client.post("/items/webhook", json=wrong)
    assert {one["field"] for one in errors(response)} == set(wrong)
    for field, value in [
        *(("events", value) for value in ([], "items.create", [["items.create"]], {}, [None])),
        *(("collections", value) for value in (None, [], ["webhook_nope"], [1], "brand")),
        *(("url", value) for value in ("http://example.com/", "https://localhost@127.1", "")),
        *(("secret", value) for value in (KEY[6:], KEY + "!", "whsec_")),
    ]:
        given = {"events": ITEMS, "collections": ["brand"], "url": "https://example.com/"}
        response = await client.post("/items/webhook", json={**given, "secret": KEY, field: value})
        assert response.status_code == 400, (field, value)
        assert [one["field"] for one in errors(response)] == [field], (field, value)
    # What its maker may not read it hears nothing of.
    rows.execute("DELETE FROM directus_permissions WHERE collection = 'brand'")
    response = await a.post("/items/webhook", json={**wrong, "collections": ["brand"]})
    [about] = [one for one in errors(response) if one["field"] == "collections"]
    assert "product" in about["valid"]
    assert "brand" not in about["valid"]


async def test_a_write_is_one_delivery_for_each_webhook_of_its_rows_account(client, a, b, rows):
    await hook(a, "a")
    await hook(b, "b")
    await hook(b, "b deletes", events=["items.delete"])
    await hook(client, "all")
    await hook(a, "elsewhere", collections=["product"])
    await hook(a, "inactive", status="inactive")
    await a.post("/items/brand", json=[{"name": "1"}, {"name": "2"}])
    assert sorted(noted(rows)) == [("a", "create", 2), ("all", "create", 2)]
    # Whose a row is says the row: the admin of the installation writes those of both.
    made = [{"name": "3", "account": A}, {"name": "4", "account": B}, {"name": "5", "account": B}]
    response = await client.post("/items/brand", json=made)
    whose = {one["id"]: one["account"] for one in response.json()["data"]}
    keys = list(whose)
    found = {name: keys for name, _, _, keys, *_ in rows.execute(DELIVERIES).fetchall()}
    assert {whose[key] for key in found["a"]} == {A}
    assert {whose[key] for key in found["b"]} == {B}
    assert set(found["all"]) == set(keys)
    assert sorted(noted(rows)) == [("a", "create", 1), ("all", "create", 3), ("b", "create", 2)]
    query = (
        """mutation ($keys: [ID]!) { update_brand_items(ids: $keys, data: {image: null}) { id } }"""
    )
    await client.data(query, keys=keys)
    assert sorted(noted(rows)) == [("a", "update", 1), ("all", "update", 3), ("b", "update", 2)]
    await client.request("DELETE", "/items/brand", json=keys)
    assert sorted(noted(rows)) == [
        *(("a", "delete", 1), ("all", "delete", 3)),
        *(("b", "delete", 2), ("b deletes", "delete", 2)),
    ]


async def test_a_large_write_is_a_few_deliveries(client, rows):
    await hook(client)
    await client.post("/items/brand", json=[{"name": f"b{n}"} for n in range(2500)])
    assert noted(rows) == [
        ("hook", "create", 1000),
        ("hook", "create", 1000),
        ("hook", "create", 500),
    ]


async def test_what_is_rolled_back_was_never_to_be_told(a, rows):
    await hook(a)
    known = (await a.post("/items/brand", json={"name": "known"})).json()["data"]["id"]
    noted(rows)
    failing = [
        a.post("/items/brand", json=[{"name": "new"}, {"id": known, "name": "again"}]),
        # The brand is saved before its product is refused.
        a.post(
            "/items/product",
            json={"id": "/01/04012345000009", "brand": {"name": "x"}, "account": B},
        ),
        a.patch(f"/items/brand/{known}", json={"account": B}),
    ]
    for one in failing:
        assert (await one).status_code >= 400
    assert noted(rows) == []


async def test_accounts_see_their_own_webhooks_and_deliveries(a, b, client, rows):
    of_a = await hook(a, "a")
    assert of_a["account"] == A
    await hook(client, "all")
    await a.post("/items/brand", json={"name": "1"})
    [delivery] = (await a.get("/items/webhook_delivery?fields=*")).json()["data"]
    assert (delivery["webhook"], delivery["account"]) == (of_a["id"], A)
    assert len((await client.get("/items/webhook_delivery")).json()["data"]) == 2
    for path in ("webhook", "webhook_delivery"):
        assert (await b.get(f"/items/{path}")).json()["data"] == []
    for path in (f"webhook/{of_a['id']}", f"webhook_delivery/{delivery['id']}"):
        assert (await b.get(f"/items/{path}")).status_code == 403
        assert (await b.patch(f"/items/{path}", json={"status": "pending"})).status_code == 403
    # With a webhook goes what it was told.
    assert (await a.delete(f"/items/webhook/{of_a['id']}")).status_code == 204
    assert (await a.get("/items/webhook_delivery")).json()["data"] == []


async def test_people_change_nothing_of_a_delivery_but_have_it_tried_again(a, rows):
    await hook(a)
    await a.post("/items/brand", json={"name": "1"})
    rows.execute(
        "UPDATE webhook_delivery SET status = 'failed', attempts = 9, error_message = 'no'"
    )
    [delivery] = (await a.get("/items/webhook_delivery?fields=*")).json()["data"]
    path = f"/items/webhook_delivery/{delivery['id']}"
    assert errors(await a.patch(path, json={"status": "delivered"}))[0]["field"] == "status"
    said = {"webhook": delivery["webhook"], "event": "x", "collection": "x", "keys": []}
    assert (await a.post("/items/webhook_delivery", json=said)).status_code == 403
    changed = {"status": "pending", "keys": ["forged"], "event": "items.delete"}
    again = (await a.patch(f"{path}?fields=*", json=changed)).json()["data"]
    assert (again["status"], again["attempts"], again["error_message"]) == ("pending", 0, None)
    assert (again["keys"], again["event"]) == (delivery["keys"], "items.create")
    assert again["next_attempt_at"] > delivery["next_attempt_at"]


async def test_an_account_has_so_many_webhooks(a, b):
    many = [
        {"events": ["document.ready"], "url": "https://example.com/", "secret": KEY}
        for _ in range(MOST)
    ]
    assert (await a.post("/items/webhook", json=many)).status_code == 200
    assert errors(await a.post("/items/webhook", json=many[0]))[0]["field"] == "account"
    assert (await b.post("/items/webhook", json=many[0])).status_code == 200


async def test_without_webhooks_a_write_asks_once_in_a_while(client, a, rows, monkeypatch):
    """And who makes a webhook hears of the very next write."""
    looks = []
    run = WriteSession.run

    async def counting(session, statement, values):
        looks.append(statement == IS_WANTED)
        return await run(session, statement, values)

    WANTED.forget()
    with monkeypatch.context() as patched:
        patched.setattr(WriteSession, "run", counting)
        for number in range(20):
            await a.post("/items/brand", json={"name": f"b{number}"})
    assert looks.count(True) == 1
    made = await hook(client)
    await a.post("/items/brand", json={"name": "next"})
    assert noted(rows) == [("hook", "create", 1)]
    await client.patch(f"/items/webhook/{made['id']}", json={"status": "inactive"})
    await a.post("/items/brand", json={"name": "last"})
    assert noted(rows) == []


async def test_what_a_transaction_sees_that_fails_is_not_kept(client, rows):
    """It makes the only webhook inactive, asks who listens, and is rolled back."""
    made = await hook(client, events=["items.update"], collections=["webhook"])
    WANTED.forget()
    content = json.dumps([{"id": made["id"], "status": "inactive"}, {"name": "wrong"}])
    files = {"file": ("hooks.json", content.encode(), "application/json")}
    assert (await client.post("/utils/import/webhook", files=files)).status_code == 400
    assert rows.execute("SELECT count(*) FROM webhook_delivery").fetchone() == (0,)
    await client.patch(f"/items/webhook/{made['id']}", json={"name": "renamed"})
    assert rows.execute("SELECT count(*) FROM webhook_delivery").fetchone() == (1,)
