"""Rows through the one door, under the names of fields that the surface then renames.

What a caller may not read of a row is null in the answer; a row it may not read is not there.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from app.errors import InvalidForeignKey
from app.items.cache.prepared import PreparedRead
from app.items.query.relations import step
from app.items.query.selection import Options
from app.items.query.tree import Query
from app.vendors.surface.context import RequestContext
from app.vendors.surface.errors import NotFound
from app.vendors.surface.paging import Page

Row = dict[str, Any]


async def read_page_of_rows(
    context: RequestContext,
    collection: str,
    fields: Iterable[str],
    page: Page,
    *,
    where: Mapping[str, Any],
    sort: tuple[str, ...] = (),
    usual: str = "id",
) -> tuple[int, list[Row]]:
    """How many rows match, and those of one page: in the order that was asked for.

    Without an order that was asked for, the usual one is used, where the caller may read its field.
    """
    if not sort and usual in context.items.view().fields(collection):
        sort = (usual,)
    options = Options(filter=dict(where), sort=sort, limit=page.limit, offset=page.offset)
    query = _query(context, collection, fields, options)
    only = Query(collection, (), filter=query.filter)
    count = await context.items.count(only)
    rows = orjson.loads(await context.items.many(query)) if page.offset < count else []
    return count, rows


def search_filter(params: Mapping[str, str], *fields: str) -> dict[str, Any]:
    """The condition of the parameter `search`: one of the fields contains it."""
    term = params.get("search", "").strip()
    return {"_or": [{name: {"_icontains": term}} for name in fields]} if term else {}


async def read_row(
    context: RequestContext, collection: str, fields: Iterable[str], key: Any
) -> Row:
    """The row of a key. Raises NotFound."""
    query = _query(context, collection, fields, Options(limit=1))
    return _found(await context.items.one(query, context.items.by_key(collection, key)))


async def read_matching_row(
    context: RequestContext, collection: str, fields: Iterable[str], where: Mapping[str, Any]
) -> Row:
    """The row that matches. Raises NotFound."""
    query = _query(context, collection, fields, Options(filter=dict(where), limit=1))
    return _found(await context.items.one(query))


def _found(found: bytes | None) -> Row:
    if found is None:
        raise NotFound
    row: Row = orjson.loads(found)
    return row


async def create_row(
    context: RequestContext, collection: str, fields: Iterable[str], payload: Row
) -> Row:
    """Create a row; what the caller may read of it."""
    back = _back(context, collection, fields)
    return _first(await context.items.create(collection, [payload], back))


async def update_row(
    context: RequestContext, collection: str, fields: Iterable[str], key: Any, patch: Row
) -> Row:
    """Change the row of a key; what the caller may read of it then."""
    back = _back(context, collection, fields)
    return _first(await context.items.update(collection, [(key, patch)], back))


def _back(context: RequestContext, collection: str, fields: Iterable[str]) -> PreparedRead | None:
    if not context.items.may_read(collection):
        return None
    return context.items.reading_by_keys(
        None, lambda: _query(context, collection, fields, Options(limit=-1))
    )


def _first(written: bytes | None) -> Row:
    rows: list[Row] = [] if written is None else orjson.loads(written)
    return rows[0] if rows else {}


async def find_key(
    context: RequestContext, collection: str, number_field: str, name: str, number: Any
) -> Any:
    """The key of the row that clients know by a number. Raises InvalidForeignKey, of field `name`.

    None stays None.
    """
    if number is None:
        return None
    if isinstance(number, int) and not isinstance(number, bool):
        key = context.items.schema[collection].primary_key.name
        where = {number_field: {"_eq": number}}
        query = context.items.reader().query(collection, [key], Options(filter=where, limit=1))
        if 0 <= number < 2**31 and (found := await context.items.keys(query)):
            return found[0]
    raise InvalidForeignKey(collection, name, number)


def _query(
    context: RequestContext, collection: str, fields: Iterable[str], options: Options
) -> Query:
    return context.items.reader().query(collection, _readable(context, collection, fields), options)


def _readable(context: RequestContext, collection: str, fields: Iterable[str]) -> list[str]:
    """Those of the fields that the caller may read."""
    view = context.items.view()
    own, readable = view.fields(collection), []
    for path in fields:
        name, _, below = path.partition(".")
        if name not in own:
            continue
        leads = step(view, collection, name)
        if below and (leads is None or below not in view.fields(leads.collection)):
            continue
        readable.append(path)
    key = context.items.schema[collection].primary_key.name
    return readable or [key]
