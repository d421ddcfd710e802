"""Answers that are files: their names, and parts of them."""

import re
from urllib.parse import quote

from starlette.requests import Request

from app.errors import RangeNotSatisfiable

_RANGE = re.compile(r"bytes=(\d{0,99})-(\d{0,99})", re.ASCII)


def disposition(kind: str, name: str) -> str:
    """The Content-Disposition of a file name in any script (RFC 6266)."""
    ascii_name = name.encode("ascii", "replace").decode().replace("\\", "_").replace('"', "'")
    plain = f'{kind}; filename="{ascii_name}"'
    return plain if ascii_name == name else f"{plain}; filename*=UTF-8''{quote(name, safe='')}"


def asked_range(request: Request, size: int, tag: str) -> tuple[int, int] | None:
    """The start and length asked for; None for all. Raises RangeNotSatisfiable."""
    asked = request.headers.get("range")
    if asked is None or not asked.startswith("bytes=") or "," in asked:
        return None  # of several ranges at once, all of the file is a valid answer
    if request.headers.get("if-range", tag) != tag:
        return None
    match = _RANGE.fullmatch(asked.replace(" ", ""))
    if match is None or not any(match.groups()):
        raise RangeNotSatisfiable(asked, size)
    first, last = match.groups()
    if not first:
        start, end = max(size - int(last), 0), size - 1
    else:
        start = int(first)
        end = min(int(last), size - 1) if last else size - 1
    if start > end:
        raise RangeNotSatisfiable(asked, size)
    return start, end - start + 1
