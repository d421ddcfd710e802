"""`/products/`: products with the numbers of their codes (systems.md 4.6, D N8)."""

from typing import Any
from uuid import NAMESPACE_URL, uuid4, uuid5

from starlette.responses import Response

from app.domains.product.counts import Counts, count_codes
from app.vendors.scantrust.answers import json_answer, list_answer, page_of
from app.vendors.scantrust.errors import invalid, required
from app.vendors.scantrust.site import SITE
from app.vendors.surface import RequestContext, endpoint
from app.vendors.surface.paging import PAGING, read_boolean
from app.vendors.surface.rows import (
    Row,
    create_row,
    find_key,
    read_matching_row,
    read_page_of_rows,
    search_filter,
)

COLLECTION = "product"
NAMES = {
    "product_number": "id",
    "product_name": "name",
    "sku": "sku",
    "primary_image": "image",
    "description": "description",
    "functional_name": "label",
    "product_redirection_url": "client_url",
    "is_archived": "is_archived",
    "date_created": "creation_date",
}
"""Our fields, and what clients call them."""

BRAND = {"number": "id", "name": "name", "image": "image"}
CAMPAIGN = ("id", "name", "description", "is_archived")
FIELDS = (
    "id",
    *NAMES,
    *(f"brand.{name}" for name in BRAND),
    *(f"campaign.{name}" for name in CAMPAIGN),
)
_NOTHING = Counts(None, None, None, None, None)
"""Of who may not read the key of a product."""
READONLY = frozenset({"id", "creation_date"})
ORDERS = {shown: own for own, shown in NAMES.items()}


@endpoint(scopes=("product_view",))
async def products(context: RequestContext) -> Response:
    params = context.params("is_archived", "ordering", "sku__exact", "search", *PAGING)
    page, archived = page_of(params), read_boolean(params, "is_archived")
    where = search_filter(params, "product_name", "sku", "description")
    if archived is not None:
        where["is_archived"] = {"_eq": archived}
    if "sku__exact" in params:
        where["sku"] = {"_eq": params["sku__exact"]}
    count, rows = await read_page_of_rows(
        context,
        COLLECTION,
        FIELDS,
        page,
        where=where,
        sort=_order(params.get("ordering", "")),
        usual="product_number",
    )
    return list_answer(context, page, count, await _all_shown(context, rows))


@endpoint(scopes=("product_view",))
async def product(context: RequestContext) -> Response:
    where = {"product_number": {"_eq": context.number("id")}}
    row = await read_matching_row(context, COLLECTION, FIELDS, where)
    [shown] = await _all_shown(context, [row])
    return json_answer(shown)


@endpoint(scopes=("product_create",), names=NAMES)
async def create(context: RequestContext) -> Response:
    body = await context.json_object()
    if not body.get("sku"):
        raise required("sku")
    payload = {
        own: body[shown] for own, shown in NAMES.items() if shown in body and shown not in READONLY
    }
    payload["brand"] = await find_key(context, "brand", "number", "brand", body.get("brand"))
    payload["campaign"] = await find_key(
        context, "campaign", "id", "campaign", body.get("campaign")
    )
    if body.get("gtin") is not None:
        payload["gtin"] = body["gtin"]
    else:
        payload["id"] = str(uuid4())  # a sku is a company's own: others may have the same
    row = await create_row(context, COLLECTION, FIELDS, payload)
    [shown] = await _all_shown(context, [row]) or [{}]
    return json_answer(shown, 201)


def _order(text: str) -> tuple[str, ...]:
    """`ordering=-sku,name` in our names. Raises FailedValidation."""
    terms = []
    for term in text.split(",") if text else ():
        name = term.strip()
        own = ORDERS.get(name.removeprefix("-"))
        if own is None:
            raise invalid("ordering")
        terms.append(f"-{own}" if name.startswith("-") else own)
    return tuple(terms)


async def _all_shown(context: RequestContext, rows: list[Row]) -> list[dict[str, Any]]:
    keys = [row["id"] for row in rows if "id" in row]
    async with context.database.read() as session:
        counts = await count_codes(session, context.readable_rows(), keys)
    return [_shown(row, counts.get(row.get("id", ""), _NOTHING)) for row in rows]


def _shown(row: Row, counts: Counts) -> dict[str, Any]:
    brand, campaign = row.get("brand"), row.get("campaign")
    company = None if counts.company is None else {"id": counts.company, "name": counts.owner}
    return {
        "id": row.get("product_number"),
        "uuid": row.get("id") and str(uuid5(NAMESPACE_URL, row["id"])),
        **{shown: row.get(own) for own, shown in NAMES.items() if shown != "id"},
        "brand": brand and {shown: brand.get(own) for own, shown in BRAND.items()},
        "company": company,
        "code_count": counts.codes,
        "active_code_count": counts.active,
        "blacklisted_code_count": counts.blacklisted,
        "campaign": campaign and {name: campaign.get(name) for name in CAMPAIGN},
        "smartlabel": None,
    }


routes = [
    *SITE.at("/products", get=products, post=create),
    *SITE.at("/products/{id:digits}", get=product),
]
