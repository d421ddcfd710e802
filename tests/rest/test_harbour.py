"""Cases from the field: what people report of servers like this one, on a harbour."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.harbour import PUBLIC


async def test_presets_fill_what_graphql_does_not_name(harbour):
    await harbour.allow("ship", "create", fields=["name"], presets={"qty": 7})
    await harbour.allow("ship", "read")
    made = await harbour.public.data('mutation { create_ship_item(data: {name: "a"}) { qty } }')
    assert made == {"create_ship_item": {"qty": 7}}
    body = await harbour.client.graphql('mutation { create_ship_item(data: {name: "a"}) { qty } }')
    [error] = body["errors"]
    assert error["extensions"]["code"] == "FAILED_VALIDATION"
    assert error["extensions"]["field"] == "qty"


async def test_presets_read_what_the_caller_has(harbour):
    policy = await harbour.data("POST", "/policies", {"name": "Clerk", "app_access": False})
    role = await harbour.data(
        "POST", "/roles", {"name": "Clerks", "policies": [{"policy": policy["id"]}]}
    )
    presets = {
        "name": "$CURRENT_USER.first_name",
        "meta": {"role": ["$CURRENT_ROLE.name", "$CURRENT_USER.role.name"], "id": "$CURRENT_USER"},
        "words": "$CURRENT_ROLES.name",
    }
    for action in ("create", "update", "read"):
        await harbour.data(
            "POST",
            "/permissions",
            {"policy": policy["id"], "collection": "port", "action": action, "fields": ["*"]}
            | ({} if action == "read" else {"presets": presets}),
        )
    user = {
        "email": "clerk@x.example",
        "role": role["id"],
        "token": "clerk-token-clerk-token",
        "first_name": "Bo",
    }
    key = (await harbour.data("POST", "/users", user))["id"]
    headers = {"Authorization": "Bearer clerk-token-clerk-token"}
    filled = {"name": "Bo", "meta": {"role": ["Clerks", "Clerks"], "id": key}, "words": ["Clerks"]}
    made = (await harbour.public.post("/items/port", json={}, headers=headers)).json()["data"]
    assert {name: made[name] for name in filled} == filled
    await harbour.data("PATCH", f"/users/{key}", {"first_name": "Di"})
    path = f"/items/port/{made['id']}"
    now = (await harbour.public.patch(path, json={"score": 1}, headers=headers)).json()["data"]
    assert now["name"] == "Di"
    harbour.rows.execute(
        "UPDATE directus_permissions SET presets = %s WHERE policy = %s AND action = 'create'",
        ['{"name": "$CURRENT_USER.nope"}', policy["id"]],
    )
    await harbour.data("PATCH", f"/policies/{policy['id']}", {"name": "Clerks"})
    answer = await harbour.public.post("/items/port", json={}, headers=headers)
    assert answer.status_code == 403


ALIASED = [
    ("opened", "year(opened)", 2024),
    ("n", "count(berths)", "2"),
    ("n", "count(meta)", "0"),
    ("j", "json(meta, a.b[0])", 5),
    ("j", "json(meta,a)", {"b": [5]}),
    ("id", "month(founded)", 2),
]


@pytest.mark.parametrize(("key", "call", "value"), ALIASED)
async def test_functions_have_aliases(harbour, key, call, value):
    harbour.rows.execute(
        "INSERT INTO port (opened, founded, meta) VALUES"
        " ('2024-05-06T07:08:09.5', '2024-02-03', '{\"a\": {\"b\": [5]}}')"
    )
    harbour.rows.execute("INSERT INTO berth (label, port) VALUES ('a', 1), ('b', 1)")
    alias = {f"alias[{key}]": call}
    assert await harbour.data("GET", "/items/port", fields=key, **alias) == [{key: value}]
    whole = await harbour.data("GET", "/items/port/1", fields=f"name,{key}", **alias)
    assert whole == {"name": None, key: value}
    deep = {"port": {"_alias": {key: call}}}
    body = {"query": {"fields": ["label", f"port.{key}"], "deep": deep, "limit": 1}}
    found = await harbour.data("SEARCH", "/items/berth", body)
    assert found == [{"label": "a", "port": {key: value}}]


async def test_aliases_of_what_is_no_function_are_refused(harbour):
    for call, refusal in (
        ("year(name)", '400 Invalid query. Invalid function specified "year".'),
        ("sleep(opened)", '400 Invalid query. Invalid function specified "sleep".'),
        ("year(opened", '400 Invalid query. Invalid function specified "year(opened".'),
    ):
        assert (
            await harbour.refused("GET", "/items/port", fields="y", **{"alias[y]": call}) == refusal
        )
    for call in ("year(nope)", "nope"):
        answer = await harbour.refused("GET", "/items/port", fields="y", **{"alias[y]": call})
        assert answer.startswith("403")
    await harbour.allow("ship", "read", fields=["id"])
    answer = await harbour.public.get("/items/ship?fields=n&alias[n]=count(tags)")
    assert answer.status_code == 403


WHOLE = {
    "name": "a%'b",
    "opened": "2024-05-06T07:08:09.5",
    "founded": "2024-02-03",
    "seen": "2024-05-06T07:08:09.123Z",
    "at": "12:30:00.25",
    "score": "1.50000",
    "big": "9007199254740993",
    "ratio": 0.5,
    "active": False,
    "meta": {"b": [1], "a": None},
    "words": ["x", "y"],
}


async def test_revisions_hold_what_items_show(harbour):
    made = await harbour.data("POST", "/items/port", WHOLE)
    assert {name: made[name] for name in WHOLE} == WHOLE
    await harbour.data("PATCH", "/items/port/1", {"score": "2.25", "words": [], "active": True})
    now = await harbour.data("GET", "/items/port/1")
    found = await harbour.data(
        "GET", "/revisions", sort="id", **{"filter[collection][_eq]": "port"}
    )
    del made["berths"], now["berths"]
    assert found[0]["data"] == found[0]["delta"] == made
    assert found[1]["data"] == now
    assert found[1]["delta"] == {"score": "2.25000", "words": [], "active": True}
    await harbour.client.post(f"/utils/revert/{found[0]['id']}")
    assert {name: (await harbour.data("GET", "/items/port/1"))[name] for name in WHOLE} == WHOLE


async def test_a_key_is_not_changed(harbour):
    await harbour.data("POST", "/items/port", [{"name": "a"}, {"name": "b"}])
    for path, body in (
        ("/items/port/1", {"id": 9}),
        ("/items/port/1", {"id": None, "name": "c"}),
        ("/items/port", {"keys": [1, 2], "data": {"id": 1, "name": "c"}}),
        ("/items/port", {"query": {"filter": {"id": 1}}, "data": {"id": 9}}),
    ):
        answer = await harbour.refused("PATCH", path, body)
        assert answer == '400 Invalid payload. The key "id" of an item can\'t be changed.'
    query = "mutation { update_port_item(id: 1, data: {id: 9}) { id } }"
    assert "can't be changed" in (await harbour.client.graphql(query))["errors"][0]["message"]
    await harbour.data("PATCH", "/items/port/1", {"id": 1, "name": "c"})
    await harbour.data("PATCH", "/items/port", [{"id": "2", "name": "d"}])
    assert await harbour.data("GET", "/items/port", fields="id,name") == [
        {"id": 1, "name": "c"},
        {"id": 2, "name": "d"},
    ]


LONG = "n" * 100


async def test_names_may_be_longer_than_those_of_postgresql(harbour):
    harbour.rows.execute("INSERT INTO port (name, opened) VALUES ('a', '2024-01-01')")
    harbour.rows.execute("INSERT INTO berth (label, port) VALUES ('x', 1), ('y', 1)")
    alias = {
        f"alias[{LONG}1]": "berths",
        f"alias[{LONG}2]": "year(opened)",
        f"alias[{LONG}3]": "name",
    }
    fields = f"id,{LONG}1.label,{LONG}2"
    deep = {"deep": f'{{"{LONG}1": {{"_limit": 1}}}}'}
    assert await harbour.data("GET", "/items/port", fields=fields, **alias, **deep) == [
        {"id": 1, f"{LONG}2": 2024, f"{LONG}1": [{"label": "x"}]}
    ]
    [one] = await harbour.data(
        "GET", "/items/port", fields=f"{LONG}'1.label,id", **{f"alias[{LONG}'1]": "berths"}
    )
    assert one == {"id": 1, f"{LONG}'1": [{"label": "x"}, {"label": "y"}]}
    query = f"""{{
      {LONG}1: port {{ {LONG}2: name {LONG}3: berths(limit: 1) {{ {LONG}4: label {LONG}5: id }} }}
      {LONG}6: port_by_id(id: 1) {{ {LONG}7: opened_func {{ {LONG}8: year }} }}
      {LONG}9: port_aggregated(groupBy: ["name"]) {{
        {LONG}a: group {LONG}b: count {{ {LONG}c: id }}
      }}
    }}"""
    assert await harbour.client.data(query) == {
        f"{LONG}1": [{f"{LONG}2": "a", f"{LONG}3": [{f"{LONG}4": "x", f"{LONG}5": "1"}]}],
        f"{LONG}6": {f"{LONG}7": {f"{LONG}8": 2024}},
        f"{LONG}9": [{f"{LONG}a": {"name": "a"}, f"{LONG}b": {f"{LONG}c": 1}}],
    }
    text = (
        await harbour.client.get(
            "/items/port", params={"fields": f"{LONG}2", **alias, "export": "csv"}
        )
    ).text
    assert text == f'"{LONG}2"\n2024'


BERTHS = [{"label": label, "port": port, "sort": sort} for label, port, sort in (
    ("a", 1, 1), ("b", 1, 2), ("c", 1, 3), ("d", 2, 1), ("e", 2, 2))]  # fmt: skip


async def berths_of(harbour):
    return harbour.rows.execute(
        "SELECT port, array_agg(id ORDER BY sort, id) FROM berth GROUP BY port ORDER BY port"
    ).fetchall()


async def test_of_two_parents_that_name_one_row_the_last_has_it(harbour):
    await harbour.data("POST", "/items/port", [{"name": "a"}, {"name": "b"}])
    await harbour.data("POST", "/items/berth", BERTHS)
    await harbour.data(
        "PATCH", "/items/port", [{"id": 1, "berths": [1, 2, 4]}, {"id": 2, "berths": [4, 5]}]
    )
    assert await berths_of(harbour) == [(1, [1, 2]), (2, [4, 5]), (None, [3])]
    await harbour.data("PATCH", "/items/port", {"keys": [1, 2], "data": {"berths": [1, 4]}})
    assert await berths_of(harbour) == [(2, [1, 4]), (None, [2, 5, 3])]


async def listed_berths(harbour):
    return await harbour.data("GET", "/items/port/1", fields="berths.id,berths.sort")


PLACES = st.lists(st.one_of(st.none(), st.integers(-3, 9)), min_size=1, max_size=5)


@given(PLACES, st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
async def test_an_order_that_holds_is_left_as_it_is(harbour, places, data):
    """Rows that stay change in nothing, whatever their places: gaps, equals, none."""
    harbour.rows.execute("TRUNCATE port, berth, directus_revisions RESTART IDENTITY CASCADE")
    await harbour.data("POST", "/items/port", {"name": "a"})
    berths = [{"label": str(place), "port": 1, "sort": place} for place in places]
    await harbour.data("POST", "/items/berth", berths)
    before = (await listed_berths(harbour))["berths"]
    keys = [row["id"] for row in before]
    stay = [key for key in keys if data.draw(st.booleans())]
    harbour.rows.execute("TRUNCATE directus_revisions CASCADE")
    await harbour.data("PATCH", "/items/port/1", {"berths": stay})
    kept = (await listed_berths(harbour))["berths"]
    assert kept == [row for row in before if row["id"] in stay]
    revised = harbour.rows.execute(
        "SELECT item::int FROM directus_revisions WHERE collection = 'berth' ORDER BY 1"
    ).fetchall()
    assert [key for (key,) in revised] == sorted(set(keys) - set(stay))
    order = data.draw(st.permutations(stay))
    wanted = [*order, {"label": "new"}, {"label": "newer"}]
    await harbour.data("PATCH", "/items/port/1", {"berths": wanted})
    now = (await listed_berths(harbour))["berths"]
    assert [row["id"] for row in now][:-2] == order
    assert len(now) == len(order) + 2
    if order == stay and all(row["sort"] is not None for row in kept):
        assert now[:-2] == kept


async def test_a_list_whose_order_holds_asks_for_no_right_to_it(harbour):
    await harbour.data("POST", "/items/port", [{"name": "a"}, {"name": "b"}])
    places = [(1, None), (1, 4), (1, 7), (1, 9), (2, 1)]
    berths = [{"label": str(n), "port": p, "sort": s} for n, (p, s) in enumerate(places)]
    await harbour.data("POST", "/items/berth", berths)
    for action in ("read", "update"):
        await harbour.allow("port", action)
    await harbour.allow("berth", "read")
    await harbour.seen("PATCH", "/items/port/1", {"berths": [2, 3, 4, 1]})
    answer = await harbour.public.patch("/items/port/1", json={"berths": [2, 4, 1]})
    assert answer.status_code == 403  # a row is taken out
    await harbour.allow("berth", "update", fields=["port"])
    await harbour.seen("PATCH", "/items/port/1", {"berths": [2, 4, 1]})
    answer = await harbour.public.patch("/items/port/1", json={"berths": [4, 2, 1]})
    assert answer.status_code == 403  # another order
    assert await berths_of(harbour) == [(1, [2, 4, 1]), (2, [5]), (None, [3])]


async def test_what_is_no_item_of_a_list_is_refused(harbour):
    await harbour.data("POST", "/items/port", [{"name": "a"}, {"name": "b"}])
    await harbour.data("POST", "/items/berth", BERTHS)
    before = await berths_of(harbour)
    for value in (
        "{delete: [1]}",
        '{create: [{label: "x"}], update: [], delete: []}',
        '[{id: 1, labell: "x"}]',
    ):
        query = f"mutation {{ update_port_item(id: 2, data: {{berths: {value}}}) {{ id }} }}"
        body = (await harbour.client.post("/graphql", json={"query": query})).json()
        assert "is not defined by type 'create_berth_input'" in str(body["errors"])
    answer = await harbour.refused("PATCH", "/items/port/2", {"berths": [{"delete": [1]}]})
    assert "an object of changes can't stand in an array" in answer
    assert await berths_of(harbour) == before


@pytest.mark.parametrize(
    "condition",
    [
        {"_and": {}},
        {"_or": {}},
        {"meta": {"_json": {}}},
        {"meta": {"_json": {"a": {}}}},
        {"id": {}},
        {"berths": {"label": {}}},
        {"berths": {}},
        {"year(opened)": {}},
        {"opened_func": {}},
        {"opened_func": {"year": {}}},
        {"_and": [{"id": {}}]},
        {"id": {"_between": [1]}},
    ],
)
async def test_what_says_nothing_picks_nothing(harbour, condition):
    await harbour.data("POST", "/items/port", [{"name": "a"}, {"name": "b"}])
    answer = await harbour.refused("DELETE", "/items/port", {"query": {"filter": condition}})
    assert answer.startswith("400")
    rule = {"policy": PUBLIC, "collection": "port", "action": "read", "permissions": condition}
    assert (await harbour.refused("POST", "/permissions", rule)).startswith("400")
    assert len(await harbour.data("GET", "/items/port", filter="{}")) == 2


WIDE = [
    {"name": {"_or": []}},
    {"name": {"_and": []}},
    {"berths": {"_or": []}},
    {"berths": {"label": {"_and": []}}},
    {"name": {"_or": [{"_and": []}]}},
    {"meta": {"_json": {"_or": []}}},
    {"_or": [{}, {"id": {"_eq": -1}}]},
    {"_or": [{"_or": []}, {"id": {"_eq": -1}}]},
    {"_or": [{"_and": [{}]}, {"id": {"_eq": -1}}]},
    {"_and": [{}]},
    {"_or": [{}]},
]


@pytest.mark.parametrize("condition", WIDE, ids=str)
async def test_what_says_something_and_picks_every_row_is_refused(harbour, condition):
    """In what is written by query, and in rules: when they are saved and when they are stored."""
    await harbour.data("POST", "/items/port", [{"name": "a"}, {"name": "b"}])
    asked = {"query": {"filter": condition}}
    assert (await harbour.refused("DELETE", "/items/port", asked)).startswith("400")
    change = {**asked, "data": {"name": "x"}}
    assert (await harbour.refused("PATCH", "/items/port", change)).startswith("400")
    rule = {"policy": PUBLIC, "collection": "port", "action": "read", "fields": ["*"]}
    for name in ("permissions", "validation"):
        saved = await harbour.refused("POST", "/permissions", {**rule, name: condition})
        assert saved.startswith("400"), name
    for action, name in (("read", "permissions"), ("update", "validation")):
        key = (await harbour.data("POST", "/permissions", {**rule, "action": action}))["id"]
        harbour.rows.execute(
            f"UPDATE directus_permissions SET {name} = %s WHERE id = %s",
            [json.dumps(condition), key],
        )
    await harbour.data("PATCH", f"/policies/{PUBLIC}", {"name": "Public"})
    assert await harbour.seen("GET", "/items/port") == []
    assert (await harbour.public.patch("/items/port/1", json={"name": "x"})).status_code == 403
    names = [row["name"] for row in await harbour.data("GET", "/items/port")]
    assert names == ["a", "b"]


@pytest.mark.parametrize("stored", ['"x"', "5", "true", "[]", '[{"id": {"_eq": 1}}]', '"{}"', "0"])
async def test_rules_that_are_stored_and_are_no_objects_allow_nothing(harbour, stored):
    await harbour.data("POST", "/items/port", [{"name": "a"}])
    for action, name in (("read", "permissions"), ("update", "validation"), ("create", "presets")):
        await harbour.allow("port", action)
        harbour.rows.execute(
            f"UPDATE directus_permissions SET {name} = %s WHERE policy = %s AND action = %s",
            [stored, PUBLIC, action],
        )
    await harbour.data("PATCH", f"/policies/{PUBLIC}", {"name": "Public"})
    assert await harbour.seen("GET", "/items/port") == []
    assert (await harbour.public.patch("/items/port/1", json={"name": "x"})).status_code == 403
    assert (await harbour.public.post("/items/port", json={"name": "x"})).status_code == 403


@pytest.mark.parametrize(
    "rule",
    [
        {"name": {}},
        {"nope": {}},
        {"nope": {"x": {}}},
        {"berths": {}},
        {"berths": {"label": {}}},
        {"$FOLLOW": {}},
        {"name": {"_or": [{}, {"_eq": "x"}]}},
        {"name": {"_submitted": "x"}},
    ],
    ids=str,
)
async def test_validations_that_say_nothing_are_refused_and_let_nothing_pass(harbour, rule):
    of = {"policy": PUBLIC, "collection": "port", "action": "create", "fields": ["*"]}
    assert (await harbour.refused("POST", "/permissions", of | {"validation": rule})).startswith(
        "400"
    )
    await harbour.allow("port", "create")
    harbour.rows.execute(
        "UPDATE directus_permissions SET validation = %s WHERE policy = %s",
        [json.dumps(rule), PUBLIC],
    )
    await harbour.data("PATCH", f"/policies/{PUBLIC}", {"name": "Public"})
    assert (await harbour.public.post("/items/port", json={"name": "x"})).status_code == 403


async def test_what_is_written_by_query_is_what_the_query_reads(harbour):
    names = [{"name": str(n)} for n in range(5)]
    for query, keys in (
        ({"page": 2}, []),
        ({"page": 2, "limit": 2}, [3, 4]),
        ({"offset": 3}, [4, 5]),
        ({"limit": 1, "sort": ["-id"]}, [5]),
        ({"page": 99_999}, []),
        ({}, [1, 2, 3, 4, 5]),
    ):
        harbour.rows.execute("TRUNCATE port RESTART IDENTITY CASCADE")
        await harbour.data("POST", "/items/port", names)
        changed = await harbour.data(
            "PATCH", "/items/port", {"query": query, "data": {"name": "x"}}
        )
        assert sorted(row["id"] for row in changed) == keys
        await harbour.data("DELETE", "/items/port", {"query": query})
        left = [row["id"] for row in await harbour.data("GET", "/items/port")]
        assert left == [key for key in range(1, 6) if key not in keys]
    for query in ({"filtr": {"id": {"_eq": 1}}}, {"where": {}}):
        answer = await harbour.refused("DELETE", "/items/port", {"query": query})
        assert answer.startswith("400")
        assert "is not a query parameter" in answer


async def test_rules_and_presets_have_every_digit(harbour):
    score = "123456789012345.12345"
    await harbour.data("POST", "/items/port", [{"name": "a", "score": score}, {"name": "b"}])
    headers = {"Content-Type": "application/json"}
    for action, rest in (
        ("read", f'"permissions": {{"score": {{"_eq": {score}}}}}'),
        (
            "update",
            f'"validation": {{"score": {{"_lte": {score}}}}}, "presets": {{"score": {score}}}',
        ),
    ):
        of = f'"policy": "{PUBLIC}", "collection": "port", "action": "{action}", "fields": ["*"]'
        body = f"{{{of}, {rest}}}"
        answer = await harbour.client.post("/permissions", content=body, headers=headers)
        assert answer.status_code == 200, answer.text
    assert [row["name"] for row in await harbour.seen("GET", "/items/port")] == ["a"]
    assert (await harbour.seen("PATCH", "/items/port/1", {"name": "c"}))["score"] == score


async def test_refusals_say_values_as_json_does(harbour):
    await harbour.allow(
        "port", "create", validation={"active": {"_eq": True}, "name": {"_nnull": True}}
    )
    answer = await harbour.public.post("/items/port", json={"active": False, "name": None})
    assert sorted(error["message"] for error in answer.json()["errors"]) == [
        'Validation failed for field "active". Value has to be "true".',
        'Validation failed for field "name". Value can\'t be null.',
    ]


async def test_names_may_be_words_of_python(harbour):
    made = await harbour.data("POST", "/items/class", {"from": "a", "in": 1, "from_": "b"})
    assert made == {"id": 1, "from": "a", "in": 1, "from_": "b", "None": None}
    query = """mutation ($d: create_class_input!) {
      create_class_item(data: $d) { from in from_ None }
      again: create_class_item(data: {from: "x", in: 3, from_: "y", None: "2024-01-01"}) { in }
      update_class_item(id: 1, data: {from: "c"}) { id from None_func { year } }
    }"""
    written = await harbour.client.data(query, d={"from": "d", "in": 2, "None": "2024-02-03"})
    assert written == {
        "create_class_item": {"from": "d", "in": 2, "from_": None, "None": "2024-02-03"},
        "again": {"in": 3},
        "update_class_item": {"id": "1", "from": "c", "None_func": {"year": None}},
    }
    query = """query ($f: class_filter) {
      class(filter: $f) { id }
      literal: class(filter: {from: {_eq: "x"}, in: {_gt: 2}}, sort: ["from"]) { in }
      class_by_id(id: 1) { from }
      class_aggregated(groupBy: ["from"]) { group sum { in } }
    }"""
    read = await harbour.client.data(query, f={"from": {"_eq": "c"}, "_or": [{"in": {"_eq": 1}}]})
    assert read["class"] == [{"id": "1"}]
    assert (read["literal"], read["class_by_id"]) == ([{"in": 3}], {"from": "c"})
    assert {"group": {"from": "d"}, "sum": {"in": 2}} in read["class_aggregated"]
