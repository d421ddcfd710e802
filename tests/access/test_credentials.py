"""Credentials of other products' surfaces (systems.md 6.2 api_credential, 7.1)."""

from datetime import UTC, datetime, timedelta

import pytest

from app.access.credentials import Credential, credential_by_token
from app.access.known import KnownCallers
from app.access.secrets import token_hash
from app.database.session import Database
from tests.access.test_known import until_true
from tests.installation import ACCOUNT, SECRET

TOKEN = "a token of at least twenty characters"
NOW = datetime.now(UTC)


@pytest.fixture
async def database(installation):
    database = Database(installation.database_url, max_size=2)
    await database.open()
    yield database
    await database.close()


@pytest.fixture
async def session(database):
    async with database.read() as session:
        yield session


@pytest.fixture
def user(rows):
    return rows.execute(
        "INSERT INTO directus_users (email, account, status) VALUES ('a@b.c', %s, 'active') "
        "RETURNING id::text",
        [ACCOUNT],
    ).fetchone()[0]


@pytest.fixture
def credential(rows, user):
    return rows.execute(
        'INSERT INTO api_credential (kind, token, account, name, permissions, "user") '
        "VALUES ('scantrust_uat', %s, %s, 'ERP', '[\"codes_view\"]', %s) RETURNING id::text",
        [token_hash(TOKEN), ACCOUNT, user],
    ).fetchone()[0]


async def test_a_token_leads_to_its_credential(session, user, credential):
    found = await credential_by_token(session, "scantrust_uat", TOKEN)
    assert found == Credential(
        id=credential,
        user=user,
        account=ACCOUNT,
        kind="scantrust_uat",
        name="ERP",
        permissions=("codes_view",),
    )
    assert found.has_scope("codes_view")
    assert not found.has_scope("scans_download")


async def test_without_scopes_it_has_all_there_are(session, rows, credential):
    for none in ("NULL", "'null'", "'[]'"):
        rows.execute(f"UPDATE api_credential SET permissions = {none}")
        found = await credential_by_token(session, "scantrust_uat", TOKEN)
        assert found.permissions == ()
        assert found.has_scope("scans_download")


async def test_it_is_good_until_a_moment(session, rows, credential):
    until = NOW + timedelta(hours=1)
    rows.execute("UPDATE api_credential SET valid_until = %s", [until])
    found = await credential_by_token(session, "scantrust_uat", TOKEN)
    assert found.valid_until == pytest.approx(until.timestamp())


GOOD_FOR_NOTHING = {
    "revoked": "UPDATE api_credential SET revoked_at = now()",
    "over": "UPDATE api_credential SET valid_until = now()",
    "another kind": "UPDATE api_credential SET kind = 'kitcheck'",
    "another token": "UPDATE api_credential SET token = 'x'",
    "its user suspended": "UPDATE directus_users SET status = 'suspended' WHERE email = 'a@b.c'",
    "its user moved": "UPDATE directus_users SET account = NULL WHERE email = 'a@b.c'",
    "its user deleted": "DELETE FROM directus_users WHERE email = 'a@b.c'",
}


@pytest.mark.parametrize("change", GOOD_FOR_NOTHING.values(), ids=GOOD_FOR_NOTHING)
async def test_what_is_good_for_nothing(session, rows, credential, change):
    rows.execute(change)
    assert await credential_by_token(session, "scantrust_uat", TOKEN) is None


async def test_its_use_is_noted_at_most_once_a_minute(session, rows, credential):
    def used():
        return rows.execute("SELECT last_used_at FROM api_credential").fetchone()[0]

    await credential_by_token(session, "scantrust_uat", TOKEN)
    first = used()
    assert first is not None
    await credential_by_token(session, "scantrust_uat", TOKEN)
    assert used() == first
    rows.execute("UPDATE api_credential SET last_used_at = now() - interval '1 minute'")
    await credential_by_token(session, "scantrust_uat", TOKEN)
    assert used() > first


async def test_a_use_that_is_noted_by_somebody_else_is_not_waited_for(
    database, session, rows, credential
):
    async with database.write() as other:
        assert await credential_by_token(other, "scantrust_uat", TOKEN)
        rows.execute("SET statement_timeout = '5s'")
        assert await credential_by_token(session, "scantrust_uat", TOKEN)


CHANGES = {
    "revoked": "UPDATE api_credential SET revoked_at = now()",
    "another end": "UPDATE api_credential SET valid_until = now()",
    "other words": "UPDATE api_credential SET permissions = '[]'",
    "another user": 'UPDATE api_credential SET "user" = "user"',
    "deleted": "DELETE FROM api_credential",
    "all deleted": "TRUNCATE api_credential",
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
async def test_every_change_is_told(installation, rows, credential, change):
    """So nobody keeps what no longer holds (docs/decisions/0005)."""
    known = KnownCallers(SECRET, accounts=True)
    database = Database(installation.database_url, max_size=1, notices=known.notices)
    await database.open()
    await until_true(lambda: known.notices.is_listening)
    before = known._changes
    rows.execute("UPDATE api_credential SET last_used_at = now()")  # changes nothing: not told
    rows.execute(change)
    await until_true(lambda: known._changes > before)
    assert known._changes == before + 1
    await database.close()
