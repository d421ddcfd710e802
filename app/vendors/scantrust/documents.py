"""`/codes/download/` and `/documents/`: searches for codes as files (systems.md 4.2 to 4.4).

The seed's own steps: a search task, its document, a link, the file.
"""

from starlette.responses import HTMLResponse, Response

from app.domains.code_search.service import read_search
from app.domains.document import links
from app.domains.document.file import MEDIA_TYPE
from app.domains.document.service import ask, read_document
from app.errors import DocumentExpired
from app.storage import NoSuchObject
from app.vendors.scantrust.answers import json_answer
from app.vendors.scantrust.site import SITE
from app.vendors.surface import RequestContext, endpoint
from app.web.attachments import asked_range, disposition
from app.web.robots import is_robot
from app.web.streaming import Stream

NO_STORE = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
"""What is made or used up by a GET is asked for each time, and no search engine keeps it."""

PAGE = """<!doctype html>
<meta charset="utf-8"><meta name="robots" content="noindex"><title>A file</title>
<p>This link gives a file, once, to who opens it. <a href="" rel="nofollow">Open it</a></p>
"""
"""What previews of a download link show, and what a browser shows that fetched it ahead."""

SHOWN = (
    "key",
    "description",
    "status",
    "category",
    "doctype",
    "related_id",
    "parameters",
    "file_size",
    "row_count",
    "expires_at",
    "is_expired",
    "created_at",
    "company",
    "owner",
    "created_by",
)


@endpoint(scopes=("codes_view",))
async def search(context: RequestContext) -> Response:
    """A new document for every call, though it is a GET."""
    params = dict(context.request.query_params)
    async with context.database.write() as session:
        found = await read_search(session, context.readable_rows(), params, campaign_required=True)
        document = await ask(session, found)
    response = json_answer({"document": {"key": document.key}, "task": document.task})
    response.headers.update(NO_STORE)
    return response


@endpoint(scopes=("codes_view",))
async def document(context: RequestContext) -> Response:
    async with context.database.read() as session:
        found = await read_document(session, context.readable_rows(), context.path_param("key"))
    return json_answer({name: getattr(found, name) for name in SHOWN})


@endpoint(scopes=("codes_view",))
async def get_download_link(context: RequestContext) -> Response:
    async with context.database.write() as session:
        token = await links.link(session, context.readable_rows(), context.path_param("key"))
    link = context.absolute(f"{SITE.prefixes[0]}/documents/download/{token}/")
    response = json_answer({"link": link})
    response.headers.update(NO_STORE)
    return response


@endpoint(is_open=True)
async def download(context: RequestContext) -> Response:
    """302 to the file; the link is used up. Not by previews: they see a page (7.4)."""
    if is_robot(context.request.scope):
        return HTMLResponse(PAGE, headers=NO_STORE)
    token = context.path_param("token")
    async with context.database.read() as session:
        found = await links.linked(session, token)
    # Without a connection, and first: where the storage does not answer the link stays good.
    place = await links.place_of(
        context.request.state.storage,
        found,
        lambda signed: context.absolute(f"{SITE.prefixes[0]}/documents/file/{signed}/"),
    )
    async with context.database.of(("links", found.user)).write() as session:
        await links.use_up(session, token)
    return Response(status_code=302, headers={**NO_STORE, "Location": place})


@endpoint(is_open=True)
async def look(context: RequestContext) -> Response:  # noqa: ARG001 - it looks at nothing
    """HEAD, as previews of links send it: nothing is used up, and nothing is told (7.4)."""
    return Response(status_code=200, headers=NO_STORE)


@endpoint(is_open=True)
async def file(context: RequestContext) -> Response:
    """The bytes, or a range of them, block by block: no connection of the database is held."""
    async with context.database.read() as session:
        found = await links.file_of(session, context.path_param("token"))
    headers = {
        **NO_STORE,
        "Accept-Ranges": "bytes",
        "Content-Disposition": disposition("attachment", f"{found.document}.zip"),
        "Content-Type": MEDIA_TYPE,
        "ETag": f'"{found.document}"',
        "X-Content-Type-Options": "nosniff",
    }
    start, length, status = 0, found.size, 200
    asked = asked_range(context.request, found.size, headers["ETag"])
    if asked is not None:
        start, length = asked
        status = 206
        headers["Content-Range"] = f"bytes {start}-{start + length - 1}/{found.size}"
    headers["Content-Length"] = str(length)
    if context.request.method == "HEAD":
        return Response(status_code=status, headers=headers)
    try:
        blocks = await context.request.state.storage.open(found.object_name, start, length)
    except NoSuchObject:
        raise DocumentExpired from None
    return Stream(blocks, status, headers=headers)


routes = [
    *SITE.at("/codes/download", get=search),
    *SITE.at("/documents/download/{token}", get=download, head=look),
    *SITE.at("/documents/file/{token}", get=file),
    *SITE.at("/documents/{key}", get=document),
    *SITE.at("/documents/{key}/get-download-link", get=get_download_link),
]
