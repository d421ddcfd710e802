"""A migrated database of this test's own making, and one write session that is rolled back."""

import uuid
from collections.abc import AsyncIterator, Iterator

import psycopg
import pytest
from psycopg import sql

from app import domains
from app.access.caller import Caller
from app.database.migrate import upgrade
from app.database.session import Database, WriteSession
from app.database.tables import METADATA
from app.items.compile.compiler import Compiler
from app.items.policy.readable_rows import ReadableRows
from app.settings import settings
from schema import BUILTIN

SECRET = "a secret of at least sixteen characters"
COMPILER = Compiler(BUILTIN, METADATA)


def readable_of(caller: Caller) -> ReadableRows:
    """What a caller sees."""
    return ReadableRows(COMPILER, caller)


@pytest.fixture(scope="session")
def domains_url(database_url: str) -> Iterator[str]:
    """A database of our own: other tests may leave rows in theirs."""
    name = f"domains_{uuid.uuid4().hex[:12]}"
    head, _, options = database_url.partition("?")
    url = f"{head.rpartition('/')[0]}/{name}?{options}"
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        upgrade(url)
        yield url
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
async def session(domains_url: str, monkeypatch) -> AsyncIterator[WriteSession]:
    """A write session whose transaction is rolled back, with what the rules ask the settings."""
    services = {
        "DATABASE_URL": domains_url,
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "S3_URL": "http://nobody:nobody@127.0.0.1:9/nothing",
    }
    for name, value in {**services, "SECRET": SECRET}.items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    domains.register()
    database = Database(domains_url, max_size=1)
    await database.open()
    async with (
        database._pool.connection() as connection,
        connection.transaction(force_rollback=True),
    ):
        yield WriteSession(connection)
    await database.close()
    monkeypatch.undo()
    settings.cache_clear()


@pytest.fixture
async def account(session: WriteSession) -> str:
    made = await session.fetch_value(
        "INSERT INTO account (account_name) VALUES ('Jon Demo') RETURNING id"
    )
    # Of the GTINs, GRAIs and SSCCs that the tests are about.
    await session.execute(
        "INSERT INTO company_prefix (account, digits) "
        "SELECT %(account)s, unnest('{9312345,0614141,7061414,952123456789,0712132}'::text[])",
        {"account": made},
    )
    await session.execute(
        "INSERT INTO company_prefix (account, digits, kind) VALUES (%(account)s, '963', 'gtin8')",
        {"account": made},
    )
    return made


@pytest.fixture
def caller(account: str) -> Caller:
    return Caller(user="6d6cb08a-0000-4000-8000-039e350eef1e", account=account)


@pytest.fixture
async def admin(session: WriteSession, account: str) -> Caller:
    """An admin of the account, whom workers find again."""
    user = await session.fetch_value(
        "INSERT INTO directus_users (email, account) VALUES ('admin@test.com', %(a)s) RETURNING id",
        {"a": account},
    )
    await session.execute(
        "WITH made AS (INSERT INTO directus_policies (id, name, admin_access) "
        "VALUES (gen_random_uuid(), 'Admins', true) RETURNING id) "
        'INSERT INTO directus_access (id, policy, "user") '
        "SELECT gen_random_uuid(), id, %(u)s FROM made",
        {"u": user},
    )
    return Caller(user=user, account=account, is_admin=True)
