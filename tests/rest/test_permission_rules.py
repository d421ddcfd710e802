"""Permissions are saved only if what they say can be judged."""

import pytest

POLICY = {"name": "Clerks", "permissions": []}


@pytest.fixture
async def policy(client):
    return (await client.post("/policies", json=POLICY)).json()["data"]["id"]


def permission(policy, **rules):
    return {"policy": policy, "collection": "product", "action": "update", "fields": ["*"], **rules}


GOOD = [
    {},
    {"sku": {"_eq": "x"}},
    {"account": {"account_name": {"_starts_with": "A"}}},
    {
        "_and": [
            {"user_created": {"_eq": "$CURRENT_USER"}},
            {"date_created": {"_gte": "$NOW(-1 d)"}},
        ]
    },
    {"account": {"_eq": "$CURRENT_USER.account"}},
    {"sku": {"_nin": ["$CURRENT_USER.first_name", "x"]}},
]
BAD = [
    {"sku": {"_foo": "x"}},
    {"nothing": {"_eq": 1}},
    {"account": {"nothing": {"_eq": 1}}},
    {"date_created": {"_between": ["2026-01-01"]}},
    {"date_created": {"_gte": "yesterday"}},
    {"_and": {"sku": {"_eq": "x"}}},
    {"_or": [1]},
    {"account": {"_eq": "no uuid"}},
    {"sku": {"_nin": ["$CURRENT_USER.nope"]}},
    {"sku": {"_in": ["x", "$CURRENT_USER.password"]}},
    "sku",
    [],
]


@pytest.mark.parametrize("rule", GOOD, ids=str)
@pytest.mark.parametrize("name", ["permissions", "validation"])
async def test_rules_that_can_be_judged_are_saved(client, policy, name, rule):
    saved = await client.post("/permissions", json=permission(policy, **{name: rule}))
    assert saved.status_code == 200, saved.text
    assert saved.json()["data"][name] == rule


@pytest.mark.parametrize("rule", BAD, ids=str)
@pytest.mark.parametrize("name", ["permissions", "validation"])
async def test_those_that_can_not_are_refused_with_the_reason(client, policy, name, rule):
    key = (await client.post("/permissions", json=permission(policy))).json()["data"]["id"]
    for answer in (
        await client.post("/permissions", json=permission(policy, **{name: rule})),
        await client.post(
            "/permissions", json=[permission(policy), permission(policy, **{name: rule})]
        ),
        await client.patch(f"/permissions/{key}", json={name: rule}),
        await client.patch("/permissions", json={"keys": [key], "data": {name: rule}}),
        await client.post(
            "/roles",
            json={
                "name": "R",
                "policies": [
                    {"policy": {**POLICY, "permissions": [permission(None, **{name: rule})]}}
                ],
            },
        ),
    ):
        assert answer.status_code == 400, answer.text
        [error] = answer.json()["errors"]
        assert error["extensions"]["field"] == name
        assert "It can't be understood: " in error["message"]
    stored = await client.get(f"/permissions/{key}?fields={name}")
    assert stored.json()["data"] == {name: None}


async def test_a_rule_is_judged_against_the_collection_that_it_is_for(client, policy):
    said = permission(policy, permissions={"sku": {"_eq": "x"}})
    key = (await client.post("/permissions", json=said)).json()["data"]["id"]
    moved = await client.patch(f"/permissions/{key}", json={"collection": "domain"})
    assert moved.status_code == 400
    other = {"collection": "domain", "permissions": {"domain_name": {"_eq": "x"}}}
    assert (await client.patch(f"/permissions/{key}", json=other)).status_code == 200
    assert (await client.patch(f"/permissions/{key}", json={"fields": ["id"]})).status_code == 200


async def test_a_validation_may_ask_what_a_filter_may_not(client, policy):
    for rule in ({"sku": {"_regex": "^A"}}, {"sku": {"_submitted": True}}):
        good = await client.post("/permissions", json=permission(policy, validation=rule))
        assert good.status_code == 200, good.text
        bad = await client.post("/permissions", json=permission(policy, permissions=rule))
        assert bad.status_code == 400
    broken = permission(policy, validation={"sku": {"_regex": "("}})
    assert (await client.post("/permissions", json=broken)).status_code == 400


@pytest.mark.parametrize(
    "value",
    ["$CURRENT_USER.nope", "$CURRENT_USER.password", "$CURRENT_ACCOUNT.account_name", "$NOW(x)"],
)
@pytest.mark.parametrize("put", [lambda value: value, lambda value: [1, {"a": value}]])
async def test_presets_that_stand_for_nothing_are_refused(client, policy, value, put):
    """They would be stored as the texts they are."""
    answer = await client.post("/permissions", json=permission(policy, presets={"sku": put(value)}))
    assert answer.status_code == 400, answer.text
    [error] = answer.json()["errors"]
    assert error["extensions"]["field"] == "presets"
