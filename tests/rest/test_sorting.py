"""`/utils/sort`: the manual order of a collection that has one."""

import json

import psycopg
import pytest

from app import domains
from app.bootstrap import bootstrap
from app.database.migrate import upgrade
from app.main import create_app
from app.served import served
from tests.installation import client_of, own_database

SNAPSHOT = {
    "version": 1,
    "directus": "11.17.4",
    "vendor": "postgres",
    "collections": [
        {
            "collection": "step",
            "meta": {"collection": "step", "sort_field": "place", "accountability": "all"},
            "schema": {"name": "step"},
        }
    ],
    "fields": [
        {
            "collection": "step",
            "field": name,
            "type": kind,
            "meta": {"collection": "step", "field": name},
            "schema": {
                "name": name,
                "table": "step",
                "data_type": data_type,
                "is_primary_key": name == "id",
                "is_nullable": name != "id",
                "max_length": 255 if kind == "string" else None,
            },
        }
        for name, kind, data_type in (
            ("id", "string", "character varying"),
            ("place", "integer", "integer"),
        )
    ],
    "relations": [],
}


@pytest.fixture
def ordered(database_url, installation, tmp_path):
    """An installation with a collection that has an order."""
    path = tmp_path / "steps.json"
    path.write_text(json.dumps(SNAPSHOT))
    with own_database(database_url) as url:
        current = installation.model_copy(update={"database_url": url, "schema_": str(path)})
        upgrade(url, served(current).tables, builtin=False)
        bootstrap(current, url)
        yield current
    domains.register()  # rules belong to the process, and other tests need all of them


@pytest.fixture
async def steps(ordered):
    """The admin's client, the database, and a client of nobody."""
    app = create_app(ordered)
    with psycopg.connect(ordered.database_url, autocommit=True) as rows:
        async with client_of(app) as client, client_of(app, headers={}) as anonymous:
            yield client, rows, anonymous


async def moved(client, item, to):
    return await client.post("/utils/sort/step", json={"item": item, "to": to})


def order(rows):
    found = rows.execute("SELECT id, place FROM step ORDER BY place NULLS LAST, id").fetchall()
    return "".join(key for key, _ in found), [place for _, place in found]


async def test_an_item_takes_the_place_of_another(steps):
    client, rows, _ = steps
    rows.execute("INSERT INTO step (id) VALUES ('a'), ('b'), ('c'), ('d'), ('e')")
    for item, to, expected in (
        ("b", "d", "acdbe"),  # down
        ("e", "a", "eacdb"),  # up
        ("c", "c", "eacdb"),
        ("e", "b", "acdbe"),  # to the end
    ):
        response = await moved(client, item, to)
        assert (response.status_code, response.content) == (200, b"")
        assert "content-type" not in response.headers
        assert order(rows) == (expected, [1, 2, 3, 4, 5])
    shown = (await client.get("/items/step?fields=id")).json()["data"]
    assert [item["id"] for item in shown] == list("acdbe")


async def test_gaps_and_doubles_are_put_in_order(steps):
    client, rows, _ = steps
    rows.execute("INSERT INTO step VALUES ('a', 7), ('b', 7), ('c', 100), ('d', NULL)")
    await moved(client, "d", "b")
    assert order(rows) == ("adbc", [1, 2, 3, 4])


async def test_a_missing_item_is_forbidden(steps):
    client, rows, _ = steps
    rows.execute("INSERT INTO step VALUES ('a', 1)")
    for item, to in (("a", "x"), ("x", "a"), ("x", "x"), ({}, "a")):
        assert (await moved(client, item, to)).status_code == 403


async def test_who_may_not_change_the_order_is_refused(steps):
    client, rows, anonymous = steps
    rows.execute("INSERT INTO step VALUES ('a', 1), ('b', 2)")
    public = "abf8a154-5b1c-4a46-ac9c-7300570f4f17"
    rule = {"policy": public, "collection": "step", "permissions": {"id": {"_neq": "c"}}}
    for action, fields in (("read", ["*"]), ("update", ["id"])):
        made = await client.post("/permissions", json={**rule, "action": action, "fields": fields})
        assert made.status_code == 200
    assert (await moved(anonymous, "a", "b")).status_code == 403
    update = {"policy": public, "collection": "step", "action": "update", "fields": ["place"]}
    await client.post("/permissions", json={**update, "permissions": {"id": {"_in": ["a", "b"]}}})
    assert (await moved(anonymous, "a", "b")).status_code == 200
    assert order(rows) == ("ba", [1, 2])
    rows.execute("INSERT INTO step VALUES ('c', 3)")
    assert (await moved(anonymous, "a", "c")).status_code == 403


PUBLIC = "abf8a154-5b1c-4a46-ac9c-7300570f4f17"


async def test_every_row_that_moves_is_one_the_caller_may_move_so(steps):
    client, rows, anonymous = steps
    rows.execute("INSERT INTO step VALUES ('a', 1), ('b', 2), ('c', 3), ('d', 4)")
    for action, options in (
        ("read", {"fields": ["*"]}),
        (
            "update",
            {
                "fields": ["place"],
                "permissions": {"id": {"_neq": "c"}},
                "validation": {"place": {"_lte": 3}},
            },
        ),
    ):
        rule = {"policy": PUBLIC, "collection": "step", "action": action, **options}
        assert (await client.post("/permissions", json=rule)).status_code == 200
    for item, to in (("a", "d"), ("d", "a"), ("b", "c"), ("c", "c")):
        assert (await moved(anonymous, item, to)).status_code == 403, (item, to)
    rows.execute("UPDATE step SET place = 8 WHERE id = 'c'")
    assert (await moved(anonymous, "a", "b")).status_code == 403  # c would be the fourth
    assert order(rows) == ("abdc", [1, 2, 4, 8])
    rows.execute("UPDATE step SET place = 0 WHERE id = 'c'")
    rows.execute("UPDATE step SET place = 3 WHERE id = 'b'")
    rule = await client.get("/permissions?filter[collection]=step&filter[action]=update&fields=id")
    [permission] = rule.json()["data"]
    answer = await client.patch(f"/permissions/{permission['id']}", json={"permissions": {}})
    assert answer.status_code == 200, answer.text
    assert (await moved(anonymous, "b", "d")).status_code == 400  # d would be the fourth
    assert order(rows) == ("cabd", [0, 1, 3, 4])


async def test_what_moves_is_kept_like_any_change(steps):
    client, rows, _ = steps
    rows.execute("INSERT INTO step VALUES ('a', 1), ('b', 2), ('c', 3)")
    assert (await moved(client, "b", "a")).status_code == 200
    kept = rows.execute("SELECT item, delta FROM directus_revisions WHERE collection = 'step'")
    assert sorted(kept.fetchall()) == [("a", {"place": 2}), ("b", {"place": 1})]
