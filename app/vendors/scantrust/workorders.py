"""`/workorders/`: orders for codes, and the list of what was made (systems.md 4.6, D N7)."""

from typing import Any

from starlette.responses import Response

from app.domains.directus_files.made import may_open
from app.domains.directus_files.queries import stored_file
from app.errors import AppError, ErrorList
from app.rest.assets import disposition
from app.vendors.scantrust.errors import NotFound, PermissionDenied, required
from app.vendors.scantrust.pages import PAGING, listed, page_of, truth
from app.vendors.scantrust.routing import PREFIX, Visit, answer, at, endpoint
from app.vendors.scantrust.rows import (
    Row,
    changed_row,
    created_row,
    key_of,
    page_of_rows,
    row_of_key,
    searched,
)
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


@endpoint(words=("workorder_view",))
async def workorders(visit: Visit) -> Response:
    params = visit.params("is_archived", "search", *PAGING)
    page, archived = page_of(params), truth(params, "is_archived")
    where = searched(params, "reference", "remarks")
    if archived is not None:
        where["is_archived"] = {"_eq": archived}
    count, rows = await page_of_rows(visit, COLLECTION, FIELDS, page, where=where)
    return listed(visit, page, count, [_shown(visit, row) for row in rows])


@endpoint(words=("workorder_view",))
async def workorder(visit: Visit) -> Response:
    return answer(_shown(visit, await _row(visit)))


@endpoint(words=("workorder_create",))
async def create_sid(visit: Visit) -> Response:
    body = await visit.body()
    missing = [required(name) for name in REQUIRED if body.get(name) is None]
    if missing:
        raise ErrorList([*missing])
    payload = {name: body[name] for name in WRITABLE if name in body}
    number = body.get("product")
    payload["product"] = await key_of(visit, "product", "product_number", "product", number)
    return answer(_shown(visit, await created_row(visit, COLLECTION, FIELDS, payload)), 201)


@endpoint(words=("workorder_cancel",))
async def cancel(visit: Visit) -> Response:
    await _row(visit)
    canceled = {"state": "canceled"}
    row = await changed_row(visit, COLLECTION, FIELDS, visit.number("id"), canceled)
    return answer(_shown(visit, row))


@endpoint()
async def download(visit: Visit) -> Response:
    """The list of the codes, a zip. Either of two words is good for it (D N7)."""
    if not any(map(visit.entry.allows, ("workorder_download", "workorder_sid_download"))):
        raise PermissionDenied
    row = await _row(visit)
    if row.get("codegen_file") is None:
        raise NotComplete
    # The file as `/assets` gives it: to who may read it.
    await row_of_key(visit, FILES, ("id",), row["codegen_file"])
    async with visit.database.read() as session:
        file = await stored_file(session, row["codegen_file"])
    if file is None:
        raise NotFound
    if not may_open(visit.sight(), file):
        raise PermissionDenied
    headers = {
        "Content-Disposition": disposition("attachment", file.filename_download),
        "Content-Length": str(file.filesize),
        "Content-Type": "application/zip",
        "Cache-Control": "no-store",
    }
    if visit.request.method == "HEAD":
        return Response(headers=headers)
    blocks = await visit.request.state.storage.open(file.filename_disk)
    return Stream(blocks, headers=headers)


async def _row(visit: Visit) -> Row:
    return await row_of_key(visit, COLLECTION, FIELDS, visit.number("id"))


def _shown(visit: Visit, row: Row) -> dict[str, Any]:
    product, state = row.get("product"), row.get("state")
    file = f"{PREFIX}/workorders/{row.get('id')}/download/" if row.get("codegen_file") else None
    return {
        **{name: row.get(name) for name in OWN},
        "product": product and {shown: product.get(own) for own, shown in PRODUCT.items()},
        "state": STATES.get(str(state), state),
        "error_message": row.get("error_message"),
        "is_archived": row.get("is_archived"),
        "codegen_file": file and visit.absolute(file),
        "creation_date": row.get("date_created"),
    }


routes = [
    *at("/workorders", get=workorders, post=create_sid),
    *at("/workorders/create-sid", post=create_sid),
    *at("/workorders/{id:digits}", get=workorder),
    *at("/workorders/{id:digits}/cancel", post=cancel),
    *at("/workorders/{id:digits}/download", get=download),
]
