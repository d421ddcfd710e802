"""Tables of snapshots: made, extended, and never at the cost of data."""

from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

import migrations
from app.database.alter import CantExtend
from app.database.extend import extend
from app.database.migrate import differences, sqlalchemy_url, upgrade, upgrade_to
from app.database.tables import METADATA, build_tables
from schema import OWN, SYSTEM, BadDefinition, Collection, Field, Schema, with_accounts
from schema.definition import TYPES, boolean, integer, m2o, o2m, string, text, timestamp, uuid
from tests.installation import own_database

KEY = integer("id", primary_key=True, generated="sequence")

NEWEST = f"{len(list((Path(migrations.__file__).parent / 'versions').glob('*.py'))):04}"


@pytest.fixture
def url(database_url):
    with own_database(database_url) as url:
        yield url


def shop(*fields, parent=()):
    return (
        Collection("shop", (KEY, *fields)),
        Collection("owner", (uuid("id", primary_key=True), *parent)),
    )


def brought(url, *collections):
    upgrade(url, build_tables(Schema((*SYSTEM, *collections))), builtin=False)


def extended(url, tables):
    """What is done to a database that has these tables already."""
    with create_engine(sqlalchemy_url(url), poolclass=NullPool).connect() as connection:
        return extend(connection, tables, tables.tables)


def columns(url, table):
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "SELECT column_name, data_type, is_nullable FROM information_schema.columns "
            "WHERE table_name = %s ORDER BY ordinal_position",
            [table],
        ).fetchall()
    return {name: (kind, nullable) for name, kind, nullable in found}


def run(url, statement):
    with psycopg.connect(url) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else None


def test_tables_are_made_with_their_keys_and_indexes(url):
    owner = m2o("owner", to="owner", on_delete="CASCADE")
    brought(
        url,
        *shop(string("name", unique=True), owner, parent=(o2m("shops", of="shop", field="owner"),)),
    )
    assert columns(url, "shop") == {
        "id": ("integer", "NO"),
        "name": ("character varying", "YES"),
        "owner": ("uuid", "YES"),
    }
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        run(url, "INSERT INTO shop (owner) VALUES (gen_random_uuid())")
    assert "alembic_version" not in str(run(url, "SELECT tablename FROM pg_tables"))


def test_a_second_time_changes_nothing(url):
    for _ in range(2):
        brought(url, *shop(string("name", required=True, default="x")))


def test_what_is_served_already_is_not_touched(url):
    upgrade(url)
    assert extended(url, METADATA) == []


def test_every_type_and_default_is_recognised_again(url):
    fields = (
        *(Field(name=f"a_{kind.lower()}", type=kind) for kind in sorted(TYPES - {"hash"})),
        string("quoted", default="it's 50% :off; ::text", required=True),
        integer("less", default=-1),
        Field(name="big", type="bigInteger", default=7, indexed=True),
        Field(name="exact", type="decimal", default=1.5),
        boolean("yes", default=True),
        timestamp("made", special=("date-created",)),
        Field(name="small", type="float", storage="real", default=0.5),
        Field(name="old", type="json", storage="json"),
    )
    brought(url, *shop())
    brought(url, *shop(*fields))
    tables = build_tables(Schema((*SYSTEM, *shop(*fields))))
    assert extended(url, tables) == []
    run(url, "INSERT INTO shop DEFAULT VALUES")
    assert run(url, "SELECT quoted, less, big, yes FROM shop") == [
        ("it's 50% :off; ::text", -1, 7, True)
    ]


def test_names_postgresql_would_cut_stay_apart(url):
    long = "c" * 40
    fields = [string(f"{'f' * 30}_{end}", unique=True) for end in "ab"]
    links = [m2o(f"{'o' * 30}_{end}", to="owner") for end in "ab"]
    for _ in range(2):
        brought(url, Collection(long, (KEY, *fields, *links)), shop()[1])
    [[indexes]] = run(url, f"SELECT count(*) FROM pg_indexes WHERE tablename = '{long}'")
    [[keys]] = run(
        url,
        f"SELECT count(*) FROM pg_constraint WHERE conrelid = '{long}'::regclass AND contype = 'f'",
    )
    assert (indexes, keys) == (3, 2)


def test_a_field_that_is_gone_needs_no_value_any_more(url):
    brought(url, *shop(string("gone", required=True)))
    brought(url, *shop(string("name")))
    run(url, "INSERT INTO shop (name) VALUES ('a')")


def test_rules_that_are_gone_refuse_nothing_any_more(url):
    brought(url, *shop(string("name", unique=True), m2o("owner", to="owner")))
    brought(url, *shop(string("name"), Field(name="owner", type="uuid")))
    run(url, "INSERT INTO shop (name, owner) SELECT 'a', gen_random_uuid() FROM (VALUES (1), (2))")


def test_defaults_follow_their_definition(url):
    brought(url, *shop(string("a", default="x"), string("b"), string("c", default="x")))
    brought(url, *shop(string("a", default="50% y"), string("b", default="z"), string("c")))
    run(url, "INSERT INTO shop DEFAULT VALUES")
    assert run(url, "SELECT a, b, c FROM shop") == [("50% y", "z", None)]


def test_relations_follow_their_definition(url):
    brought(url, *shop(m2o("owner", to="owner")))
    brought(url, *shop(m2o("owner", to="owner", on_delete="CASCADE")))
    run(url, "INSERT INTO owner DEFAULT VALUES")
    run(url, "INSERT INTO shop (owner) SELECT id FROM owner")
    run(url, "DELETE FROM owner")
    assert run(url, "SELECT count(*) FROM shop") == [(0,)]
    brought(url, *shop(m2o("owner", to="directus_users")))
    with pytest.raises(psycopg.errors.ForeignKeyViolation, match="directus_users"):
        run(url, "INSERT INTO shop (owner) VALUES (gen_random_uuid())")


def test_a_key_that_starts_counting_goes_on_after_the_rows_there(url):
    brought(url, Collection("shop", (integer("id", primary_key=True),)), shop()[1])
    run(url, "INSERT INTO shop (id) VALUES (7)")
    brought(url, *shop())
    assert run(url, "INSERT INTO shop DEFAULT VALUES RETURNING id") == [(8,)]


def test_another_key_is_refused(url):
    brought(url, *shop(string("code")))
    other = Collection("shop", (string("code", primary_key=True),))
    with pytest.raises(
        CantExtend, match='key of collection "shop" is "code", but its table has id'
    ):
        brought(url, other, shop()[1])


def test_a_target_that_is_missing_is_refused(url):
    brought(url, *shop(Field(name="owner", type="uuid")))
    run(url, "INSERT INTO shop (owner) VALUES (gen_random_uuid())")
    with pytest.raises(CantExtend, match='points to "owner", but there are rows'):
        brought(url, *shop(m2o("owner", to="owner")))


def test_what_is_new_is_added_and_what_is_gone_stays(url):
    brought(url, *shop(string("name", max_length=10), string("gone")))
    run(url, "INSERT INTO shop (name, gone) VALUES ('a', 'kept')")
    brought(
        url,
        *shop(
            string("name", max_length=20),
            text("note"),
            integer("stars", required=True, default=3),
            m2o("owner", to="owner"),
        ),
    )
    assert run(url, "SELECT name, gone, note, stars, owner FROM shop") == [
        ("a", "kept", None, 3, None)
    ]


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        (string("x", max_length=20), string("x", max_length=10), "can't hold all of it"),
        (string("x"), integer("x"), "can't hold all of it"),
        (Field(name="x", type="bigInteger"), integer("x"), "can't hold all of it"),
        (string("x"), string("x", required=True), "fill them first"),
        (string("x"), string("x", unique=True), "has to be unique"),
        (string("y"), string("x", required=True), "give it a default"),
    ],
)
def test_what_would_lose_data_is_refused_and_nothing_is_done(url, before, after, message):
    brought(url, *shop(before))
    run(url, "INSERT INTO shop DEFAULT VALUES")
    if before.name == "x" and after.unique:
        run(url, "UPDATE shop SET x = 'same'")
        run(url, "INSERT INTO shop (x) VALUES ('same')")
    there = columns(url, "shop")
    with pytest.raises(CantExtend, match=message) as refused:
        brought(url, *shop(text("also_new"), after))
    assert isinstance(refused.value, BadDefinition)
    assert columns(url, "shop") == there


def test_migrations_and_definitions_make_the_same_tables(url):
    """Extending an empty database gives what the migrations give."""
    schema = Schema((*OWN, *with_accounts()))
    upgrade(url, build_tables(schema), builtin=False)
    assert differences(url) == []


def test_mintages_own_collections_can_come_later(url):
    brought(url, *shop(string("name")))
    upgrade(url)
    assert differences_without(url, {"shop", "owner"}) == []
    assert run(url, "SELECT version_num FROM alembic_version") == [(NEWEST,)]
    upgrade(url)


def test_mintages_own_collections_can_leave_and_come_back(url):
    upgrade_to(url, "0001")
    brought(url, *shop(string("name")))
    upgrade(url)
    assert differences_without(url, {"shop", "owner"}) == []


def differences_without(url, tables):
    return [
        item for item in differences(url) if not any(f"'{name}'" in repr(item) for name in tables)
    ]


def test_a_snapshot_beside_mintages_own_collections(url):
    extra = Collection("shop", (KEY, m2o("product", to="product"), string("name")))
    schema = Schema((*OWN, *with_accounts(), extra))
    upgrade(url, build_tables(schema))
    assert set(columns(url, "shop")) == {"id", "product", "name"}
    assert set(METADATA.tables) <= {row[0] for row in run(url, "SELECT tablename FROM pg_tables")}


def test_an_older_database_is_brought_along(url):
    upgrade_to(url, "0001")
    for admin in (True, False):
        run(
            url,
            "INSERT INTO directus_users (id, email, admin_access) "
            f"VALUES (gen_random_uuid(), '{admin}', {admin})",
        )
    upgrade(url)
    assert differences(url) == []
    assert run(
        url,
        "SELECT u.email, r.name, p.name FROM directus_users u "
        "JOIN directus_roles r ON r.id = u.role "
        "JOIN directus_access a ON a.role = r.id JOIN directus_policies p ON p.id = a.policy "
        "WHERE p.admin_access AND p.app_access",
    ) == [("True", "Administrator", "Administrator")]


@pytest.mark.parametrize(
    "change",
    [
        "INSERT INTO directus_roles (name) VALUES ('x')",
        "UPDATE directus_policies SET name = name",
        "DELETE FROM directus_access",
        "TRUNCATE directus_permissions",
    ],
)
def test_every_change_of_access_renews_the_stamp(url, change):
    upgrade(url)
    stamp = "SELECT id, version FROM directus_access_version"
    [before] = run(url, stamp)
    run(url, change)
    [after] = run(url, stamp)
    assert before[0] == after[0] == 1
    assert before[1] != after[1]
    upgrade(url)
    assert run(url, stamp) == [after]


def test_a_changed_definition_of_the_same_name_is_one_collection():
    with pytest.raises(BadDefinition, match="defined twice"):
        Schema((*SYSTEM, *shop(), replace(shop()[0])))
