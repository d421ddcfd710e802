"""From a user to what it may do: roles, policies, addresses (directus.md 6.1, 6.2)."""

from uuid import uuid4

import psycopg
import pytest

from app.access import identity
from app.access.caller import Client
from app.access.identity import anonymous, caller_by_user
from app.access.permissions import Permission
from app.access.tokens import caller_of
from app.database.session import Database, Session
from app.domains.directus_policies.service import PUBLIC
from tests.installation import ACCOUNT, SECRET, TOKEN


@pytest.fixture
async def session(installation):
    database = Database(installation.database_url, max_size=1)
    await database.open()
    async with database.read() as session:
        yield session
    await database.close()


class World:
    """Roles, policies and users, made behind the API."""

    def __init__(self, rows):
        self.rows = rows

    def _insert(self, table, **values):
        key = values.setdefault("id", str(uuid4()))
        names = ", ".join(f'"{name}"' for name in values)
        marks = ", ".join(["%s"] * len(values))
        self.rows.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", [*values.values()])
        return key

    def role(self, parent=None):
        return self._insert("directus_roles", name="r", parent=parent)

    def user(self, **values):
        return self._insert("directus_users", status="active", **values)

    def policy(self, *, role=None, user=None, sort=None, reads=None, **flags):
        key = self._insert(
            "directus_policies",
            name="p",
            **{"enforce_tfa": False, "admin_access": False, "app_access": False, **flags},
        )
        self._insert("directus_access", policy=key, role=role, user=user, sort=sort)
        if reads is not None:
            self.rows.execute(
                "INSERT INTO directus_permissions (policy, collection, action, fields, permissions)"
                " VALUES (%s, 'product', 'read', %s, '{\"sku\": {\"_eq\": 1}}')",
                [key, reads],
            )
        return key


@pytest.fixture
def world(rows):
    return World(rows)


async def caller(session, user, ip="10.0.0.7"):
    return await caller_by_user(session, user, Client(ip), accounts=True)


async def test_policies_are_those_of_ancestors_then_the_roles_then_the_users(session, world):
    top = world.role()
    middle = world.role(top)
    own = world.role(middle)
    user = world.user(role=own)
    last = world.policy(user=user)
    second = world.policy(role=own, sort=2)
    first = world.policy(role=own, sort=1)
    of_middle, of_top = world.policy(role=middle), world.policy(role=top)
    found = await caller(session, user)
    assert found.roles == (own, middle, top)
    assert found.policies == (of_top, of_middle, first, second, last)


async def test_roles_in_a_circle_end(session, world, rows):
    one = world.role()
    other = world.role(one)
    rows.execute("UPDATE directus_roles SET parent = %s WHERE id = %s", [other, one])
    found = await caller(session, world.user(role=one))
    assert found.roles == (one, other)


async def test_a_policy_attached_twice_counts_once(session, world, rows):
    role = world.role()
    user = world.user(role=role)
    policy = world.policy(role=role, reads="sku")
    world._insert("directus_access", policy=policy, role=None, user=user)
    found = await caller(session, user)
    assert found.policies == (policy,)
    assert len(found.permissions.of("product", "read")) == 1


async def test_permissions_come_as_they_are_stored(session, world):
    user = world.user()
    world.policy(user=user, reads="sku, gtin")
    [permission] = (await caller(session, user)).permissions.of("product", "read")
    rule = {"sku": {"_eq": 1}}
    assert permission == Permission("product", "read", frozenset({"sku", "gtin"}), rule)


async def test_public_policies_are_for_who_has_no_role(session, world):
    without, has_one = world.user(), world.user(role=world.role())
    assert PUBLIC in (await anonymous(session, Client("10.0.0.7"))).policies
    assert PUBLIC in (await caller(session, without)).policies
    assert (await caller(session, has_one)).policies == ()


@pytest.mark.parametrize(
    ("listed", "ip", "counts"),
    [
        (None, None, True),
        ("", "10.0.0.7", True),
        ("10.0.0.7", "10.0.0.7", True),
        ("10.0.0.7", "10.0.0.8", False),
        ("1.1.1.1, 10.0.0.0/8", "10.0.0.7", True),
        ("10.0.0.5/8", "10.9.9.9", True),
        ("10.0.0.5-10.0.0.9", "10.0.0.9", True),
        ("10.0.0.5-10.0.0.9", "10.0.0.10", False),
        ("10.0.0.7", "::ffff:10.0.0.7", True),
        ("::1", "::1", True),
        ("0.0.0.0/0", "::1", False),
        ("::-::ff", "0.0.0.1", False),
        ("nonsense", "10.0.0.7", False),
        ("10.0.0.9-10.0.0.5", "10.0.0.7", False),
        ("10.0.0.7", None, False),
        ("0.0.0.0/0", "not an address", False),
    ],
)
async def test_a_policy_counts_at_its_addresses(session, world, listed, ip, counts):
    user = world.user(role=world.role())
    policy = world.policy(user=user, ip_access=listed, admin_access=True)
    found = await caller(session, user, ip)
    assert found.policies == ((policy,) if counts else ())
    assert (found.is_admin, found.has_app_access) == (counts, counts)


async def test_app_access_adds_a_little(session, world):
    user = world.user(role=world.role())
    assert (await caller(session, user)).permissions.of("directus_users", "read") == ()
    world.policy(user=user, app_access=True)
    found = await caller(session, user)
    assert found.has_app_access
    assert not found.is_admin
    [update] = found.permissions.of("directus_users", "update")
    assert update.rule == {"id": {"_eq": "$CURRENT_USER"}}
    for name in ("role", "status", "token", "account", "policies", "tfa_secret"):
        assert not update.allows(name)
    own = {"directus_presets": "user", "directus_comments": "user_created"}
    assert found.permissions.collections("delete") == own.keys()
    for name, field in own.items():
        [delete] = found.permissions.of(name, "delete")
        assert delete.rule == {field: {"_eq": "$CURRENT_USER"}}


async def test_who_has_an_account_may_read_names_in_it(session, world):
    user = world.user(role=world.role(), account=ACCOUNT)
    [names] = (await caller(session, user)).permissions.of("directus_users", "read")
    assert names.fields == {"id", "first_name", "last_name"}
    assert names.rule == {"account": {"_eq": "$CURRENT_ACCOUNT"}}


@pytest.mark.parametrize("status", ["draft", "invited", "unverified", "suspended", "archived"])
async def test_only_the_active_are_somebody(session, world, rows, status):
    user = world.user()
    rows.execute("UPDATE directus_users SET status = %s WHERE id = %s", [status, user])
    assert await caller(session, user) is None


CHANGES = {
    "a new permission": "INSERT INTO directus_permissions (policy, collection, action, fields)"
    " SELECT id, 'account', 'read', '*' FROM directus_policies WHERE name = 'p'",
    "a permission changed": "UPDATE directus_permissions SET fields = 'gtin'",
    "no permissions": "DELETE FROM directus_permissions",
    "a policy changed": "UPDATE directus_policies SET admin_access = true WHERE name = 'p'",
    "a policy gone": "DELETE FROM directus_policies WHERE name = 'p'",
    "a policy taken away": "DELETE FROM directus_access WHERE role IS NOT NULL",
    "a role changed": "UPDATE directus_roles SET parent = id WHERE name = 'r'",
    "another role": "UPDATE directus_users SET role = NULL WHERE first_name = 'Ada'",
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
async def test_a_change_counts_at_the_next_request(session, world, rows, change):
    role = world.role()
    user = world.user(role=role, first_name="Ada")
    world.policy(role=role, reads="sku")
    before = await caller(session, user)
    assert await caller(session, user) == before
    loaded = len(identity._kept)
    rows.execute(change)
    await session.connection.rollback()
    await caller(session, user)
    assert len(identity._kept) > loaded


async def test_a_change_that_is_undone_was_never_seen(session, world, installation):
    user = world.user(role=world.role())
    before = await caller(session, user)
    with psycopg.connect(installation.database_url) as other:
        other.execute("UPDATE directus_policies SET app_access = true")
        assert await caller(session, user) == before
        other.rollback()
    assert await caller(session, user) == before


async def test_a_known_caller_costs_one_statement(session, world, monkeypatch):
    said = []
    run = Session.run

    async def counted(self, statement, values=None):
        said.append(statement)
        return await run(self, statement, values)

    monkeypatch.setattr(Session, "run", counted)
    for token in (TOKEN, None):
        for _ in range(2):
            said.clear()
            await caller_of(session, token, SECRET, Client("10.0.0.7"), accounts=True)
        assert len(said) == 1
