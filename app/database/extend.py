"""Tables of collections that no migration knows: made and extended from their definitions.

Only what adds is done. A change that would lose data, or that the rows there contradict, is refused
with a sentence; columns that are no longer defined stay.
"""

from collections.abc import Iterable

from sqlalchemy import Connection, MetaData, Table, inspect
from sqlalchemy.schema import CreateTable

from app.database.alter import CantExtend
from app.database.extend_columns import comment, extend_columns
from app.database.extend_keys import extend_foreign_keys, extend_indexes


def extend(connection: Connection, tables: MetaData, names: Iterable[str]) -> list[str]:
    """Make the tables of these collections, or add to them what they lack; what was done.

    Raises CantExtend.
    """
    known = set(inspect(connection).get_table_names())
    wanted = [tables.tables[name] for name in names]
    done: list[str] = []
    for table in wanted:
        if table.name in known:
            _require_same_key(connection, table)
            done += extend_columns(connection, table)
        else:
            connection.execute(CreateTable(table, include_foreign_key_constraints=[]))
            comment(connection, table, table.columns)
            done.append(f"table {table.name}")
    for table in wanted:
        done += extend_indexes(connection, table)
    # Last: a foreign key needs its target's table, and the target's key to be unique.
    for table in wanted:
        done += extend_foreign_keys(connection, table)
    return done


def _require_same_key(connection: Connection, table: Table) -> None:
    held = inspect(connection).get_pk_constraint(table.name)["constrained_columns"]
    wanted = [column.name for column in table.primary_key]
    if held != wanted:
        raise CantExtend(
            f'The key of collection "{table.name}" is "{wanted[0]}", but its table has '
            f"{' and '.join(held) or 'none'}: define that as the key, or change it by hand."
        )
