"""Steps through relations: where a name on a path leads (directus.md 3.2)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from schema import Collection, Field


class Readable(Protocol):
    """What a reader of queries looks names up in: a whole schema, or what a caller may read."""

    def __getitem__(self, name: str) -> Collection: ...

    def __contains__(self, name: str) -> bool: ...

    def fields(self, collection: str) -> Mapping[str, Field]: ...


_FOLLOW = re.compile(r"\$FOLLOW\(\s*(\w+)\s*,\s*(\w+)\s*\)")


@dataclass(frozen=True, slots=True)
class Step:
    """One step from a row: to `collection`, whose `key` equals this row's `own`.

    `many`: any number of rows; otherwise one or none.
    """

    collection: str
    key: str
    own: str
    many: bool


def step(schema: Readable, collection: str, name: str) -> Step | None:
    """Where `name` leads from a row of `collection`; None for what is not a relation.

    `$FOLLOW(comments,article)` is the way back of a many-to-one that has no alias.
    """
    own_key = schema[collection].primary_key.name
    follow = _FOLLOW.fullmatch(name)
    if follow is not None:
        back = _many_to_one(schema, follow[1], follow[2])
        if back is None or back.relation is None or back.relation.to != collection:
            return None
        return Step(follow[1], follow[2], own_key, many=True)
    field = schema.fields(collection).get(name)
    if field is None:
        return None
    if field.many is not None:
        return Step(field.many.collection, field.many.field, own_key, many=True)
    if field.relation is not None:
        target = field.relation.to
        return Step(target, schema[target].primary_key.name, name, many=False)
    return None


def _many_to_one(schema: Readable, collection: str, name: str) -> Field | None:
    if collection not in schema or schema[collection].internal:
        return None
    return schema.fields(collection).get(name)


def is_follow(name: str) -> bool:
    """Whether a filter key is `$FOLLOW(collection,field)`."""
    return _FOLLOW.fullmatch(name) is not None
