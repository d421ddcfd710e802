"""Manual order: put one item at the place of another (directus.md 10, `/utils/sort`)."""

from typing import Any

from app.access.caller import Caller
from app.database.session import WriteSession
from app.errors import Forbidden, InvalidPayload
from app.items.cache.prepared import Statement
from app.items.compile.compiler import Compiler
from app.items.policy.read_policy import Restrictor
from app.items.policy.write_policy import Grant
from app.items.query.tree import Query, Sort
from app.items.write.values import as_key
from app.items.write.writer import Writer
from schema import Collection

# One at a time for each collection and account: who comes second sees what the first has done.
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%(name)s, 0))"

# Where two of the items stand among those that {keys} lists in order.
PLACES = """
SELECT (SELECT place FROM placed WHERE key = %(item)s) AS item,
       (SELECT place FROM placed WHERE key = %(to)s) AS to
"""

# The items that get another number when all are numbered from 1, with one of them taken out of its
# place and put into another.
RENUMBERED = """
SELECT moved.key, moved.place FROM {table} AS t JOIN (
  SELECT key, CASE
    WHEN place = %(source)s THEN %(target)s
    WHEN place > %(source)s AND place <= %(target)s THEN place - 1
    WHEN place < %(source)s AND place >= %(target)s THEN place + 1
    ELSE place END AS place
  FROM placed
) AS moved ON t.{key} = moved.key
WHERE t.{sort} IS DISTINCT FROM moved.place
"""
PLACED = """
WITH placed AS (
  SELECT key, place FROM unnest(ARRAY({keys})) WITH ORDINALITY AS listed (key, place))
"""


async def reorder(
    session: WriteSession,
    compiler: Compiler,
    caller: Caller,
    collection: Collection,
    item: Any,
    to: Any,
) -> None:
    """Put `item` where `to` is; what lies between them moves up or down by one.

    Every row that gets another number is updated as its caller may update it: by permission and
    validation, with history. Raises what an update raises, Forbidden when either of the two is
    missing or may not be updated, and InvalidPayload when the collection has no order of its own.
    """
    name = collection.name
    if collection.system:
        raise Forbidden
    if collection.sort_field is None:
        raise InvalidPayload(f'Collection "{name}" doesn\'t have a sort field')
    primary = collection.primary_key
    keys = {"item": as_key(primary, item), "to": as_key(primary, to)}
    if None in keys.values():
        raise Forbidden
    await session.execute(LOCK, {"name": f"sort {name} {caller.account}"})
    await _require(Grant(compiler, session, caller), collection, list(keys.values()))
    query = Query(name, (), sort=(Sort((collection.sort_field,)), Sort((primary.name,))))
    listed = compiler.keys(Restrictor(compiler.schema, caller).restricted(query))
    renumbered = await _renumbered(session, collection, listed, keys)
    patches = [(row["key"], {collection.sort_field: row["place"]}) for row in renumbered]
    if len(await Writer(compiler, session, caller).update(name, patches)) < len(patches):
        raise Forbidden


async def _require(grant: Grant, collection: Collection, keys: list[Any]) -> None:
    """Raises Forbidden unless the caller may give both of them another place."""
    grant.changing(collection, [{collection.sort_field or "": None}])
    if not (await grant.touchable(collection, "update", keys)).issuperset(keys):
        raise Forbidden


async def _renumbered(
    session: WriteSession, collection: Collection, listed: Statement, keys: dict[str, Any]
) -> list[dict[str, Any]]:
    """The keys of the rows that get another number, each with it as its `place`.

    `listed`: a statement that yields the keys of all rows, in their order.
    """
    sort, key = collection.sort_field or "", collection.primary_key.name
    placed = PLACED.format(keys=listed.sql)
    places = await session.fetch_one(placed + PLACES, {**listed.values, **keys})
    if places is None or places["item"] is None or places["to"] is None:
        raise Forbidden
    renumbered = RENUMBERED.format(table=_name(collection.name), sort=_name(sort), key=_name(key))
    values = {"source": places["item"], "target": places["to"]}
    return await session.fetch_all(placed + renumbered, {**listed.values, **values})


def _name(identifier: str) -> str:
    return '"' + identifier.replace('"', '""').replace("%", "%%") + '"'
