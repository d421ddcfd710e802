"""Alembic's entry: runs on the connection that `app.database.migrate` hands over."""

from collections.abc import Iterable
from typing import Any

from alembic import context
from alembic.operations import ops
from alembic.runtime.migration import MigrationContext

from app.database.tables import METADATA


def foreign_keys_last(
    _context: MigrationContext, _revision: Any, directives: list[ops.MigrationScript]
) -> None:
    """Create tables first and their foreign keys after: accounts and users point at each other."""
    for script in directives:
        for upgrade in script.upgrade_ops_list:
            keys = [key for table in _created(upgrade.ops) for key in _taken_out(table)]
            upgrade.ops.extend(keys)


def _created(operations: Iterable[Any]) -> list[ops.CreateTableOp]:
    return [op for op in operations if isinstance(op, ops.CreateTableOp)]


def _taken_out(create: ops.CreateTableOp) -> list[ops.CreateForeignKeyOp]:
    table = create.to_table()
    keys = [
        ops.CreateForeignKeyOp.from_constraint(constraint)
        for constraint in table.foreign_key_constraints
    ]
    create.columns = [
        item
        for item in create.columns
        if getattr(item, "__visit_name__", "") != "foreign_key_constraint"
    ]
    return [key for key in keys if isinstance(key, ops.CreateForeignKeyOp)]


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    compare_type=True,
    process_revision_directives=foreign_keys_last,
)
with context.begin_transaction():
    context.run_migrations()
