"""Tables of snapshots: made, extended, and never at the cost of data."""

from dataclasses import replace

import psycopg
import pytest

from app.database.extend import CantExtend
from app.database.migrate import differences, upgrade, upgrade_to
from app.database.tables import METADATA, build_tables
from schema import OWN, SYSTEM, BadDefinition, Collection, Field, Schema, with_accounts
from schema.definition import integer, m2o, o2m, string, text, uuid
from tests.web import own_database

KEY = integer("id", primary_key=True, generated="sequence")


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
    assert run(url, "SELECT version_num FROM alembic_version") == [("0003",)]
    upgrade(url)


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
    upgrade(url)
    assert differences(url) == []


def test_a_changed_definition_of_the_same_name_is_one_collection():
    with pytest.raises(BadDefinition, match="defined twice"):
        Schema((*SYSTEM, *shop(), replace(shop()[0])))
