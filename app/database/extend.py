"""Tables of collections that no migration knows: made and extended from their definitions.

Only what adds is done. A change that would lose data, or that the rows there contradict, is refused
with a sentence; columns that are defined no more stay.
"""

from collections.abc import Iterable

from sqlalchemy import (
    Column,
    Connection,
    ForeignKeyConstraint,
    Index,
    MetaData,
    Table,
    inspect,
    text,
    types,
)
from sqlalchemy.schema import (
    AddConstraint,
    CreateColumn,
    CreateIndex,
    CreateTable,
    SetColumnComment,
    SetTableComment,
)

from schema import BadDefinition


class CantExtend(BadDefinition):
    """A definition asks for what would lose data. The message says what to do."""


def extend(connection: Connection, tables: MetaData, names: Iterable[str]) -> list[str]:
    """Make the tables of these collections, or add to them what they lack; what was done.

    Raises CantExtend.
    """
    known = set(inspect(connection).get_table_names())
    wanted = [tables.tables[name] for name in names]
    done: list[str] = []
    for table in wanted:
        if table.name in known:
            done += _add_columns(connection, table)
        else:
            connection.execute(CreateTable(table, include_foreign_key_constraints=[]))
            _comment(connection, table, table.columns)
            done.append(f"table {table.name}")
    for table in wanted:
        done += _add_indexes(connection, table)
        done += _add_foreign_keys(connection, table)
    return done


def _comment(connection: Connection, table: Table, columns: Iterable[Column[object]]) -> None:
    """The notes of definitions, as comments in the database."""
    if table.comment:
        connection.execute(SetTableComment(table))
    for column in columns:
        if column.comment:
            connection.execute(SetColumnComment(column))


def _add_columns(connection: Connection, table: Table) -> list[str]:
    there = {column["name"]: column for column in inspect(connection).get_columns(table.name)}
    done = []
    for column in table.columns:
        held = there.get(column.name)
        if held is None:
            _require_room(connection, column)
            done.append(_alter(connection, table, f"ADD COLUMN {_described(connection, column)}"))
            _comment(connection, table, [column])
            continue
        done += _widen(connection, column, held["type"])
        if not column.nullable and held["nullable"]:
            _require_filled(connection, column)
            done.append(_alter(connection, table, f"ALTER COLUMN {_name(column)} SET NOT NULL"))
        if column.nullable and not held["nullable"]:
            done.append(_alter(connection, table, f"ALTER COLUMN {_name(column)} DROP NOT NULL"))
    return done


def _widen(
    connection: Connection, column: Column[object], held: types.TypeEngine[object]
) -> list[str]:
    """Texts may get longer and whole numbers wider; any other change of a type is refused."""
    wanted = column.type.compile(connection.dialect)
    present = held.compile(connection.dialect)
    if wanted.split(" COLLATE")[0] == present.split(" COLLATE")[0]:
        return []
    if not _holds(column.type, held):
        raise CantExtend(
            f'Field "{column.table.name}.{column.name}" is stored as {present} and defined as '
            f"{wanted}, which can't hold all of it: give the new field another name, or change "
            "the column by hand."
        )
    return [_alter(connection, column.table, f"ALTER COLUMN {_name(column)} TYPE {wanted}")]


def _holds(wanted: types.TypeEngine[object], held: types.TypeEngine[object]) -> bool:
    """Whether every value of one type is one of another."""
    if isinstance(wanted, types.String) and isinstance(held, types.String):
        return wanted.length is None or (held.length is not None and wanted.length >= held.length)
    if isinstance(wanted, types.Integer) and isinstance(held, types.Integer):
        return isinstance(wanted, types.BigInteger) or not isinstance(held, types.BigInteger)
    if isinstance(wanted, types.Float) and isinstance(held, types.Float):
        return isinstance(wanted, types.Double)
    if isinstance(wanted, types.Numeric) and isinstance(held, types.Numeric):
        more, less = (wanted.precision, wanted.scale), (held.precision, held.scale)
        if None in more or None in less:
            return more == (None, None)
        whole = (more[0] or 0) - (more[1] or 0) >= (less[0] or 0) - (less[1] or 0)
        return whole and (more[1] or 0) >= (less[1] or 0)
    return False


def _require_room(connection: Connection, column: Column[object]) -> None:
    """A new column that must be filled needs a default, or a table without rows."""
    if column.nullable or column.server_default is not None or column.identity is not None:
        return
    if connection.execute(text(f"SELECT 1 FROM {_name(column.table)} LIMIT 1")).first():
        raise CantExtend(
            f'Field "{column.table.name}.{column.name}" is new and may not be null, but there are '
            "rows without it: give it a default, or let it be null."
        )


def _require_filled(connection: Connection, column: Column[object]) -> None:
    where = f"{_name(column)} IS NULL"
    if connection.execute(
        text(f"SELECT 1 FROM {_name(column.table)} WHERE {where} LIMIT 1")
    ).first():
        raise CantExtend(
            f'Field "{column.table.name}.{column.name}" may be null no more, but there are rows '
            "where it is: fill them first."
        )


def _add_indexes(connection: Connection, table: Table) -> list[str]:
    there = {index["name"] for index in inspect(connection).get_indexes(table.name)}
    done = []
    for index in sorted(table.indexes, key=lambda index: str(index.name)):
        if index.name in there:
            continue
        if index.unique:
            _require_unique(connection, table, index)
        connection.execute(CreateIndex(index))
        done.append(f"index {index.name}")
    return done


def _require_unique(connection: Connection, table: Table, index: Index) -> None:
    names = ", ".join(_name(column) for column in index.columns)
    filled = " AND ".join(f"{_name(column)} IS NOT NULL" for column in index.columns)
    twice = (
        f"SELECT 1 FROM {_name(table)} WHERE {filled} GROUP BY {names} HAVING count(*) > 1 LIMIT 1"
    )
    if (
        index.dialect_options["postgresql"]["where"] is None
        and connection.execute(text(twice)).first()
    ):
        raise CantExtend(
            f'Field "{table.name}.{index.columns[0].name}" has to be unique, but there are '
            "rows with the same value: change them first."
        )


def _add_foreign_keys(connection: Connection, table: Table) -> list[str]:
    there = {key["name"] for key in inspect(connection).get_foreign_keys(table.name)}
    done = []
    for key in sorted(table.foreign_key_constraints, key=lambda key: str(key.name)):
        if key.name in there:
            continue
        _require_targets(connection, table, key)
        connection.execute(AddConstraint(key))
        done.append(f"foreign key {key.name}")
    return done


def _require_targets(connection: Connection, table: Table, key: ForeignKeyConstraint) -> None:
    column, target = key.columns[0], key.elements[0].column
    orphan = (
        f"SELECT 1 FROM {_name(table)} AS t WHERE t.{_name(column)} IS NOT NULL AND NOT EXISTS "
        f"(SELECT FROM {_name(target.table)} AS o WHERE o.{_name(target)} = t.{_name(column)}) "
        "LIMIT 1"
    )
    if connection.execute(text(orphan)).first():
        raise CantExtend(
            f'Field "{table.name}.{column.name}" points to "{target.table.name}", but there are '
            "rows whose target is not there: change them first."
        )


def _alter(connection: Connection, table: Table, change: str) -> str:
    # Driver-level: a default in the change may hold a colon, which is no parameter here.
    connection.exec_driver_sql(f"ALTER TABLE {_name(table)} {change}".replace("%", "%%"))
    return f"{table.name}: {change}"


def _described(connection: Connection, column: Column[object]) -> str:
    return str(CreateColumn(column).compile(dialect=connection.dialect)).strip()


def _name(item: Table | Column[object]) -> str:
    return '"' + str(item.name).replace('"', '""') + '"'
