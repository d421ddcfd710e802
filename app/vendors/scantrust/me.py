"""`/me/`: the smoke test of a token (systems.md 4.1, 7.4)."""

from starlette.responses import Response

from app.vendors.scantrust.routing import Visit, answer, at, endpoint

# What a user may always know of itself.
ME = """
SELECT u.legacy_id AS id, u.email, u.first_name, u.last_name, a.company_id, a.account_name
FROM directus_users AS u LEFT JOIN account AS a ON a.id = u.account
WHERE u.id = %(user)s::uuid
"""


@endpoint()
async def me(visit: Visit) -> Response:
    async with visit.database.read() as session:
        row = await session.fetch_one(ME, {"user": visit.caller.user}) or {}
    number, name = row.pop("company_id"), row.pop("account_name")
    company = None if number is None else {"id": number, "name": name}
    return answer({**row, "company": company, "permissions": visit.entry.words})


routes = [*at("/me", get=me)]
