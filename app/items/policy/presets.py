"""Presets: what a permission puts under what is written (directus.md 6.3)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from app.access.caller import Caller
from app.access.permissions import Permission
from app.database.session import Session
from app.errors import InvalidQuery, shown
from app.items.compile.compiler import Compiler
from app.items.hooks import Row
from app.items.query.dynamic_values import named_field
from app.items.query.relations import Readable
from app.items.query.tree import Compare, Current, Leaf, Nested, Node, Query, Value
from app.items.query.variables import current, is_current, resolve
from app.json_text import loaded


def check_presets(schema: Readable, caller: Caller, presets: Mapping[str, Any]) -> None:
    """Raises InvalidQuery for an unknown variable: it would be stored as a text."""
    for text in _texts(presets):
        own = current(text, caller)
        if own is not None:
            named_field(schema, own)
        elif is_current(text) and resolve(text, caller) == text:
            raise InvalidQuery(f'"{shown(text)}" is not a known variable')
        else:
            resolve(text, caller)


async def resolved_presets(
    session: Session, compiler: Compiler, caller: Caller, permissions: Sequence[Permission]
) -> list[Row]:
    """The presets of each permission, as they are for the caller now.

    Raises InvalidQuery for an unknown variable.
    """
    known: dict[str, Any] = {}
    for permission in permissions:
        check_presets(compiler.schema, caller, permission.presets)
        for text in _texts(permission.presets):
            own = current(text, caller)
            if own is not None and text not in known:
                known[text] = await _read(session, compiler, own)
    return [
        {name: _resolved(value, known, caller) for name, value in permission.presets.items()}
        for permission in permissions
    ]


def _texts(value: Any) -> Iterator[str]:
    """The texts in a value, those of its lists and objects among them."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | Mapping):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(inner)


def _resolved(value: Any, known: Mapping[str, Any], caller: Caller) -> Any:
    if isinstance(value, list):
        return [_resolved(item, known, caller) for item in value]
    if isinstance(value, dict):
        return {name: _resolved(item, known, caller) for name, item in value.items()}
    return known[value] if isinstance(value, str) and value in known else resolve(value, caller)


async def _read(session: Session, compiler: Compiler, own: Current) -> Any:
    """What stands in the caller's own row; a list of them, where there are many. Null: nothing."""
    collection = compiler.schema[own.collection]
    keys = own.key.value if own.many else [own.key.value]
    chosen = Compare((collection.primary_key.name,), "_in", Value(keys))
    query = Query(collection.name, (_node(compiler, collection.name, own.path),), filter=chosen)
    statement = compiler.items(query)
    rows = loaded(await session.fetch_value(statement.sql, statement.values) or b"[]")
    found = [_at(row, own.path) for row in rows]
    return found if own.many else next(iter(found), None)


def _node(compiler: Compiler, collection: str, path: tuple[str, ...]) -> Node:
    name, *below = path
    relation = compiler.schema.fields(collection)[name].relation
    if not below or relation is None:
        return Leaf(name, name)
    inner = _node(compiler, relation.to, tuple(below))
    return Nested(name, name, Query(relation.to, (inner,)))


def _at(row: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        row = None if row is None else row[name]
    return row
