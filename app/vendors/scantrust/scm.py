"""SCM uploads: supply-chain data for many codes, at once or by a worker (systems.md 4.6, 7.4)."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from starlette.responses import Response

from app.database.session import Session
from app.domains.scm_data.queries import EXTENDED_ID
from app.domains.scm_data.service import Changed, extended_ids, upload_data
from app.domains.scm_data.task_queries import shown
from app.domains.scm_data.tasks import ask
from app.domains.scm_data.upload import by_key
from app.errors import ErrorList
from app.vendors.scantrust.answers import json_answer
from app.vendors.scantrust.errors import invalid, required
from app.vendors.scantrust.site import SITE
from app.vendors.surface import RequestContext, endpoint
from app.vendors.surface.errors import NotFound

MOST_ITEMS = 100_000
"""Items of an upload that is done at once; more are a worker's."""

SCOPES = ("codes_view", "scm_bulk_edit", "scm_code_edit", "product_view")


@endpoint(scopes=SCOPES)
async def upload(context: RequestContext) -> Response:
    """`{"data_key", "items"}`: each item names a code by the data key, and says what it gets."""
    data_key, items = _read_items(await context.json_object())
    async with context.items.writing() as session:
        changed = await upload_data(session, context.readable_rows(), by_key(data_key, items))
        names = await _names(context, session, data_key, changed)
    fields = {names[one.key]: one.fields for one in changed if one.key in names}
    return json_answer(
        {
            "total_updates": sum(len(one.fields) for one in changed),
            "changes": sorted({name for one in changed for name in one.fields}),
            "items": fields,
            "codes_affected": len(changed),
        }
    )


@endpoint(scopes=SCOPES)
async def upload_async(context: RequestContext) -> Response:
    """`{"constraints", "scm_data"}`: the same for all codes that fulfil the constraints."""
    body = await context.json_object()
    constraints, data = _read_task(body)
    reference = body.get("reference")
    async with context.database.write() as session:
        said = None if reference is None else str(reference)
        key = await ask(session, context.readable_rows(), constraints, data, said)
    return json_answer({"task_id": key})


@endpoint(scopes=("codes_view",))
async def task(context: RequestContext) -> Response:
    """How far it is."""
    try:
        key = str(UUID(context.path_param("key")))
    except ValueError:
        raise NotFound from None
    readable = context.readable_rows()
    readable.require("scm_task")
    statement = shown(readable)
    async with context.database.read() as session:
        row = await session.fetch_one(statement, {**readable.values, "key": key})
    if row is None:
        raise NotFound
    return json_answer(row)


async def _names(
    context: RequestContext, session: Session, data_key: str, changed: Iterable[Changed]
) -> dict[str, str]:
    """The extended ids of the codes: as they were given, where that is what they were named by."""
    if data_key == EXTENDED_ID:
        return {one.key: one.value for one in changed}
    return await extended_ids(session, context.readable_rows(), [one.key for one in changed])


def _read_items(body: Mapping[str, Any]) -> tuple[str, list[dict[str, Any]]]:
    """The data key and the items. Raises ErrorList."""
    missing = [required(name) for name in ("data_key", "items") if body.get(name) in (None, "")]
    if missing:
        raise ErrorList([*missing])
    data_key, items = body["data_key"], body["items"]
    if not isinstance(data_key, str):
        raise invalid("data_key", "Not a valid string.")
    if not isinstance(items, list):
        raise invalid("items", f'Expected a list of items but got type "{_kind(items)}".')
    if len(items) > MOST_ITEMS:
        raise invalid("items", f"Ensure this field has no more than {MOST_ITEMS} elements.")
    for place, item in enumerate(items):
        if not isinstance(item, dict):
            raise invalid("items", f"Item {place} has to be an object.")
        if not _is_name(item.get(data_key)):
            sentence = f'Item {place} has to say its "{data_key}": a text or a number.'
            raise invalid("items", sentence)
    return data_key, items


def _read_task(body: Mapping[str, Any]) -> tuple[dict[str, list[str]], dict[str, Any]]:
    """The values by constraint, and the data. Raises ErrorList."""
    missing = [required(name) for name in ("constraints", "scm_data") if body.get(name) is None]
    if missing:
        raise ErrorList([*missing])
    for name in ("constraints", "scm_data"):
        if not isinstance(body[name], dict) or not body[name]:
            raise invalid(name, "Expected an object with at least one key.")
    constraints = {
        key: given if isinstance(given, list) else [given]
        for key, given in body["constraints"].items()
    }
    for key, values in constraints.items():
        if not all(map(_is_name, values)):
            raise invalid("constraints", f'"{key}" has to be a list of texts or numbers.')
    texts = {key: [str(value) for value in values] for key, values in constraints.items()}
    return texts, body["scm_data"]


def _is_name(value: Any) -> bool:
    """Whether a code can be named by it."""
    return isinstance(value, str | int) and not isinstance(value, bool) and value != ""


def _kind(value: Any) -> str:
    return type(value).__name__


routes = [
    *SITE.at("/scm/upload", post=upload),
    *SITE.at("/scm/upload/async", post=upload_async),
    *SITE.at("/scm/tasks/{key}", get=task),
]
