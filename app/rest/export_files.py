"""`POST /utils/export/:collection`: an export that becomes a file (directus.md 10).

A worker makes it; what is wrong with the query is said at once.
"""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from app.domains.directus_exports.service import FILES, ask
from app.domains.directus_exports.wanted import Wanted
from app.errors import InvalidPayload
from app.items.export.exports import FORMATS, Format
from app.items.items import Items
from app.rest.queries import names, options, read_safe
from app.web.requests import body_of
from app.web.responses import no_content


async def export_endpoint(request: Request) -> Response:
    """204 at once. Without a limit the file has all items."""
    items: Items = request.state.items
    name = request.path_params["collection"]
    items.allow("read", name)
    items.allow("create", FILES)
    body = await body_of(request)
    query, form, file = _read(body)
    wanted = Wanted(
        fields=names(query.get("fields"), "fields") or ["*"],
        options=options({"limit": -1, **query}),
        backlinks=str(query.get("backlink", "true")).lower() != "false",
        safe=read_safe(body),
    )
    wanted.query(items.compiler, items.caller, items.limits, name)
    async with items.database.write() as session:
        await ask(session, items.caller, name, wanted, form, file)
    return no_content()


def _read(body: Any) -> tuple[dict[str, Any], Format, dict[str, Any]]:
    """The query, the format and the words about the file of a body. Raises InvalidPayload."""
    if not isinstance(body, dict):
        raise InvalidPayload('"value" must be of type object')
    for name in ("query", "format"):
        if not body.get(name) and body.get(name) != {}:
            raise InvalidPayload(f'"{name}" is required')
    query, file = body["query"], body.get("file") or {}
    for name, value in (("query", query), ("file", file)):
        if not isinstance(value, dict):
            raise InvalidPayload(f'"{name}" must be of type object')
    form = next((known for known in FORMATS if known == body["format"]), None)
    if form is None:
        raise InvalidPayload(f'"format" must be one of [{", ".join(FORMATS)}]')
    return query, form, file
