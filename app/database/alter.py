"""One change of one table, and the refusal of those that would lose data."""

from typing import Any

from sqlalchemy import Column, Connection, Table, text

from schema import BadDefinition


class CantExtend(BadDefinition):
    """A definition asks for what would lose data. The message says what to do."""


def alter(connection: Connection, table: Table, change: str) -> str:
    """Run `ALTER TABLE <table> <change>`; what was done. Percent signs come doubled."""
    # Driver-level: a default in the change may hold a colon, which is no parameter here.
    connection.exec_driver_sql(f"ALTER TABLE {quoted(table)} {change}")
    return f"{table.name}: {change}"


def has_row(connection: Connection, query: str) -> bool:
    """Whether `SELECT 1 <query>` finds anything."""
    return connection.execute(text(f"SELECT 1 {query} LIMIT 1")).first() is not None


def quoted(item: Table | Column[Any] | str) -> str:
    """A name as SQL writes it."""
    name = item if isinstance(item, str) else str(item.name)
    return '"' + name.replace('"', '""') + '"'
