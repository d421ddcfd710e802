"""Lists: `{count, next, previous, results}`, by `limit` and `offset` (systems.md 4.1)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from app.vendors.scantrust.errors import invalid
from app.vendors.scantrust.routing import Visit, answer

PAGING = ("limit", "offset")
DEFAULT_LIMIT = 20
MOST = 2000
"""Rows of one page, at most: what the seed's own example asks for."""

_LARGEST = 2**31 - 1
_WHOLE = re.compile(r"[0-9]{1,10}")
_TRUTHS = {"true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True, slots=True)
class Page:
    """Which of the rows are asked for."""

    limit: int
    offset: int


def page_of(params: Mapping[str, str]) -> Page:
    """The page that the parameters ask for. Raises FailedValidation."""
    limit = whole(params, "limit")
    if limit is not None and not 1 <= limit <= MOST:
        raise invalid("limit", f"Ensure this value is between 1 and {MOST}.")
    return Page(limit or DEFAULT_LIMIT, whole(params, "offset") or 0)


def listed(visit: Visit, page: Page, count: int, results: list[Any]) -> Response:
    """A page of `count` rows, with the URLs of the pages around it."""
    after = page.offset + page.limit
    before = max(page.offset - page.limit, 0)
    return answer(
        {
            "count": count,
            "next": _link(visit, page.limit, after) if after < count else None,
            "previous": _link(visit, page.limit, before) if page.offset else None,
            "results": results,
        }
    )


def _link(visit: Visit, limit: int, offset: int) -> str:
    """The URL that was asked, with another page."""
    given = [(n, v) for n, v in visit.request.query_params.multi_items() if n not in PAGING]
    query = urlencode([*given, ("limit", limit), *([("offset", offset)] if offset else [])])
    return visit.absolute(f"{visit.path}?{query}")


def whole(params: Mapping[str, str], name: str) -> int | None:
    """A parameter that is a whole number; None without it. Raises FailedValidation."""
    text = params.get(name)
    if not text:
        return None
    if not _WHOLE.fullmatch(text) or int(text) > _LARGEST:
        raise invalid(name, "A valid integer is required.")
    return int(text)


def truth(params: Mapping[str, str], name: str) -> bool | None:
    """A parameter that is true or false; None without it. Raises FailedValidation."""
    text = params.get(name)
    if not text:
        return None
    if text.lower() not in _TRUTHS:
        raise invalid(name, "Must be a valid boolean.")
    return _TRUTHS[text.lower()]
