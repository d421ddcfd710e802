"""Credentials through /items and GraphQL (systems.md 6.2 api_credential, 4.1 permission names)."""

from uuid import uuid4

import pytest

from app.access.secrets import token_hash
from app.domains.api_credential.scopes import NEEDED
from schema import BUILTIN
from tests.installation import (
    ACCOUNT,
    Client,
    app,
    client,
    client_of,
    installation,
    prepared,
    reset,
    rows,
)

__all__ = ["app", "client", "installation", "prepared", "reset", "rows"]

PATH = "/items/api_credential"
TOKEN = "a token of at least twenty characters"
OTHER = "INSERT INTO account (account_name) VALUES ('Other') RETURNING id"
POLICY = {
    "name": "own credentials",
    "permissions": [
        {"collection": "api_credential", "action": action, "fields": ["*"]}
        for action in ("create", "read", "update", "delete")
    ],
}


@pytest.fixture
async def make_user(client: Client):
    """Makes a user and a client that calls as it; both, with what the user is."""

    async def make(**values):
        token = str(uuid4())
        made = await client.post(
            "/users", json={"email": f"{token}@example.com", "token": token, **values}
        )
        assert made.status_code == 200, made.text
        return made.json()["data"]["id"], {"Authorization": f"Bearer {token}"}

    return make


async def refused(response) -> dict:
    """The one error of a refusal."""
    [error] = response.json()["errors"]
    assert error["extensions"]["code"] == "FAILED_VALIDATION", error
    return error


async def test_a_token_is_stored_as_a_hash_and_told_by_its_end(client, rows, make_user):
    user, _ = await make_user(account=ACCOUNT)
    row = {"user": user, "kind": "scantrust_uat", "token": TOKEN, "permissions": ["codes_view"]}
    made = (await client.post(PATH, json=row)).json()["data"]
    assert made["token"] == "**********"
    assert made["token_hint"] == "ters"
    assert made["account"] == ACCOUNT  # its user's, though the admin has none
    stored = rows.execute("SELECT token FROM api_credential").fetchone()[0]
    assert stored == token_hash(TOKEN)
    kept = rows.execute("SELECT data::text || delta::text FROM directus_revisions").fetchall()
    assert TOKEN not in str(kept)
    assert stored not in str(kept)


async def test_a_changed_token_has_another_end(client, rows):
    row = {"kind": "evrythng", "token": TOKEN}
    key = (await client.post(PATH, json=row)).json()["data"]["id"]
    changed = await client.patch(f"{PATH}/{key}", json={"token": "another token of twenty 1234"})
    assert changed.json()["data"]["token_hint"] == "1234"
    short = await client.patch(f"{PATH}/{key}", json={"token": "1234567890123456789"})
    assert "at least 20 characters" in (await refused(short))["message"]


async def test_who_makes_one_without_a_word_makes_it_for_itself(client, rows):
    made = (await client.post(PATH, json={"kind": "evrythng", "token": TOKEN})).json()["data"]
    admin = rows.execute("SELECT id::text FROM directus_users").fetchone()[0]
    assert (made["user"], made["account"]) == (admin, None)


@pytest.mark.parametrize(
    ("kind", "words", "said"),
    [
        ("scantrust_uat", ["codes_view", "tags_create"], 'no "tags_create"'),
        ("kitcheck", ["codes_view"], 'Each scope has to be one of "tags_create"'),
        ("scantrust_uat", "codes_view", "list of scopes"),
        ("evrythng", [1], "list of scopes"),
        ("evrythng", [""], "list of scopes"),
        ("evrythng", {"a": "b"}, "list of scopes"),
    ],
)
async def test_words_a_kind_does_not_have_are_refused(client, kind, words, said):
    row = {"kind": kind, "token": TOKEN, "permissions": words}
    error = await refused(await client.post(PATH, json=row))
    assert error["extensions"]["field"] == "permissions"
    assert said in error["message"]


async def test_words_are_judged_with_the_kind_that_holds_after_a_change(client):
    row = {"kind": "evrythng", "token": TOKEN, "permissions": ["anything"]}
    key = (await client.post(PATH, json=row)).json()["data"]["id"]
    error = await refused(await client.patch(f"{PATH}/{key}", json={"kind": "kitcheck"}))
    assert 'no "anything"' in error["message"]
    both = await client.patch(f"{PATH}/{key}", json={"kind": "kitcheck", "permissions": []})
    assert both.status_code == 200, both.text
    named = await client.patch(f"{PATH}/{key}", json={"name": "ERP"})
    assert named.status_code == 200, named.text


async def test_the_account_is_the_users(client, rows, make_user):
    user, _ = await make_user(account=ACCOUNT)
    other = str(rows.execute(OTHER).fetchone()[0])
    row = {"user": user, "kind": "evrythng", "token": TOKEN, "account": other}
    error = await refused(await client.post(PATH, json=row))
    assert error["extensions"]["field"] == "account"
    assert ACCOUNT in error["message"]
    made = (await client.post(PATH, json={**row, "account": ACCOUNT})).json()["data"]
    moved, _ = await make_user(account=other)
    changed = await client.patch(f"{PATH}/{made['id']}", json={"user": moved})
    assert changed.json()["data"]["account"] == other
    error = await refused(await client.patch(f"{PATH}/{made['id']}", json={"account": ACCOUNT}))
    assert error["extensions"]["field"] == "account"


async def test_who_is_no_admin_makes_and_changes_its_own_only(app, client, make_user, rows):
    policies = [{"policy": POLICY}]
    own, headers = await make_user(account=ACCOUNT, policies=policies)
    other, _ = await make_user(account=ACCOUNT)
    async with client_of(app, headers) as user:
        row = {"kind": "scantrust_uat", "token": TOKEN}
        made = await user.post(PATH, json=row)
        assert made.status_code == 200, made.text
        assert made.json()["data"]["user"] == own
        error = await refused(
            await user.post(PATH, json={**row, "token": TOKEN + "2", "user": other})
        )
        assert "only administrators" in error["message"]
        given = await user.patch(f"{PATH}/{made.json()['data']['id']}", json={"user": other})
        assert (await refused(given))["extensions"]["field"] == "user"
        of_other = await client.post(PATH, json={**row, "token": TOKEN + "3", "user": other})
        taken = await user.patch(
            f"{PATH}/{of_other.json()['data']['id']}", json={"token": TOKEN + "4"}
        )
        assert (taken.status_code, taken.json()["errors"][0]["extensions"]["code"]) == (
            403,
            "FORBIDDEN",
        )


async def test_users_of_other_accounts_are_missing(app, client, make_user, rows):
    other = str(rows.execute(OTHER).fetchone()[0])
    stranger, _ = await make_user(account=other)
    role = rows.execute("SELECT id::text FROM directus_roles").fetchone()[0]
    _, headers = await make_user(account=ACCOUNT, role=role)
    async with client_of(app, headers) as admin_of_account:
        row = {"kind": "scantrust_uat", "token": TOKEN, "user": stranger}
        response = await admin_of_account.post(PATH, json=row)
        assert response.json()["errors"][0]["extensions"]["code"] == "INVALID_FOREIGN_KEY"
        assert other not in response.text


async def test_graphql_makes_and_revokes_by_the_same_rules(client, make_user):
    user, _ = await make_user()
    made = await client.data(
        "mutation ($data: create_api_credential_input!) "
        "{ create_api_credential_item(data: $data) { id token_hint permissions } }",
        data={
            "user": user,
            "kind": "scantrust_uat",
            "token": TOKEN,
            "permissions": ["codes_view"],
        },
    )
    row = made["create_api_credential_item"]
    assert (row["token_hint"], row["permissions"]) == ("ters", ["codes_view"])
    revoked = await client.data(
        "mutation ($id: ID!) { update_api_credential_item(id: $id, "
        'data: {revoked_at: "2026-01-01T00:00:00Z"}) { revoked_at } }',
        id=row["id"],
    )
    assert revoked["update_api_credential_item"]["revoked_at"].startswith("2026-01-01")


@pytest.mark.parametrize("by_admin", [True, False])
async def test_a_token_twice_tells_nothing_that_is_stored(client, app, make_user, by_admin):
    """A secret is never repeated, nor its hash: to whoever it is, by whatever surface."""
    user, headers = await make_user(account=ACCOUNT, policies=[{"policy": POLICY}])
    row = {"user": user, "kind": "scantrust_uat", "token": TOKEN, "permissions": []}
    assert (await client.post(PATH, json=row)).status_code == 200
    other = {**row, "token": TOKEN[::-1]}
    made = (await client.post(PATH, json=other)).json()["data"]["id"]
    async with client_of(app, {} if not by_admin else None) as asking:
        asking.headers.update({} if by_admin else headers)
        mutation = "mutation ($row: create_api_credential_input!) "
        answers = [
            await asking.post(PATH, json=row),
            await asking.post(PATH, json=[row, row]),
            await asking.patch(f"{PATH}/{made}", json={"token": TOKEN}),
            await asking.post(
                "/graphql",
                json={
                    "query": mutation + "{ create_api_credential_item(data: $row) { id } }",
                    "variables": {"row": row},
                },
            ),
        ]
    for answer in answers:
        assert token_hash(TOKEN) not in answer.text
        assert TOKEN not in answer.text
        [error] = answer.json()["errors"]
        assert error["extensions"]["field"] == "token", error
        if by_admin:
            assert error["extensions"]["code"] == "RECORD_NOT_UNIQUE"
            assert error["extensions"]["value"] is None
            assert error["message"] == (
                'Value for field "token" in collection "api_credential" has to be unique.'
            )


async def test_a_user_s_token_twice_tells_nothing_either(client):
    row = {"email": "one@example.com", "token": TOKEN}
    assert (await client.post("/users", json=row)).status_code == 200
    answer = await client.post("/users", json={**row, "email": "two@example.com"})
    [error] = answer.json()["errors"]
    assert (error["extensions"]["field"], error["extensions"]["value"]) == ("token", None)
    assert token_hash(TOKEN) not in answer.text


def test_every_kind_with_scopes_can_be_stored():
    """Or who follows docs/development.md makes a vendor whose credentials nobody can create."""
    kinds = {field.name: field for field in BUILTIN["api_credential"].fields}["kind"].choices
    assert NEEDED.keys() <= set(kinds)
