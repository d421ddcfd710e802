"""Migrations: bring a database to the definitions, write the next one, compare the two."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData, create_engine, inspect
from sqlalchemy.pool import NullPool

import migrations
from app.database.extend import extend
from app.database.tables import METADATA

_LOCK = 0x6D696E74
"""Advisory lock key ("mint"): one migration at a time, however many start together."""


def sqlalchemy_url(database_url: str) -> str:
    """The same URL, naming the driver for SQLAlchemy."""
    return "postgresql+psycopg://" + database_url.split("://", 1)[1]


def upgrade(database_url: str, tables: MetaData = METADATA, *, builtin: bool = True) -> None:
    """Bring the database to what is served; nothing happens when it is there already.

    Mintage's own collections and the system's with them come by migrations, all others (without
    `builtin` the system's too) by `extend`. A database that once served Mintage's own still gets
    its migrations, so that they may come back. Raises CantExtend for a change that would lose data.
    """
    with _locked(database_url) as connection:
        install_functions(connection)
        names = [name for name in tables.tables if not builtin or name not in METADATA.tables]
        if builtin or inspect(connection).has_table("alembic_version"):
            _to_head(connection)
        extend(connection, tables, names)
        install_triggers(connection)
        connection.commit()


def _to_head(connection: Connection) -> None:
    """The newest migration. A database made without Mintage's collections gets what it lacks."""
    there = inspect(connection)
    if there.has_table("directus_users") and not there.has_table("alembic_version"):
        extend(connection, METADATA, METADATA.tables)
        command.stamp(_config(connection), "head")
    else:
        command.upgrade(_config(connection), "head")


def upgrade_to(database_url: str, revision: str) -> None:
    """Bring the database to one migration and no further."""
    with _locked(database_url) as connection:
        install_functions(connection)
        command.upgrade(_config(connection), revision)
        connection.commit()


@contextmanager
def _locked(database_url: str) -> Iterator[Connection]:
    """A connection that migrates alone."""
    with _connected(database_url) as connection:
        connection.exec_driver_sql(f"SELECT pg_advisory_lock({_LOCK})")
        yield connection
        connection.exec_driver_sql(f"SELECT pg_advisory_unlock({_LOCK})")


def revision(database_url: str, message: str) -> Path | None:
    """Write the migration that takes the database to the definitions; None if there is no change.

    The database has to stand at the newest migration.
    """
    with _connected(database_url) as connection:
        if not differences_of(connection):
            return None
        config = _config(connection)
        number = len(list(Path(config.attributes["versions"]).glob("*.py"))) + 1
        script = command.revision(config, message, autogenerate=True, rev_id=f"{number:04}")
    return Path(script.path) if script is not None and not isinstance(script, list) else None


def differences(database_url: str) -> list[object]:
    """What the database has that the definitions have not, and the other way round."""
    with _connected(database_url) as connection:
        return differences_of(connection)


def differences_of(connection: Connection) -> list[object]:
    context = MigrationContext.configure(
        connection, opts={"compare_type": True, "compare_server_default": False}
    )
    return list(compare_metadata(context, METADATA))


def install_functions(connection: Connection) -> None:
    """The SQL functions the tables and computed fields use. They are code, replaced every time."""
    _run_scripts(connection, Path(__file__).parent)


def install_triggers(connection: Connection) -> None:
    """What the tables need once they are there. Code as well, replaced every time."""
    _run_scripts(connection, Path(__file__).parent / "after_tables")


def _run_scripts(connection: Connection, folder: Path) -> None:
    raw = connection.connection.driver_connection
    if not isinstance(raw, psycopg.Connection):  # pragma: no cover - the driver is fixed
        raise TypeError(f"Expected a psycopg connection, got {type(raw)}.")
    # Without parameters psycopg sends the script as it is: many statements, `%` untouched.
    for script in sorted(folder.glob("*.sql")):
        raw.execute(script.read_bytes())


@contextmanager
def _connected(database_url: str) -> Iterator[Connection]:
    engine = create_engine(sqlalchemy_url(database_url), poolclass=NullPool)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    config.set_main_option("path_separator", "os")
    config.attributes["versions"] = str(Path(migrations.__file__).parent / "versions")
    config.attributes["connection"] = connection
    return config
