"""What a Studio keeps beside the items: views, comments, texts; and what it asks for in vain."""

import pytest

from schema.unkept import UNKEPT
from tests.acceptance.two_accounts import (
    GTIN_A,
    GTIN_B,
    A,
    a,
    anybody,
    b,
    created,
    errors,
    two_accounts,
)
from tests.installation import NOBODY, PRODUCT

__all__ = ["a", "anybody", "b", "two_accounts"]

ROLE = "cccccccc-0000-4000-8000-00000000000a"
UNKEPT_NAMES = [collection.name.removeprefix("directus_") for collection in UNKEPT]


@pytest.fixture
def app_access(rows, two_accounts):
    rows.execute("UPDATE directus_policies SET app_access = true WHERE id = %s", [ROLE])


async def posted(client, path, payload):
    response = await client.post(path, json=payload)
    assert response.status_code == 200, response.text
    return response.json()["data"]


async def shown(client, path, field):
    response = await client.get(path)
    assert response.status_code == 200, response.text
    return [row[field] for row in response.json()["data"]]


async def of_system(client, query, **variables):
    response = await client.post("/graphql/system", json={"query": query, "variables": variables})
    assert response.status_code == 200, response.text
    return response.json()


async def test_users_see_their_own_views_their_roles_and_everybodys(client, a, b, app_access):
    me_a, me_b = [(await one.get("/users/me")).json()["data"]["id"] for one in (a, b)]
    for name, whose in {
        "A's": {"user": me_a},
        "B's": {"user": me_b},
        "role's": {"role": ROLE},
        "A's and its role's": {"role": ROLE, "user": me_a},
        "everybody's": {},
        "everybody's of A": {"account": A},
        "admin's": {"user": (await client.get("/users/me")).json()["data"]["id"]},
        "another role's": {"role": (await client.get("/users/me")).json()["data"]["role"]},
    }.items():
        given = {"bookmark": name, "collection": "product", "filter": {"id": {"_nnull": True}}}
        owner = A if whose.get("user") == me_a else None
        await posted(client, "/presets", {"account": owner, **given, **whose})
    seen = {"A's", "role's", "A's and its role's", "everybody's", "everybody's of A"}
    assert set(await shown(a, "/presets", "bookmark")) == seen
    assert set(await shown(b, "/presets", "bookmark")) == {"role's", "everybody's"}
    body = await of_system(a, "{ presets { bookmark filter user { id } layout } }")
    assert {row["bookmark"] for row in body["data"]["presets"]} == seen
    assert body["data"]["presets"][0]["filter"] == {"id": {"_nnull": True}}
    assert body["data"]["presets"][0]["layout"] == "tabular"


async def test_users_write_their_own_views_only(client, a, b, app_access):
    me_a, me_b = [(await one.get("/users/me")).json()["data"]["id"] for one in (a, b)]
    own = await posted(a, "/presets", {"bookmark": "mine", "user": me_a})
    assert own["account"] == A
    assert (await posted(a, "/presets", {"bookmark": "mine, too"}))["user"] == me_a
    for whose in ({"user": None}, {"user": me_b}, {"user": None, "role": ROLE}, {"user": NOBODY}):
        assert (await a.post("/presets", json={"bookmark": "no", **whose})).status_code == 400
    everybodys = await posted(client, "/presets", {"bookmark": "all", "account": A})
    for by, key in ((a, everybodys["id"]), (b, own["id"])):
        assert (await by.patch(f"/presets/{key}", json={"bookmark": "x"})).status_code == 403
        assert (await by.delete(f"/presets/{key}")).status_code == 403
    response = await a.patch(f"/presets/{own['id']}", json={"user": None})
    assert (response.status_code, errors(response)[0]["code"]) == (400, "FAILED_VALIDATION")
    update = 'mutation ($id: ID!) { update_presets_item(id: $id, data: {search: "x"}) { search } }'
    body = await of_system(a, update, id=own["id"])
    assert body["data"] == {"update_presets_item": {"search": "x"}}
    kept = await client.get("/activity?filter[collection][_eq]=directus_presets")
    assert kept.json()["data"] == []  # as in Directus
    assert (await client.delete(f"/users/{me_a}")).status_code == 204
    assert await shown(client, "/presets", "bookmark") == ["all"]


async def test_who_comments_sees_the_item_and_its_account_the_comment(client, a, b, app_access):
    mine = {"collection": "product", "item": f"/01/{GTIN_A}"}
    await created(a, "product", {"id": mine["item"], "product_name": "A's"})
    await created(b, "product", {"id": f"/01/{GTIN_B}", "product_name": "B's"})
    made = await posted(a, "/comments", {**mine, "comment": "Why?"})
    me = (await a.get("/users/me")).json()["data"]["id"]
    assert (made["account"], made["user_created"], made["comment"]) == (A, me, "Why?")
    assert made["date_created"] is not None
    for place in (
        {"item": f"/01/{GTIN_B}"},
        {"item": PRODUCT},
        {"item": "nonsense"},
        {"collection": "directus_settings", "item": "nonsense"},
        {"collection": "code_space", "item": NOBODY},
        {"collection": "nothing"},
    ):
        response = await a.post("/comments", json={**mine, **place, "comment": "x"})
        assert (response.status_code, errors(response)[0]["code"]) == (403, "FORBIDDEN"), place
    for without in ("collection", "item", "comment"):
        given = {name: text for name, text in {**mine, "comment": "x"}.items() if name != without}
        response = await a.post("/comments", json=given)
        assert response.status_code == 400
        assert errors(response)[0]["field"] == without
    # What the installation says of an item its account sees; of one's own, others see nothing.
    said = await posted(client, "/comments", {**mine, "comment": "Because."})
    assert said["account"] == A
    given = {"policy": ROLE, "collection": "directus_comments", "action": "read", "fields": ["*"]}
    await posted(client, "/permissions", given)
    assert await shown(a, "/comments?sort=date_created", "comment") == ["Why?", "Because."]
    assert await shown(b, "/comments", "comment") == []
    url = f"/comments/{made['id']}"
    assert (await b.patch(url, json={"comment": "x"})).status_code == 403
    assert (await a.patch(url, json={"item": PRODUCT})).status_code == 403
    assert (await a.patch(f"/comments/{said['id']}", json={"comment": "x"})).status_code == 403
    changed = await a.patch(url, json={"comment": "Why not?"})
    assert changed.json()["data"]["user_updated"] == me
    moved = await client.patch(url, json={"item": f"/01/{GTIN_B}"})
    assert moved.json()["data"]["account"] != A
    kept = "/revisions?filter[collection][_eq]=directus_comments&sort=id"
    assert [row["comment"] for row in await shown(client, kept, "data")][:2] == [
        "Why?",
        "Because.",
    ]
    assert (await a.delete(url)).status_code == 403  # it is another account's now
    assert (await client.delete(url)).status_code == 204


async def test_texts_are_the_installations_and_users_read_them(client, a, app_access):
    text = {"key": "hello", "language": "en-US", "value": "Hello"}
    made = await posted(client, "/translations", text)
    assert made == {**text, "id": made["id"]}
    response = await client.post("/translations", json={**text, "value": "Hi"})
    assert (response.status_code, errors(response)[0]["code"]) == (400, "RECORD_NOT_UNIQUE")
    await posted(client, "/translations", {**text, "language": "de-DE", "value": "Hallo"})
    assert await shown(a, "/translations?filter[language]=de-DE", "value") == ["Hallo"]
    assert (await a.patch(f"/translations/{made['id']}", json={"value": "x"})).status_code == 403
    body = await of_system(client, '{ translations(sort: "value") { key language value } }')
    assert [row["value"] for row in body["data"]["translations"]] == ["Hallo", "Hello"]


async def test_what_is_not_kept_reads_as_empty_to_those_who_may_read_it(
    client, a, anybody, app_access
):
    assert {"flows", "operations", "dashboards", "panels", "extensions"} < set(UNKEPT_NAMES)
    for name in UNKEPT_NAMES:
        response = await client.get(f"/{name}?limit=-1&fields=*&meta=*")
        counts = {"total_count": 0, "filter_count": 0}
        assert response.json() == {"meta": counts, "data": []}, name
        found = await client.request("SEARCH", f"/{name}", json={"query": {"limit": -1}})
        assert found.json() == {"data": []}, name
        assert (await anybody.get(f"/{name}")).status_code == 403
        status = 200 if name in {"notifications", "shares"} else 403  # what app access has
        assert (await a.get(f"/{name}")).status_code == status, name
        for method, path in (("POST", ""), ("PATCH", f"/{NOBODY}"), ("DELETE", f"/{NOBODY}")):
            refused = await client.request(method, f"/{name}{path}", json={"name": "x"})
            assert refused.status_code == 403
            assert "Nothing is kept" in refused.json()["errors"][0]["message"]
    query = " ".join(f"{name} {{ id }}" for name in UNKEPT_NAMES)
    body = await of_system(client, f"{{ {query} }}")
    assert body == {"data": {name: [] for name in UNKEPT_NAMES}}
    given = {"policy": ROLE, "collection": "directus_flows", "action": "read", "fields": ["id"]}
    await posted(client, "/permissions", given)
    assert (await a.get("/flows")).json() == {"data": []}
    nested = await client.get("/flows?fields=name,operations.key,user_created.first_name")
    assert nested.json() == {"data": []}
