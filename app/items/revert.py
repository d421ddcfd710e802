"""Making an item what a revision says it was (directus.md 10)."""

from typing import Any

import orjson

from app.errors import Forbidden, InvalidPayload
from app.items.items import Items
from app.items.query.tree import Leaf, Query

REVISIONS = "directus_revisions"


async def revert(items: Items, revision: Any) -> None:
    """Give an item the values of a revision that the caller may read.

    Raises Forbidden, and InvalidPayload for a revision without values.
    """
    items.allow("read", REVISIONS)
    condition = items.by_key(REVISIONS, revision)
    if condition is None:
        raise Forbidden
    names = ("collection", "item", "data")
    if hidden := [name for name in names if name not in items.view().fields(REVISIONS)]:
        raise Forbidden.fields(hidden, REVISIONS)
    shown = tuple(Leaf(name, name) for name in names)
    found = await items.one(Query(REVISIONS, shown), condition)
    if found is None:
        raise Forbidden
    kept = orjson.loads(found)
    if not isinstance(kept["data"], dict):
        raise InvalidPayload("Revision doesn't contain data to revert to")
    collection = items.allow("update", kept["collection"])
    writable = {
        field.name for field in collection.fields if field.stored and not field.readonly
    } - {collection.primary_key.name}
    patch = {name: value for name, value in kept["data"].items() if name in writable}
    await items.update(collection.name, [(kept["item"], patch)], None)
