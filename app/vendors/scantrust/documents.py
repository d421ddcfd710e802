"""`/codes/download/` and `/documents/`: searches for codes as files (systems.md 4.2 to 4.4).

The seed's own steps: a search task, its document, a link, the file.
"""

from starlette.responses import Response

from app.domains.code_search.service import read_search
from app.domains.document import links
from app.domains.document.service import ask, read_document
from app.vendors.scantrust.routing import PREFIX, Visit, answer, at, endpoint

NO_STORE = {"Cache-Control": "no-store"}
"""What is made or used up by a GET is asked for each time."""

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


@endpoint(words=("codes_view",))
async def search(visit: Visit) -> Response:
    """A new document for every call, though it is a GET."""
    params = dict(visit.request.query_params)
    async with visit.database.write() as session:
        found = await read_search(session, visit.sight(), params, campaign_required=True)
        document = await ask(session, found)
    response = answer({"document": {"key": document.key}, "task": document.task})
    response.headers.update(NO_STORE)
    return response


@endpoint(words=("codes_view",))
async def document(visit: Visit) -> Response:
    async with visit.database.read() as session:
        found = await read_document(session, visit.sight(), visit.place("key"))
    return answer({name: getattr(found, name) for name in SHOWN})


@endpoint(words=("codes_view",))
async def get_download_link(visit: Visit) -> Response:
    async with visit.database.write() as session:
        token = await links.link(session, visit.sight(), visit.place("key"))
    link = visit.absolute(f"{PREFIX}/documents/download/{token}/")
    response = answer({"link": link})
    response.headers.update(NO_STORE)
    return response


@endpoint(is_open=True)
async def download(visit: Visit) -> Response:
    """302 to the file; the link is used up."""
    async with visit.database.write() as session:
        place = await links.redeem(session, visit.request.state.storage, visit.place("token"))
    return Response(status_code=302, headers={**NO_STORE, "Location": place})


@endpoint(is_open=True)
async def look(visit: Visit) -> Response:  # noqa: ARG001 - it looks at nothing
    """HEAD, as previews of links send it: nothing is used up, and nothing is told (7.4)."""
    return Response(status_code=200, headers=NO_STORE)


routes = [
    *at("/codes/download", get=search),
    *at("/documents/download/{token}", get=download, head=look),
    *at("/documents/{key}", get=document),
    *at("/documents/{key}/get-download-link", get=get_download_link),
]
