"""Cases from the field: what people report of servers like this one, on a snapshot's collections."""

import pytest


async def test_presets_fill_what_graphql_does_not_name(harbour):
    await harbour.allow("ship", "create", fields=["name"], presets={"qty": 7})
    await harbour.allow("ship", "read")
    made = await harbour.public.data('mutation { create_ship_item(data: {name: "a"}) { qty } }')
    assert made == {"create_ship_item": {"qty": 7}}
    body = await harbour.client.graphql('mutation { create_ship_item(data: {name: "a"}) { qty } }')
    [error] = body["errors"]
    assert error["extensions"]["code"] == "FAILED_VALIDATION"
    assert error["extensions"]["field"] == "qty"


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
