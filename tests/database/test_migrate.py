"""Migrations: an empty database becomes exactly the defined tables, once, however many start it."""

import shutil
import threading
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest
from sqlalchemy import Column, Integer, MetaData, Text

import migrations
from app.database import migrate, tables
from tests.installation import own_database


@pytest.fixture(scope="module")
def migrated(database_url):
    with own_database(database_url) as url:
        migrate.upgrade(url)
        yield url


@pytest.fixture
def empty(database_url):
    with own_database(database_url) as url:
        yield url


def one(url, statement):
    with psycopg.connect(url) as connection:
        return connection.execute(statement).fetchone()[0]


def test_an_empty_database_is_nothing_of_what_is_defined(empty):
    names = {
        difference[1].name
        for difference in migrate.differences(empty)
        if difference[0] == "add_table"
    }
    assert names == set(tables.METADATA.tables)


def test_migrating_an_empty_database_gives_exactly_the_defined_tables(migrated):
    assert migrate.differences(migrated) == []


def test_server_defaults_are_the_defined_ones(migrated):
    """What `differences` leaves out: every default of a definition is in the database."""
    with psycopg.connect(migrated) as connection:
        found = connection.execute(
            "SELECT table_name, column_name, column_default, is_identity "
            "FROM information_schema.columns WHERE table_schema = 'public'"
        ).fetchall()
    stored = {(table, column): (default, identity) for table, column, default, identity in found}
    for table in tables.METADATA.tables.values():
        for column in table.columns:
            default, identity = stored[table.name, column.name]
            assert (identity == "YES") == (column.identity is not None), column
            if column.identity is None:
                assert (default is None) == (column.server_default is None), column


def test_migrating_again_changes_nothing(migrated):
    migrate.upgrade(migrated)
    assert migrate.differences(migrated) == []
    assert one(migrated, "SELECT count(*) FROM alembic_version") == 1


def test_functions_are_replaced_at_every_migration(empty):
    migrate.upgrade(empty)
    with psycopg.connect(empty) as connection:
        connection.execute(
            "CREATE OR REPLACE FUNCTION evt_id() RETURNS text LANGUAGE sql AS 'SELECT ''old'''"
        )
    migrate.upgrade(empty)
    assert one(empty, "SELECT evt_id()") != "old"


def test_many_may_migrate_at_once(empty):
    failures = []

    def run():
        try:
            migrate.upgrade(empty)
        except Exception as error:  # noqa: BLE001 - handed to the test's own thread
            failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert migrate.differences(empty) == []


def test_no_lock_stays_behind(migrated):
    migrate.upgrade(migrated)
    held = """
    SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
    WHERE locktype = 'advisory' AND datname = current_database()
    """
    assert one(migrated, held) == 0


def test_evt_id_draws_24_symbols_of_its_alphabet(migrated):
    with psycopg.connect(migrated) as connection:
        ids = [row[0] for row in connection.execute("SELECT evt_id() FROM generate_series(1, 500)")]
    assert len(set(ids)) == 500
    assert all(len(text) == 24 and text.isalnum() and text.isascii() for text in ids)


def test_rows_get_an_evt_id_and_a_number_of_their_own(migrated):
    with psycopg.connect(migrated) as connection:
        rows = connection.execute(
            "INSERT INTO account (account_name) SELECT 'x' FROM generate_series(1, 3) "
            "RETURNING evt_account_id, company_id"
        ).fetchall()
    assert len({evt for evt, _ in rows}) == len({number for _, number in rows}) == 3


@pytest.fixture
def own_migrations(tmp_path, monkeypatch) -> Path:
    """A copy of the migrations that a test may write to."""
    source = Path(migrations.__file__).parent
    copy = tmp_path / "migrations"
    shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(migrate, "migrations", SimpleNamespace(__file__=str(copy / "__init__.py")))
    return copy / "versions"


def test_no_migration_is_written_when_nothing_changed(migrated, own_migrations):
    before = sorted(own_migrations.glob("*.py"))
    assert migrate.revision(migrated, "nothing") is None
    assert sorted(own_migrations.glob("*.py")) == before


def test_a_migration_is_written_for_a_changed_definition(empty, own_migrations, monkeypatch):
    migrate.upgrade(empty)
    changed = MetaData(naming_convention=tables.NAMING)
    for table in tables.METADATA.tables.values():
        table.to_metadata(changed)
    changed.tables["product"].append_column(Column("shelf_life_days", Integer))
    changed.tables["account"].append_column(Column("motto", Text))
    for module in (migrate, tables):
        monkeypatch.setattr(module, "METADATA", changed)
    count = len(list(own_migrations.glob("*.py")))

    path = migrate.revision(empty, "add the shelf life")

    assert path is not None
    assert path.parent == own_migrations
    assert path.name == f"{count + 1:04}_add_the_shelf_life.py"
    text = path.read_text()
    assert "op.add_column('product', sa.Column('shelf_life_days', sa.Integer()" in text
    migrate.upgrade(empty)
    assert migrate.differences(empty) == []
    assert migrate.revision(empty, "again") is None


def test_the_migrations_of_the_project_are_one_line():
    versions = sorted((Path(migrations.__file__).parent / "versions").glob("*.py"))
    assert [path.name[:4] for path in versions] == [f"{n:04}" for n in range(1, len(versions) + 1)]
