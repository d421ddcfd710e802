"""The first start: one admin, a token shown once, something to try Mintage on."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from argon2 import PasswordHasher
from pydantic import ValidationError

from app.access.secrets import token_hash
from app.bootstrap import DEMO_ACCOUNT, DEMO_PRODUCT, bootstrap
from app.database.migrate import upgrade, upgrade_to
from app.settings import GivenSettings
from tests.installation import own_database


@pytest.fixture
def migrated(database_url):
    with own_database(database_url) as url:
        upgrade(url)
        yield url


def settings(**changes):
    return GivenSettings(_env_file=None, **changes)


def rows(url, statement):
    with psycopg.connect(url) as connection:
        return connection.execute(statement).fetchall()


ADMINS = """
SELECT u.email, u.first_name, p.admin_access, u.status, u.token FROM directus_users AS u
JOIN directus_access AS a ON a.role = u.role JOIN directus_policies AS p ON p.id = a.policy
"""


def test_the_first_start_makes_an_admin_with_a_token(migrated):
    token = bootstrap(settings(), migrated)
    assert rows(migrated, ADMINS) == [
        ("admin@example.com", "Admin", True, "active", token_hash(token))
    ]
    assert bootstrap(settings(), migrated) is None
    assert rows(migrated, "SELECT id, project_name FROM directus_settings") == [(1, "Mintage")]
    assert rows(migrated, ADMINS) == [
        ("admin@example.com", "Admin", True, "active", token_hash(token))
    ]


def test_a_given_token_and_password_become_the_admins(migrated):
    given = settings(admin_token="token-1234", admin_password="password-1234")
    assert bootstrap(given, migrated) is None
    [(token, password)] = rows(migrated, "SELECT token, password FROM directus_users")
    assert token == token_hash("token-1234")
    assert PasswordHasher().verify(password, "password-1234")
    assert bootstrap(settings(admin_token="token-5678"), migrated) is None
    [(token,)] = rows(migrated, "SELECT token FROM directus_users")
    assert token == token_hash("token-5678")


@pytest.mark.parametrize("length", [8, 64, 65, 80, 255])
def test_a_token_may_be_long(migrated, length):
    """What is stored is its hash, of another length than it has."""
    given = "t" * length
    assert bootstrap(settings(admin_token=given), migrated) is None
    assert bootstrap(settings(admin_token=given), migrated) is None
    [(token,)] = rows(migrated, "SELECT token FROM directus_users")
    assert token == token_hash(given)


@pytest.mark.parametrize("length", [7, 256])
def test_a_token_that_is_too_long_or_too_short_is_refused_at_once(length):
    with pytest.raises(ValidationError, match="admin_token"):
        settings(admin_token="t" * length)


def test_a_password_that_is_the_admins_already_changes_nothing(migrated):
    given = settings(admin_password="password-1234")
    bootstrap(given, migrated)
    before = rows(migrated, "SELECT password FROM directus_users")
    assert bootstrap(given, migrated) is None
    assert rows(migrated, "SELECT password FROM directus_users") == before
    assert rows(migrated, "SELECT count(*) FROM directus_activity WHERE action = 'update'") == [
        (0,)
    ]


@pytest.mark.parametrize("lost", ["status = 'suspended'", "role = NULL"])
def test_when_nobody_is_an_admin_a_given_password_lets_the_first_in_again(migrated, lost):
    given = settings(admin_password="password-1234")
    token = bootstrap(given, migrated)
    with psycopg.connect(migrated) as connection:
        connection.execute(f"UPDATE directus_users SET {lost}")
    bootstrap(settings(), migrated)
    assert not (rows(migrated, ADMINS) and "active" in rows(migrated, ADMINS)[0])
    bootstrap(given, migrated)
    assert rows(migrated, ADMINS) == [
        ("admin@example.com", "Admin", True, "active", token_hash(token))
    ]


def test_who_is_let_in_again_belongs_to_no_account(migrated):
    given = settings(admin_password="password-1234")
    bootstrap(given, migrated)
    with psycopg.connect(migrated) as connection:
        connection.execute("UPDATE directus_users SET account = (SELECT id FROM account LIMIT 1)")
    bootstrap(given, migrated)
    assert rows(migrated, "SELECT account, status FROM directus_users") == [(None, "active")]


def test_the_email_is_compared_as_it_is_stored(migrated):
    given = settings(admin_email=" Boss@Example.COM ", admin_token="token-1234")
    for _ in range(2):
        bootstrap(given, migrated)
    assert rows(migrated, "SELECT email FROM directus_users") == [("boss@example.com",)]


def test_a_new_installation_has_the_demo_rows_once(migrated):
    bootstrap(settings(), migrated)
    assert rows(migrated, "SELECT id::text FROM account") == [(DEMO_ACCOUNT,)]
    assert (DEMO_PRODUCT,) in rows(migrated, "SELECT id FROM product")
    assert len(rows(migrated, "SELECT FROM domain WHERE is_default")) == 2
    bootstrap(settings(admin_email="other@example.com"), migrated)
    assert len(rows(migrated, "SELECT FROM account")) == 1
    assert len(rows(migrated, "SELECT FROM directus_users")) == 2


def test_the_demo_rows_can_be_left_out(migrated):
    bootstrap(settings(seed_demo=False), migrated)
    assert rows(migrated, "SELECT FROM account") == []


def test_many_may_start_at_once(migrated):
    with ThreadPoolExecutor(4) as pool:
        tokens = list(pool.map(lambda _: bootstrap(settings(), migrated), range(4)))
    assert len([token for token in tokens if token is not None]) == 1
    assert len(rows(migrated, ADMINS)) == 1


def test_there_is_one_public_policy_that_allows_nothing(migrated):
    for _ in range(2):
        bootstrap(settings(), migrated)
    public = "SELECT id::text, admin_access FROM directus_policies WHERE name = '$t:public_label'"
    assert rows(migrated, public) == [("abf8a154-5b1c-4a46-ac9c-7300570f4f17", False)]
    assert rows(migrated, "SELECT FROM directus_permissions") == []


def test_settings_that_were_there_get_the_key_that_clients_ask_for(database_url):
    with own_database(database_url) as url:
        upgrade_to(url, "0006")
        with psycopg.connect(url) as connection:
            connection.execute(
                "INSERT INTO directus_settings (id, project_name) VALUES (7, 'Ours')"
            )
            connection.execute(
                "WITH done AS (INSERT INTO directus_activity (action, collection, item) "
                "VALUES ('update', 'directus_settings', '7'), ('update', 'product', '7') "
                "RETURNING id, collection, item) INSERT INTO directus_revisions "
                "(activity, collection, item) SELECT * FROM done"
            )
        upgrade(url)
        bootstrap(settings(seed_demo=False), url)
        found = rows(url, "SELECT id, project_name, mcp_enabled FROM directus_settings")
        assert found == [(1, "Ours", False)]
        kept = [("directus_settings", "1"), ("product", "7")]
        for history in ("directus_activity", "directus_revisions"):
            said = f"SELECT collection, item FROM {history} WHERE item IN ('1', '7') ORDER BY 1"
            assert rows(url, said) == kept


def test_who_had_admin_access_before_policies_holds_the_administrator_role(database_url):
    with own_database(database_url) as url:
        upgrade_to(url, "0001")
        with psycopg.connect(url) as connection:
            connection.execute(
                "INSERT INTO directus_users (email, admin_access) "
                "VALUES ('a@b.c', true), ('d@e.f', false)"
            )
        upgrade(url)
        assert rows(url, ADMINS) == [("a@b.c", None, True, "active", None)]
        bootstrap(settings(), url)
        assert len(rows(url, "SELECT FROM directus_roles")) == 1
