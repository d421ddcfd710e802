"""Indexes and foreign keys brought to their definitions."""

from sqlalchemy import Connection, ForeignKeyConstraint, Index, Table, inspect
from sqlalchemy.engine.interfaces import ReflectedForeignKeyConstraint, ReflectedIndex
from sqlalchemy.schema import AddConstraint, CreateIndex

from app.database.alter import CantExtend, alter, has_row, quoted
from app.database.tables import fitting


def extend_indexes(connection: Connection, table: Table) -> list[str]:
    """Add the indexes the table lacks; drop the uniqueness its fields no longer have.

    Raises CantExtend.
    """
    there = {index["name"]: index for index in inspect(connection).get_indexes(table.name)}
    wanted = {str(index.name): index for index in table.indexes}
    done = []
    for column in table.columns:
        name = fitting(table.name, column.name, "unique")
        if name in there and name not in wanted:
            done.append(_drop_unique(connection, table, there[name]))
    for name, index in sorted(wanted.items()):
        if name in there:
            continue
        if index.unique:
            _require_unique(connection, table, index)
        connection.execute(CreateIndex(index))
        done.append(f"index {name}")
    return done


def _drop_unique(connection: Connection, table: Table, held: ReflectedIndex) -> str:
    name = str(held["name"])
    if held.get("duplicates_constraint"):
        return alter(connection, table, f"DROP CONSTRAINT {quoted(name)}")
    connection.exec_driver_sql(f"DROP INDEX {quoted(name)}")
    return f"no index {name}"


def _require_unique(connection: Connection, table: Table, index: Index) -> None:
    if index.dialect_options["postgresql"]["where"] is not None:
        return
    names = ", ".join(quoted(column) for column in index.columns)
    filled = " AND ".join(f"{quoted(column)} IS NOT NULL" for column in index.columns)
    twice = f"FROM {quoted(table)} WHERE {filled} GROUP BY {names} HAVING count(*) > 1"
    if has_row(connection, twice):
        raise CantExtend(
            f'Field "{table.name}.{index.columns[0].name}" has to be unique, but there are '
            "rows with the same value: change them first."
        )


def extend_foreign_keys(connection: Connection, table: Table) -> list[str]:
    """Make the foreign keys of the fields what they are defined as; what was done.

    Raises CantExtend.
    """
    wanted = {key.column_keys[0]: key for key in table.foreign_key_constraints}
    done = []
    for held in inspect(connection).get_foreign_keys(table.name):
        column = held["constrained_columns"][0]
        if column not in table.c or len(held["constrained_columns"]) > 1:
            continue
        if column in wanted and _is_same(wanted[column], held):
            del wanted[column]
        else:
            name = quoted(str(held["name"]))
            done.append(alter(connection, table, f"DROP CONSTRAINT {name}"))
    for column in sorted(wanted):
        _require_targets(connection, table, wanted[column])
        connection.execute(AddConstraint(wanted[column]))
        done.append(f"foreign key {wanted[column].name}")
    return done


def _is_same(wanted: ForeignKeyConstraint, held: ReflectedForeignKeyConstraint) -> bool:
    target = wanted.elements[0].column
    on_delete = held["options"].get("ondelete") or "NO ACTION"
    return (target.table.name, [target.name], wanted.ondelete) == (
        held["referred_table"],
        held["referred_columns"],
        on_delete,
    )


def _require_targets(connection: Connection, table: Table, key: ForeignKeyConstraint) -> None:
    column, target = key.columns[0], key.elements[0].column
    orphan = (
        f"FROM {quoted(table)} AS t WHERE t.{quoted(column)} IS NOT NULL AND NOT EXISTS "
        f"(SELECT FROM {quoted(target.table)} AS o WHERE o.{quoted(target)} = t.{quoted(column)})"
    )
    if has_row(connection, orphan):
        raise CantExtend(
            f'Field "{table.name}.{column.name}" points to "{target.table.name}", but there are '
            "rows whose target is not there: change them first."
        )
