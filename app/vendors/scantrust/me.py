"""`/me/`: the smoke test of a token (systems.md 4.1, 7.4)."""

from starlette.responses import Response

from app.vendors.scantrust.routing import Visit, answer, at, endpoint
from app.vendors.scantrust.rows import Row, one_row

USERS = "directus_users"
FIELDS = ("legacy_id", "email", "first_name", "last_name", "account.company_id")
NAME = "account.account_name"


@endpoint()
async def me(visit: Visit) -> Response:
    """What the caller may read of its own user and company."""
    row: Row = {}
    if visit.items.may_read(USERS):
        row = await one_row(visit, USERS, (*FIELDS, NAME), {"id": {"_eq": visit.caller.user}})
    account = row.get("account")
    company = account and {"id": account.get("company_id"), "name": account.get("account_name")}
    return answer(
        {
            "id": row.get("legacy_id"),
            **{name: row.get(name) for name in FIELDS[1:4]},
            "company": company,
            "permissions": visit.entry.words,
        }
    )


routes = [*at("/me", get=me)]
