"""Known callers: what costs no statement, and when it is forgotten (docs/decisions/0005)."""

import asyncio
from datetime import timedelta

import psycopg
import pytest

from app.access.caller import Client
from app.access.known import KnownCallers
from app.access.secrets import token_hash
from app.access.tokens import signed
from app.database.session import Database
from app.errors import InvalidCredentials, TokenExpired
from tests.installation import ACCOUNT, SECRET

HERE = Client("10.0.0.7", "curl", None)
TOKEN = "somebody's token"


@pytest.fixture
def user(rows):
    [(key,)] = rows.execute(
        "INSERT INTO directus_users (email, token) VALUES ('a@b.c', %s) RETURNING id::text",
        [token_hash(TOKEN)],
    ).fetchall()
    return key


@pytest.fixture
async def known():
    return KnownCallers(SECRET, accounts=True)


@pytest.fixture
async def database(installation, known):
    made = Database(installation.database_url, max_size=2, notices=known.notices)
    await made.open()
    await until_true(lambda: known.notices.is_listening)
    yield made
    await made.close()


async def until_true(holds):
    for _ in range(200):
        if holds():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("It did not come true in four seconds.")


class Counting:
    """A database that counts the sessions that read from it."""

    def __init__(self, database):
        self.database = database
        self.count = 0

    def read(self):
        self.count += 1
        return self.database.read()


async def test_a_known_caller_costs_no_statement(database, known, user):
    counting = Counting(database)
    first = await known.caller(counting, TOKEN, HERE)
    elsewhere = Client(HERE.ip, "another browser", "https://example.com")
    again = await known.caller(counting, TOKEN, elsewhere)
    assert first.user == again.user == user
    assert again.client == elsewhere
    assert counting.count == 1
    await known.caller(counting, TOKEN, Client("10.0.0.8"))  # policies may differ by address
    await known.caller(counting, None, HERE)
    assert counting.count == 3


CHANGES = {
    "suspended": "UPDATE directus_users SET status = 'suspended' WHERE email = 'a@b.c'",
    "another token": "UPDATE directus_users SET token = 'x' WHERE email = 'a@b.c'",
    "deleted": "DELETE FROM directus_users WHERE email = 'a@b.c'",
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
async def test_a_change_through_our_sessions_counts_before_it_is_answered(
    database, known, user, change
):
    for _ in range(20):
        async with database.write() as session:
            await session.execute("UPDATE directus_users SET role = NULL")
        await known.caller(database, TOKEN, HERE)
    async with database.write() as session:
        await session.execute(change)
    with pytest.raises(InvalidCredentials):
        await known.caller(database, TOKEN, HERE)


async def test_a_change_from_anywhere_counts_in_a_moment(database, known, user, rows):
    assert (await known.caller(database, TOKEN, HERE)).account is None
    rows.execute("UPDATE directus_users SET account = %s WHERE email = 'a@b.c'", [ACCOUNT])

    async def account():
        return (await known.caller(database, TOKEN, HERE)).account

    for _ in range(200):
        if await account() == ACCOUNT:
            return
        await asyncio.sleep(0.005)
    raise AssertionError("The change was not heard of in a second.")


async def test_a_change_while_a_caller_is_read_is_not_missed(database, known, user, rows):
    """What was read before the change must not be kept after the notice of it."""

    class Slow(Counting):
        def read(self):
            if self.count == 0:
                known._forget()  # the notice, while the statement runs
            return super().read()

    slow = Slow(database)
    await known.caller(slow, TOKEN, HERE)
    await known.caller(slow, TOKEN, HERE)
    assert slow.count == 2


async def test_what_does_not_matter_forgets_nobody(database, known, user):
    counting = Counting(database)
    await known.caller(counting, TOKEN, HERE)
    async with database.write() as session:
        await session.execute("UPDATE directus_users SET last_access = now()")
        await session.execute("UPDATE directus_users SET first_name = 'A'")
    await known.caller(counting, TOKEN, HERE)
    assert counting.count == 1


async def test_a_token_that_ends_is_not_known_longer(database, known, user):
    token = signed({"id": user}, SECRET, timedelta(seconds=1))
    assert (await known.caller(database, token, HERE)).user == user
    await asyncio.sleep(1.1)
    with pytest.raises(TokenExpired):
        await known.caller(database, token, HERE)


async def test_a_session_that_ends_is_not_known_longer(database, known, user, rows):
    """Its access token says nothing of that: it was made for the whole session."""
    rows.execute(
        'INSERT INTO directus_sessions (token, "user", expires) '
        "VALUES (%s, %s, now() + interval '1 second')",
        [token_hash("secret"), user],
    )
    token = signed({"id": user, "session": "secret"}, SECRET, timedelta(days=1))
    assert (await known.caller(database, token, HERE)).user == user
    await asyncio.sleep(1.1)
    with pytest.raises(InvalidCredentials):
        await known.caller(database, token, HERE)


async def test_nobody_is_known_while_nothing_is_heard(installation, database, known, user):
    await known.caller(database, TOKEN, HERE)
    with psycopg.connect(installation.database_url, autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE query LIKE 'LISTEN%' AND application_name = 'mintage' "
            "AND datname = current_database()"
        )
    await until_true(lambda: not known.notices.is_listening)
    counting = Counting(database)
    for _ in range(50):
        try:
            await known.caller(counting, TOKEN, HERE)
        except psycopg.OperationalError:  # the pool's connections were ended with the others
            continue
        if known.notices.is_listening:
            break
    await until_true(lambda: known.notices.is_listening)
    counting = Counting(database)
    for _ in range(3):
        await known.caller(counting, TOKEN, HERE)
    assert counting.count == 1
