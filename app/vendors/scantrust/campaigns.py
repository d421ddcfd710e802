"""`/campaigns/`: what codes are followed by (systems.md 4.6, 7.4). The shape is ours."""

from typing import Any

from starlette.responses import Response

from app.vendors.scantrust.pages import PAGING, listed, page_of, truth
from app.vendors.scantrust.routing import Visit, answer, at, endpoint
from app.vendors.scantrust.rows import Row, created_row, page_of_rows, row_of_key, searched

COLLECTION = "campaign"
OWN = ("id", "name", "description", "is_archived", "max_scan_count")
OF_FIELDS = ("key", "label", "type", "position", "is_active")
FIELDS = (*OWN, "date_created", *(f"scm_fields.{name}" for name in OF_FIELDS))
WRITABLE = ("name", "description", "is_archived", "max_scan_count")


@endpoint(words=("codes_view",))
async def campaigns(visit: Visit) -> Response:
    params = visit.params("is_archived", "search", *PAGING)
    page, archived = page_of(params), truth(params, "is_archived")
    where = searched(params, "name", "description")
    if archived is not None:
        where["is_archived"] = {"_eq": archived}
    count, rows = await page_of_rows(visit, COLLECTION, FIELDS, page, where=where)
    return listed(visit, page, count, [_shown(row) for row in rows])


@endpoint(words=("codes_view",))
async def campaign(visit: Visit) -> Response:
    return answer(_shown(await row_of_key(visit, COLLECTION, FIELDS, visit.number("id"))))


@endpoint(words=("campaign_create",))
async def create(visit: Visit) -> Response:
    body = await visit.body()
    payload = {name: body[name] for name in WRITABLE if name in body}
    if "scm_fields" in body:
        payload["scm_fields"] = _written(body["scm_fields"])
    made = await created_row(visit, COLLECTION, FIELDS, payload)
    return answer(_shown(made), 201)


def _shown(row: Row) -> dict[str, Any]:
    fields = row.get("scm_fields") or []
    return {
        **{name: row.get(name) for name in OWN},
        "scm_fields": [{name: field.get(name) for name in OF_FIELDS} for field in fields],
        "creation_date": row.get("date_created"),
    }


def _written(fields: Any) -> Any:
    """The SCM fields of a new campaign: what clients may say of each."""
    if not isinstance(fields, list):
        return fields
    return [
        {name: field[name] for name in OF_FIELDS if name in field}
        if isinstance(field, dict)
        else field
        for field in fields
    ]


routes = [
    *at("/campaigns", get=campaigns, post=create),
    *at("/campaigns/{id:digits}", get=campaign),
]
