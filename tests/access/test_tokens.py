"""Tokens: how they are made, stored, presented and resolved (directus.md 5.1)."""

import re
from datetime import timedelta

import pytest

from app.access import tokens
from app.access.caller import ANONYMOUS, SYSTEM, Caller, Client
from app.access.permissions import Permission, Permissions
from app.access.secrets import new_token, token_hash
from app.access.tokens import presented, read, signed
from app.database.session import Database
from app.errors import Forbidden, InvalidCredentials, InvalidPayload, ServiceUnavailable
from app.items.policy.actions import require
from schema import BUILTIN
from tests.installation import ACCOUNT, SECRET, TOKEN


@pytest.fixture
async def session(installation):
    database = Database(installation.database_url, max_size=1)
    await database.open()
    async with database.read() as session:
        yield session
    await database.close()


async def caller_of(session, token):
    client = Client("10.0.0.7")
    caller, _ = await tokens.caller_of(session, token, SECRET, client, accounts=True)
    return caller


def test_tokens_are_long_random_and_safe_in_addresses():
    tokens = {new_token() for _ in range(100)}
    assert len(tokens) == 100
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", token) for token in tokens)


def test_what_is_stored_is_a_hash():
    assert re.fullmatch("[0-9a-f]{64}", token_hash("x"))
    assert token_hash("x") != token_hash("y")


@pytest.mark.parametrize(
    ("header", "query", "token"),
    [
        (None, None, None),
        ("Bearer abc", None, "abc"),
        ("bearer   abc ", None, "abc"),
        ("Bearer", None, None),
        ("Bearer ", None, None),
        ("Basic abc", None, None),
        ("abc", None, None),
        ("", "", None),
        (None, "abc", "abc"),
        ("Basic x", "abc", "abc"),
        ("Bearer abc", "", "abc"),
    ],
)
def test_where_a_token_is_found(header, query, token):
    assert presented(header, query, None) == token


def test_two_tokens_are_one_too_many():
    with pytest.raises(InvalidPayload, match="more than one method"):
        presented("Bearer abc", "abc", None)


async def test_no_token_is_anonymous(session):
    caller = await caller_of(session, None)
    assert (caller.user, caller.account, caller.roles) == (None, None, ())
    assert caller.is_anonymous
    assert not caller.is_admin


async def test_a_token_is_its_user(session, rows):
    caller = await caller_of(session, TOKEN)
    assert caller.is_admin
    assert caller.account is None
    [key] = rows.execute("SELECT id::text FROM directus_users").fetchone()
    assert caller.user == key


async def test_a_users_account_and_rights_come_with_it(session, rows):
    rows.execute(
        "INSERT INTO directus_users (email, token, account) VALUES ('a@b.c', %s, %s)",
        [token_hash("token-1234"), ACCOUNT],
    )
    caller = await caller_of(session, "token-1234")
    assert (caller.account, caller.is_admin) == (ACCOUNT, False)


@pytest.mark.parametrize("token", ["", "nonsense", "' OR 1=1 --", "\x00", "ü" * 1000])
async def test_an_unknown_token_is_invalid(session, token):
    with pytest.raises(InvalidCredentials):
        await caller_of(session, token)


async def test_a_user_without_a_token_cannot_be_guessed(session, rows):
    rows.execute("UPDATE directus_users SET token = NULL")
    with pytest.raises(InvalidCredentials):
        await caller_of(session, TOKEN)


def test_without_a_secret_nothing_is_signed_and_nothing_believed():
    token = signed({"id": "x"}, SECRET, timedelta(hours=1))
    assert read(token, SECRET)["id"] == "x"
    for attempt in (lambda: read(token, ""), lambda: signed({}, "", timedelta(hours=1))):
        with pytest.raises(ServiceUnavailable, match="SECRET"):
            attempt()


@pytest.mark.parametrize("action", ["create", "read", "update", "delete"])
def test_admins_may_do_everything_and_others_what_they_are_allowed(action):
    product = BUILTIN["product"]
    require(SYSTEM, action, product)
    require(Caller("x", permissions=Permissions([Permission("product", action)])), action, product)
    other = Permissions([Permission("domain", action)])
    for caller in (ANONYMOUS, Caller("x", account=ACCOUNT), Caller("x", permissions=other)):
        with pytest.raises(Forbidden) as refused:
            require(caller, action, product)
        assert "product" in refused.value.message
        assert "or it does not exist" in refused.value.message


@pytest.mark.parametrize("name", ["directus_roles", "directus_policies", "directus_settings"])
def test_what_is_the_installations_an_account_only_reads(name):
    admin = Caller("x", account=ACCOUNT, is_admin=True)
    require(admin, "read", BUILTIN[name])
    with pytest.raises(Forbidden):
        require(admin, "update", BUILTIN[name])


@pytest.mark.parametrize("name", ["directus_activity", "directus_revisions"])
def test_what_the_server_writes_nobody_else_does(name):
    with pytest.raises(Forbidden):
        require(SYSTEM, "create", BUILTIN[name])
