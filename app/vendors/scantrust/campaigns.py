"""`/campaigns/`: what codes are followed by (systems.md 4.6, 7.4). The shape is ours."""

from typing import Any

from starlette.responses import Response

from app.vendors.scantrust.answers import json_answer, list_answer, page_of
from app.vendors.scantrust.site import SITE
from app.vendors.surface import RequestContext, endpoint
from app.vendors.surface.paging import PAGING, read_boolean
from app.vendors.surface.rows import Row, create_row, read_page_of_rows, read_row, search_filter

COLLECTION = "campaign"
OWN = ("id", "name", "description", "is_archived", "max_scan_count")
OF_FIELDS = ("key", "label", "type", "position", "is_active")
FIELDS = (*OWN, "date_created", *(f"scm_fields.{name}" for name in OF_FIELDS))
WRITABLE = ("name", "description", "is_archived", "max_scan_count")


@endpoint(scopes=("codes_view",))
async def campaigns(context: RequestContext) -> Response:
    params = context.params("is_archived", "search", *PAGING)
    page, archived = page_of(params), read_boolean(params, "is_archived")
    where = search_filter(params, "name", "description")
    if archived is not None:
        where["is_archived"] = {"_eq": archived}
    count, rows = await read_page_of_rows(context, COLLECTION, FIELDS, page, where=where)
    return list_answer(context, page, count, [_shown(row) for row in rows])


@endpoint(scopes=("codes_view",))
async def campaign(context: RequestContext) -> Response:
    return json_answer(_shown(await read_row(context, COLLECTION, FIELDS, context.number("id"))))


@endpoint(scopes=("campaign_create",))
async def create(context: RequestContext) -> Response:
    body = await context.json_object()
    payload = {name: body[name] for name in WRITABLE if name in body}
    if "scm_fields" in body:
        payload["scm_fields"] = _written(body["scm_fields"])
    made = await create_row(context, COLLECTION, FIELDS, payload)
    return json_answer(_shown(made), 201)


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
    *SITE.at("/campaigns", get=campaigns, post=create),
    *SITE.at("/campaigns/{id:digits}", get=campaign),
]
