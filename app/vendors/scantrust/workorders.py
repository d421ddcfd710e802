"""`/workorders/`: orders for codes, and the list of what was made (systems.md 4.6, D N7)."""

from typing import Any

from starlette.responses import Response

from app.domains.directus_files.made import may_open
from app.domains.directus_files.queries import stored_file
from app.errors import AppError, ErrorList
from app.vendors.scantrust.answers import json_answer, list_answer, page_of
from app.vendors.scantrust.errors import required
from app.vendors.scantrust.site import SITE
from app.vendors.surface import RequestContext, endpoint
from app.vendors.surface.errors import NotFound, PermissionDenied
from app.vendors.surface.paging import PAGING, read_boolean
from app.vendors.surface.rows import (
    Row,
    create_row,
    find_key,
    read_page_of_rows,
    read_row,
    search_filter,
    update_row,
)
from app.web.attachments import disposition
from app.web.streaming import Stream

COLLECTION = "workorder"
FILES = "directus_files"
OWN = ("id", "reference", "remarks", "quantity", "activate_on_complete", "use_serial_number")
PRODUCT = {"product_number": "id", "product_name": "name", "sku": "sku"}
FIELDS = (
    *OWN,
    "state",
    "is_archived",
    "error_message",
    "codegen_file",
    "date_created",
    *(f"product.{name}" for name in PRODUCT),
)
REQUIRED = ("reference", "quantity", "activate_on_complete", "use_serial_number")
WRITABLE = (*REQUIRED, "remarks")
STATES = {"minted": "processing", "packing": "processing"}
"""Ours that clients don't know: the codes are there, and their list is being made."""


class NotComplete(AppError):
    """There is no list of the codes yet."""

    code = "NOT_COMPLETE"
    status = 400

    def __init__(self) -> None:
        super().__init__("The work order is not completed: its codes are not there yet.")


@endpoint(scopes=("workorder_view",))
async def workorders(context: RequestContext) -> Response:
    params = context.params("is_archived", "search", *PAGING)
    page, archived = page_of(params), read_boolean(params, "is_archived")
    where = search_filter(params, "reference", "remarks")
    if archived is not None:
        where["is_archived"] = {"_eq": archived}
    count, rows = await read_page_of_rows(context, COLLECTION, FIELDS, page, where=where)
    return list_answer(context, page, count, [_shown(context, row) for row in rows])


@endpoint(scopes=("workorder_view",))
async def workorder(context: RequestContext) -> Response:
    return json_answer(_shown(context, await _row(context)))


@endpoint(scopes=("workorder_create",))
async def create_sid(context: RequestContext) -> Response:
    body = await context.json_object()
    missing = [required(name) for name in REQUIRED if body.get(name) is None]
    if missing:
        raise ErrorList([*missing])
    payload = {name: body[name] for name in WRITABLE if name in body}
    number = body.get("product")
    payload["product"] = await find_key(context, "product", "product_number", "product", number)
    return json_answer(_shown(context, await create_row(context, COLLECTION, FIELDS, payload)), 201)


@endpoint(scopes=("workorder_cancel",))
async def cancel(context: RequestContext) -> Response:
    await _row(context)
    canceled = {"state": "canceled"}
    row = await update_row(context, COLLECTION, FIELDS, context.number("id"), canceled)
    return json_answer(_shown(context, row))


@endpoint()
async def download(context: RequestContext) -> Response:
    """The list of the codes, a zip. Either of two words is good for it (D N7)."""
    if not any(map(context.principal.has_scope, ("workorder_download", "workorder_sid_download"))):
        raise PermissionDenied
    row = await _row(context)
    if row.get("codegen_file") is None:
        raise NotComplete
    # The file as `/assets` gives it: to who may read it.
    await read_row(context, FILES, ("id",), row["codegen_file"])
    async with context.database.read() as session:
        file = await stored_file(session, row["codegen_file"])
    if file is None:
        raise NotFound
    if not may_open(context.readable_rows(), file):
        raise PermissionDenied
    headers = {
        "Content-Disposition": disposition("attachment", file.filename_download),
        "Content-Length": str(file.filesize),
        "Content-Type": "application/zip",
        "Cache-Control": "no-store",
    }
    if context.request.method == "HEAD":
        return Response(headers=headers)
    blocks = await context.request.state.storage.open(file.filename_disk)
    return Stream(blocks, headers=headers)


async def _row(context: RequestContext) -> Row:
    return await read_row(context, COLLECTION, FIELDS, context.number("id"))


def _shown(context: RequestContext, row: Row) -> dict[str, Any]:
    product, state = row.get("product"), row.get("state")
    file = (
        f"{SITE.prefixes[0]}/workorders/{row.get('id')}/download/"
        if row.get("codegen_file")
        else None
    )
    return {
        **{name: row.get(name) for name in OWN},
        "product": product and {shown: product.get(own) for own, shown in PRODUCT.items()},
        "state": STATES.get(str(state), state),
        "error_message": row.get("error_message"),
        "is_archived": row.get("is_archived"),
        "codegen_file": file and context.absolute(file),
        "creation_date": row.get("date_created"),
    }


routes = [
    *SITE.at("/workorders", get=workorders, post=create_sid),
    *SITE.at("/workorders/create-sid", post=create_sid),
    *SITE.at("/workorders/{id:digits}", get=workorder),
    *SITE.at("/workorders/{id:digits}/cancel", post=cancel),
    *SITE.at("/workorders/{id:digits}/download", get=download),
]
