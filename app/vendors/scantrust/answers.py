"""Answers: JSON, and lists as `{count, next, previous, results}` (systems.md 4.1, 4.3)."""

from collections.abc import Mapping
from typing import Any

import orjson
from starlette.responses import Response

from app.vendors.surface import RequestContext
from app.vendors.surface.paging import Page, page_url, read_page

_USUAL, _MOST = 20, 2000
"""Rows of one page, and at most: what the seed's own example asks for."""


def json_answer(data: Any, status: int = 200) -> Response:
    """A JSON answer. Times have microseconds and a `Z` (systems.md 4.3)."""
    body = orjson.dumps(data, option=orjson.OPT_UTC_Z)
    return Response(body, status, media_type="application/json")


def page_of(params: Mapping[str, str]) -> Page:
    """The page that the parameters ask for. Raises FailedValidation."""
    return read_page(params, usual=_USUAL, most=_MOST)


def list_answer(context: RequestContext, page: Page, count: int, results: list[Any]) -> Response:
    """A page of `count` rows, with the URLs of the pages around it."""
    after = page.offset + page.limit
    before = max(page.offset - page.limit, 0)
    return json_answer(
        {
            "count": count,
            "next": page_url(context, page.limit, after) if after < count else None,
            "previous": page_url(context, page.limit, before) if page.offset else None,
            "results": results,
        }
    )
