"""What a schema snapshot says otherwise than what is served. Pure data."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from schema.definition import Collection, Field
from schema.registry import Schema
from schema.snapshot_reading import collections_of, full_snapshot_of
from schema.snapshot_writing import snapshot_of


def changes(snapshot: Any, schema: Schema) -> list[str]:
    """What a snapshot would change of a schema, a phrase for each; empty: it reads as the same.

    The same is each form that we print: with what Directus has no place for, and without. What no
    definition is made of (folders of the Studio, indexes of the system) changes nothing.

    Raises BadDefinition for what is no snapshot, or can't be served.
    """
    wanted = collections_of(snapshot)
    if _by_name(wanted) == _by_name(collections_of(full_snapshot_of(schema))):
        return []
    return list(_changes(_by_name(wanted), _by_name(collections_of(snapshot_of(schema)))))


def _by_name(collections: tuple[Collection, ...]) -> dict[str, Collection]:
    return {collection.name: collection for collection in collections}


def _changes(wanted: dict[str, Collection], there: dict[str, Collection]) -> Iterator[str]:
    for name in sorted(wanted.keys() | there.keys()):
        if name not in there:
            yield f'collection "{name}" is new'
        elif name not in wanted:
            yield f'collection "{name}" is missing'
        elif wanted[name] != there[name]:
            yield from _inside(wanted[name], there[name])


def _inside(wanted: Collection, there: Collection) -> Iterator[str]:
    if replace(wanted, fields=()) != replace(there, fields=()):
        yield f'collection "{wanted.name}" is another'
    new, old = _placeless(wanted), _placeless(there)
    for name in sorted(new.keys() | old.keys()):
        if name not in old:
            yield f'field "{wanted.name}.{name}" is new'
        elif name not in new:
            yield f'field "{wanted.name}.{name}" is missing'
        elif new[name] != old[name]:
            yield f'field "{wanted.name}.{name}" is another'
    if new == old and wanted.fields != there.fields:
        yield f'the fields of "{wanted.name}" are in another order'


def _placeless(collection: Collection) -> dict[str, Field]:
    """The fields by name, without their places: those follow from what comes before."""
    return {
        field.name: replace(
            field, meta={name: value for name, value in field.meta.items() if name != "sort"}
        )
        for field in collection.fields
    }
