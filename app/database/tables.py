"""SQLAlchemy tables, built from the collection definitions."""

from collections.abc import Callable
from typing import Any
from zlib import crc32

from sqlalchemy import (
    CheckConstraint,
    Column,
    FetchedValue,
    ForeignKey,
    Identity,
    Index,
    MetaData,
    Table,
    text,
    types,
)
from sqlalchemy.dialects import postgresql

from schema import BUILTIN, Collection, Field, Schema

NAMING = {
    "pk": "%(table_name)s_pkey",
    "fk": "%(table_name)s_%(column_0_name)s_foreign",
    "uq": "%(table_name)s_%(column_0_N_name)s_unique",
    "ix": "%(table_name)s_%(column_0_N_name)s_index",
    "ck": "%(table_name)s_%(constraint_name)s_check",
}
"""Constraint names, as Directus writes them."""

_LONGEST = 63
"""Characters PostgreSQL keeps of a name."""

EVT_ID = "evt_id()"
"""The database function that draws 24 random symbols (systems.md 2.1)."""


def build_tables(schema: Schema) -> MetaData:
    """The tables of a schema, one per collection, under one naming convention."""
    metadata = MetaData(naming_convention=NAMING)
    for collection in schema:
        _table(collection, schema, metadata)
    return metadata


def fitting(*parts: str) -> str:
    """The name of an index or a foreign key; one PostgreSQL would cut keeps what tells it apart."""
    name = "_".join(parts)
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 9]}_{crc32(name.encode()):08x}"


def _table(collection: Collection, schema: Schema, metadata: MetaData) -> Table:
    columns = [_column(collection, field, schema) for field in collection.fields if field.stored]
    table = Table(collection.name, metadata, *columns, comment=collection.note or None)
    for field in collection.fields:
        if field.unique:
            name = fitting(collection.name, field.name, "unique")
            Index(name, table.c[field.name], unique=True)
        elif field.indexed:
            Index(fitting(collection.name, field.name, "index"), table.c[field.name])
    for index in collection.indexes:
        plain = "index" if index.where is None else "partial"
        Index(
            fitting(collection.name, *index.fields, "unique" if index.unique else plain),
            *(table.c[field] for field in index.fields),
            unique=index.unique,
            postgresql_where=None if index.where is None else text(index.where),
        )
    if collection.name == "unique_code":
        # systems.md 6.5: a reason only where a code is blacklisted.
        table.append_constraint(
            CheckConstraint("blacklist_reason = 0 OR activation_status = 2", name="reason")
        )
    return table


def _column(collection: Collection, field: Field, schema: Schema) -> Column[object]:
    column: Column[object] = Column(
        field.name,
        column_type(field),
        *_constraints(collection, field, schema),
        primary_key=field.primary_key,
        # A key counts up only where its field says so.
        autoincrement="auto" if field.generated == "sequence" else False,
        nullable=not (field.primary_key or field.required or field.generated == "sequence"),
        server_default=_server_default(field),
        comment=field.note or None,
    )
    return column


def _constraints(
    collection: Collection, field: Field, schema: Schema
) -> list[ForeignKey | Identity]:
    if field.generated == "sequence":
        return [Identity(always=False)]
    if field.relation is None or not field.relation.enforced:
        return []
    target = schema[field.relation.to]
    return [
        ForeignKey(
            f"{target.name}.{target.primary_key.name}",
            name=fitting(collection.name, field.name, "foreign"),
            ondelete=field.relation.on_delete,
            use_alter=True,  # accounts, users and domains point at each other
        )
    ]


def _server_default(field: Field) -> FetchedValue | str | None:
    if field.generated == "evt_id":
        return text(EVT_ID)  # type: ignore[return-value]
    if "uuid" in field.special:
        return text("gen_random_uuid()")  # type: ignore[return-value]
    if field.generated == "now" or "date-created" in field.special:
        return text("now()")  # type: ignore[return-value]
    if field.default is None or field.type in {"json", "csv"}:
        return None
    if isinstance(field.default, bool):
        return "true" if field.default else "false"
    return str(field.default)


def column_type(field: Field) -> types.TypeEngine[Any]:
    """The PostgreSQL type a field is stored in."""
    if field.storage is not None:
        return _STORAGE[field.storage]()
    match field.type:
        case "string" | "hash" if field.primary_key or field.relation is not None:
            # Keys compare byte by byte: as the minting sorts them, and fastest.
            return types.String(field.max_length, collation="C")
        case "string" | "hash":
            return types.String(field.max_length)
        case "integer":
            return types.BigInteger() if field.wide else types.Integer()
        case "decimal":
            digits, decimals = field.precision or (10, 5)
            return types.Numeric(digits, decimals)
    return _PLAIN[field.type]()


_PLAIN: dict[str, Callable[[], types.TypeEngine[Any]]] = {
    "uuid": lambda: postgresql.UUID(as_uuid=False),
    "text": types.Text,
    "csv": types.Text,
    "boolean": types.Boolean,
    "bigInteger": types.BigInteger,
    "float": types.Double,
    "timestamp": lambda: postgresql.TIMESTAMP(timezone=True),
    "dateTime": lambda: postgresql.TIMESTAMP(timezone=False),
    "date": types.Date,
    "time": lambda: postgresql.TIME(timezone=False),
    "json": postgresql.JSONB,
}

_STORAGE: dict[str, Callable[[], types.TypeEngine[Any]]] = {
    "real": types.REAL,
    "json": postgresql.JSON,
}
"""The types that are not the usual ones of their Directus type."""

METADATA = build_tables(BUILTIN)
"""The tables of the built-in collections."""
