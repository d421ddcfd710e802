"""`/me/`: the smoke test of a token (systems.md 4.1, 7.4)."""

from starlette.responses import Response

from app.vendors.scantrust.answers import json_answer
from app.vendors.scantrust.site import SITE
from app.vendors.surface import RequestContext, endpoint
from app.vendors.surface.rows import Row, read_matching_row

USERS = "directus_users"
FIELDS = ("legacy_id", "email", "first_name", "last_name", "account.company_id")
NAME = "account.account_name"


@endpoint()
async def me(context: RequestContext) -> Response:
    """What the caller may read of its own user and company."""
    row: Row = {}
    if context.items.may_read(USERS):
        row = await read_matching_row(
            context, USERS, (*FIELDS, NAME), {"id": {"_eq": context.caller.user}}
        )
    account = row.get("account")
    company = account and {"id": account.get("company_id"), "name": account.get("account_name")}
    return json_answer(
        {
            "id": row.get("legacy_id"),
            **{name: row.get(name) for name in FIELDS[1:4]},
            "company": company,
            "permissions": context.principal.scopes,
        }
    )


routes = [*SITE.at("/me", get=me)]
