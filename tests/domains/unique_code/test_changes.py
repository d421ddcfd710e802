"""What may become of a code: activation, blacklisting and status (systems.md 6.5, 6.8)."""

from urllib.parse import quote

import pytest

from app.database.session import Session
from app.domains.unique_code.activation import activation_consequences, activation_refusals
from app.domains.unique_code.status import status_refusal
from tests.installation import (
    ACCOUNT,
    PRODUCT,
    app,
    client,
    client_of,
    installation,
    prepared,
    reset,
    rows,
)

__all__ = ["app", "client", "installation", "prepared", "reset", "rows"]

PATH = "/items/unique_code"
NOW = "2026-11-26T05:00:00+00:00"
USER = "6d6cb08a-0000-4000-8000-039e350eef1e"
WORDS = ("unassigned", "reserved", "assigned", "encoded")


def code(name: str = "A") -> str:
    return f"{PRODUCT}/21/{name}"


def path(name: str = "A") -> str:
    return f"{PATH}/{quote(code(name), safe='')}"


@pytest.fixture
async def make(client):
    """Makes codes with serials A, B, ...; every one with the same values."""

    async def made(*names: str, **values):
        response = await client.post(PATH, json=[{"id": code(n), **values} for n in names or "A"])
        assert response.status_code == 200, response.text
        return response.json()["data"]

    return made


def refusal(response) -> tuple[str, str]:
    """The field and the sentence of the one error of a refusal."""
    [error] = response.json()["errors"]
    assert error["extensions"]["code"] == "FAILED_VALIDATION", error
    return error["extensions"]["field"], error["message"]


@pytest.mark.parametrize("old", [0, 1, 2])
@pytest.mark.parametrize("new", [0, 1, 2])
def test_which_activation_follows_on_which(old, new):
    """6.8: 0 and 1 follow on each other, 2 on both, 1 on 2."""
    refused = list(activation_refusals({"activation_status": old}, {"activation_status": new}))
    assert bool(refused) == ((old, new) == (2, 0))


def test_a_new_code_may_have_any_activation():
    for status in (0, 1, 2):
        assert not list(activation_refusals({}, {"activation_status": status}))


@pytest.mark.parametrize(
    ("before", "patch", "added"),
    [
        ({}, {"activation_status": 1}, {"activated_at": NOW, "activated_by": USER}),
        ({}, {"activation_status": 1, "activated_at": None}, {"activated_by": USER}),
        ({"activated_at": "then"}, {"activation_status": 1}, {"activated_by": USER}),
        ({"activation_status": 1}, {"activation_status": 1}, {}),
        ({"activation_status": 1}, {"activation_status": 0}, {}),
        ({"activation_status": 1}, {"activation_status": 2}, {}),
        (
            {"activation_status": 2, "activated_at": "then", "activated_by": "who"},
            {"activation_status": 1},
            {"blacklist_reason": 0},
        ),
        ({}, {"blacklist_reason": 0}, {}),
    ],
)
def test_what_follows_from_activation(before, patch, added):
    """6.8: entering 1 sets both where they are null; 2 -> 1 resets the reason."""
    assert activation_consequences(before, patch, USER, NOW) == added


@pytest.mark.parametrize("is_admin", [True, False])
@pytest.mark.parametrize("new", WORDS)
@pytest.mark.parametrize("old", WORDS)
def test_which_status_follows_on_which(old, new, is_admin):
    """6.8: unassigned <-> reserved -> assigned -> encoded; back from there by an admin only."""
    forward = {
        ("unassigned", "reserved"),
        ("reserved", "unassigned"),
        ("unassigned", "assigned"),
        ("reserved", "assigned"),
        ("assigned", "encoded"),
    }
    is_back = old in {"assigned", "encoded"} and WORDS.index(new) < WORDS.index(old)
    allowed = old == new or (old, new) in forward or (is_admin and is_back)
    found = status_refusal({"status": old}, {"status": new}, is_admin=is_admin)
    assert (found is None) == allowed


async def test_an_active_code_knows_since_when_and_by_whom(client, rows, make):
    await make()
    admin = rows.execute("SELECT id::text FROM directus_users").fetchone()[0]
    changed = (await client.patch(path(), json={"activation_status": 1})).json()["data"]
    assert changed["activated_by"] == admin
    first = changed["activated_at"]
    assert first is not None
    await client.patch(path(), json={"activation_status": 0})
    again = (await client.patch(path(), json={"activation_status": 1})).json()["data"]
    assert again["activated_at"] == first


async def test_blacklisting_and_back(client, make):
    await make(activation_status=1)
    given = {"activation_status": 2, "blacklist_reason": 4}
    assert (await client.patch(path(), json=given)).json()["data"]["blacklist_reason"] == 4
    other = await client.patch(path(), json={"blacklist_reason": 6})
    assert other.json()["data"]["blacklist_reason"] == 6
    field, said = refusal(await client.patch(path(), json={"activation_status": 0}))
    assert (field, "becomes active first" in said) == ("activation_status", True)
    back = (await client.patch(path(), json={"activation_status": 1})).json()["data"]
    assert (back["activation_status"], back["blacklist_reason"]) == (1, 0)


async def test_a_blacklisted_code_needs_no_reason(client, make):
    """4.4: a download shows "none" for it."""
    await make()
    changed = await client.patch(path(), json={"activation_status": 2})
    assert changed.json()["data"]["blacklist_reason"] == 0


@pytest.mark.parametrize(
    "patch", [{"blacklist_reason": 4}, {"activation_status": 1, "blacklist_reason": 4}]
)
async def test_a_reason_without_blacklisting_says_what_to_do(client, make, patch):
    await make()
    field, said = refusal(await client.patch(path(), json=patch))
    assert field == "blacklist_reason"
    assert "Give activation_status 2 with the reason" in said
    nothing = await client.patch(path(), json={"blacklist_reason": 0})
    assert nothing.status_code == 200


async def test_history_comes_in_as_it_was(client, make):
    """4.2: active codes without a moment or a person, as in the vendor's own file."""
    [made] = await make(activation_status=1, activated_at=None, activated_by=None)
    assert (made["activated_at"], made["activated_by"]) == (None, None)
    [made] = await make("B", activation_status=1, activated_at="2020-02-13T08:43:54.256017Z")
    assert made["activated_at"] == "2020-02-13T08:43:54.256Z"
    assert made["activated_by"] is not None


async def test_only_an_admin_takes_a_code_back(app, client, make):
    await make(status="assigned")
    policy = {
        "name": "codes",
        "permissions": [
            {"collection": "unique_code", "action": action, "fields": ["*"]}
            for action in ("read", "update")
        ],
    }
    user = {"email": "u@example.com", "token": "the token of a user", "account": ACCOUNT}
    await client.post("/users", json={**user, "policies": [{"policy": policy}]})
    async with client_of(app, {"Authorization": "Bearer the token of a user"}) as worker:
        field, said = refusal(await worker.patch(path(), json={"status": "unassigned"}))
        assert field == "status"
        assert 'Value has to be "assigned" or "encoded"' in said
        assert "only an admin takes a code back" in said
    back = await client.patch(path(), json={"status": "unassigned"})
    assert back.json()["data"]["status"] == "unassigned"
    assert "comes before" in refusal(await client.patch(path(), json={"status": "encoded"}))[1]


async def test_graphql_decides_alike(client, make):
    await make()
    mutation = (
        "mutation ($id: ID!, $data: update_unique_code_input!) { update_unique_code_item("
        "id: $id, data: $data) { activation_status activated_by { id } blacklist_reason } }"
    )
    body = await client.graphql(mutation, id=code(), data={"blacklist_reason": 1})
    assert body["errors"][0]["extensions"]["code"] == "FAILED_VALIDATION"
    changed = await client.data(mutation, id=code(), data={"activation_status": 1})
    assert changed["update_unique_code_item"]["activated_by"] is not None


async def test_a_code_is_given_to_no_product_of_another_account(client, rows):
    [other] = rows.execute(
        "INSERT INTO account (account_name) VALUES ('Other') RETURNING id::text"
    ).fetchone()
    rows.execute(
        "INSERT INTO product (id, product_name, account) VALUES ('theirs', 'x', %s)", [other]
    )
    row = {"id": "go.example.com/x7Kp", "account": ACCOUNT}
    field, said = refusal(await client.post(PATH, json={**row, "product": "theirs"}))
    assert (field, "another account" in said) == ("product", True)
    assert (await client.post(PATH, json=row)).status_code == 200
    there = f"{PATH}/{quote(row['id'], safe='')}"
    assert refusal(await client.patch(there, json={"product": "theirs"}))[0] == "product"
    assert (await client.patch(there, json={"product": PRODUCT})).status_code == 200
    assert refusal(await client.patch(there, json={"account": other}))[0] == "id"


async def test_a_patch_of_ten_thousand_codes_is_a_handful_of_statements(client, rows, monkeypatch):
    rows.execute(
        "INSERT INTO unique_code (id, code, product, account, activation_status, activated_at) "
        "SELECT %s || '/21/C' || n, 'C' || n, %s, %s, n %% 3, "
        "CASE n %% 2 WHEN 0 THEN now() END FROM generate_series(1, 10000) AS n",
        [PRODUCT, PRODUCT, ACCOUNT],
    )
    count = 0
    run = Session.run

    async def counted(self, statement, values):
        nonlocal count
        count += 1
        return await run(self, statement, values)

    monkeypatch.setattr(Session, "run", counted)
    response = await client.patch(
        PATH,
        params={"fields": "id", "limit": 1},
        json={
            "query": {"filter": {"product": {"_eq": PRODUCT}}, "limit": -1},
            "data": {"activation_status": 1},
        },
    )
    assert response.status_code == 200, response.text
    assert count < 20
    found = rows.execute(
        "SELECT count(*) FILTER (WHERE activation_status = 1), count(*) FILTER "
        "(WHERE activated_at IS NULL AND code NOT IN (SELECT 'C' || n FROM "
        "generate_series(1, 10000) AS n WHERE n %% 3 = 1)) FROM unique_code WHERE product = %s",
        [PRODUCT],
    ).fetchone()
    assert found == (10_000, 0)
