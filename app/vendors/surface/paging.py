"""Paging by `limit` and `offset`, and other parameters that are numbers or truths."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from app.errors import FailedValidation
from app.items.query.operands import as_boolean
from app.vendors.surface.context import RequestContext

PAGING = ("limit", "offset")

_LARGEST = 2**31 - 1
_WHOLE = re.compile(r"[0-9]{1,10}")


@dataclass(frozen=True, slots=True)
class Page:
    """Which of the rows are asked for."""

    limit: int
    offset: int


def read_page(params: Mapping[str, str], *, usual: int, most: int) -> Page:
    """The page that the parameters ask for: `usual` rows, where they don't say how many.

    Raises FailedValidation for more than `most`, and for what is no number.
    """
    limit = read_whole(params, "limit")
    if limit is not None and not 1 <= limit <= most:
        raise FailedValidation("limit", "format", f"Ensure this value is between 1 and {most}.")
    return Page(limit or usual, read_whole(params, "offset") or 0)


def page_url(context: RequestContext, limit: int, offset: int) -> str:
    """The URL that was asked, with another page."""
    given = [(n, v) for n, v in context.request.query_params.multi_items() if n not in PAGING]
    query = urlencode([*given, ("limit", limit), *([("offset", offset)] if offset else [])])
    return context.absolute(f"{context.path}?{query}")


def read_whole(params: Mapping[str, str], name: str) -> int | None:
    """A parameter that is a whole number; None without it. Raises FailedValidation."""
    text = params.get(name)
    if not text:
        return None
    if not _WHOLE.fullmatch(text) or int(text) > _LARGEST:
        raise FailedValidation(name, "format", "A valid integer is required.")
    return int(text)


def read_boolean(params: Mapping[str, str], name: str) -> bool | None:
    """A parameter that is true or false; None without it. Raises FailedValidation."""
    text = params.get(name)
    if not text:
        return None
    answer = as_boolean(text)
    if answer is None:
        raise FailedValidation(name, "format", "Must be a valid boolean.")
    return answer
