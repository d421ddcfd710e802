"""`/dashboard/scans/` and `/dashboard/summary/` (systems.md 4.5, 7.4).

Each is one statement whose result is the finished JSON. Scans need `scans_download`; for the
summary, which shows none of them, `codes_view` suffices (the seed asks for nothing else).
"""

import base64
import binascii
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import orjson
from starlette.responses import Response

from app.database.session import Session
from app.domains.code_search.readings import Span
from app.domains.scan.search import SCANS, ScanSearch, read_scans
from app.vendors.scantrust.answers import json_answer
from app.vendors.scantrust.errors import invalid
from app.vendors.scantrust.scan_records import page_statement, summary_statement
from app.vendors.scantrust.site import SITE
from app.vendors.surface import RequestContext, endpoint
from app.vendors.surface.errors import PermissionDenied

PAGE = 20
"""Scans of a page where no limit is given (systems.md 4.1)."""
MOST = 10_000
"""Scans of a page at most: more come with the next."""
_PAGING = ("limit", "offset", "page_mode", "cursor")


@endpoint(scopes=("scans_download",))
async def scans(context: RequestContext) -> Response:
    params = dict(context.request.query_params)
    paging = {name: params.pop(name) for name in _PAGING if name in params}
    limit = _number(paging, "limit", PAGE, MOST) or PAGE
    offset = _number(paging, "offset", 0)
    if paging.get("page_mode", "").strip() not in {"", "cursor", "offset"}:
        raise invalid("page_mode")
    if paging.get("page_mode", "").strip() == "cursor":
        after = _position(paging["cursor"]) if paging.get("cursor") else None
        async with context.database.read() as session:
            search = await _search(context, session, params)
            # A cursor says the time and the key of a scan: of every one they have to be readable.
            search.readable.require_always(SCANS, "id", "scanned_at")
            return await _after(context, session, search, limit, after)
    async with context.database.read() as session:
        search = await _search(context, session, params)
        return await _page(context, session, search, limit, offset)


@endpoint()
async def summary(context: RequestContext) -> Response:
    if not any(map(context.principal.has_scope, ("scans_download", "codes_view"))):
        raise PermissionDenied
    async with context.database.read() as session:
        search = await _search(context, session, dict(context.request.query_params))
        sql, values = summary_statement(search)
        counted = await session.fetch_one(sql, values) or {}
    shown = {name: orjson.Fragment(part) for name, part in counted.items()}
    return json_answer({**shown, **_shown(search.asked)})


async def _search(
    context: RequestContext, session: Session, params: Mapping[str, str]
) -> ScanSearch:
    return await read_scans(session, context.readable_rows(), params)


async def _page(
    context: RequestContext, session: Session, search: ScanSearch, limit: int, offset: int
) -> Response:
    """A page by its place: with the count of all, and the pages before and after it."""
    sql, values = page_statement(search, limit, offset=offset)
    found = await session.fetch_one(sql, values) or {}
    context.database.answered(len(found["results"]))
    following = offset + limit if offset + limit < found["count"] else None
    before = max(0, offset - limit) if offset > 0 else None
    return json_answer(
        {
            "count": found["count"],
            "next": _link(context, offset=following, limit=limit),
            "previous": _link(context, offset=before, limit=limit),
            "results": orjson.Fragment(found["results"]),
        }
    )


async def _after(
    context: RequestContext,
    session: Session,
    search: ScanSearch,
    limit: int,
    after: tuple[datetime, str] | None,
) -> Response:
    """A page by the scan before it: as fast at the end as at the beginning, and not counted."""
    sql, values = page_statement(search, limit, after=after, is_counted=False)
    found = await session.fetch_one(sql, values) or {}
    context.database.answered(len(found["results"]))
    last = found["last"]
    body = {
        "next": _link(context, cursor=_cursor(last) if found["more"] else None, limit=limit),
        "previous": None,
        "results": orjson.Fragment(found["results"]),
    }
    return json_answer(body)


def _number(given: Mapping[str, str], name: str, default: int, most: int = 2**31 - 1) -> int:
    text = given.get(name, "").strip()
    if not text:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(most))):
        raise invalid(name)
    if int(text) > most:
        raise invalid(name, f"Ensure this value is less than or equal to {most}.")
    return int(text)


def _link(context: RequestContext, **changed: Any) -> str | None:
    """The URL of another page of the same search; None without one."""
    if None in changed.values():
        return None
    query = {**context.request.query_params, **changed}
    return context.absolute(f"{context.path}?{urlencode(query)}")


def _cursor(last: str) -> str:
    return base64.urlsafe_b64encode(last.encode()).decode().rstrip("=")


def _position(cursor: str) -> tuple[datetime, str]:
    """When the last scan of the page before was, and its key. Raises FailedValidation."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        when, _, key = (
            base64.b64decode(padded, altchars="-_", validate=True).decode().partition(" ")
        )
        return datetime.fromisoformat(when).astimezone(UTC), str(UUID(key))
    except (ValueError, OverflowError, binascii.Error):
        raise invalid("cursor") from None


def _shown(asked: Span) -> dict[str, str | None]:
    return {"date_from": _time(asked.first), "date_to": _time(asked.last)}


def _time(when: datetime | None) -> str | None:
    if when is None:
        return None
    return when.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


routes = [
    *SITE.at("/dashboard/scans", get=scans),
    *SITE.at("/dashboards/scans", get=scans),
    *SITE.at("/dashboard/summary", get=summary),
    *SITE.at("/dashboards/summary", get=summary),
    *SITE.at("/dashboard/scans", prefix="/v2", get=scans),
    *SITE.at("/dashboard/summary", prefix="/v2", get=summary),
]
"""`dashboards` as their documentation writes it once, `/v2` as the seed does (systems.md 7.1)."""
