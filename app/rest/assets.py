"""`/assets/:id`: the bytes of a file, to those who may read the file (directus.md 10).

Files come from anybody and are served from the address of the API: nothing of them is ever run.
"""

import hashlib
import logging
import re
from email.utils import format_datetime, parsedate_to_datetime
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.domains.directus_files.made import may_open
from app.domains.directus_files.names import plain_name, plain_type
from app.domains.directus_files.queries import StoredFile, is_public, stored_file
from app.errors import Forbidden, IllegalAssetTransformation, RangeNotSatisfiable
from app.items.items import Items
from app.items.values import as_key
from app.rest.files import FILES
from app.rest.streaming import Stream
from app.storage import NoSuchObject

logger = logging.getLogger(__name__)

_TRANSFORMATIONS = frozenset(
    "key transforms width height fit format quality withoutEnlargement focal_point_x "
    "focal_point_y".split()
)
_SHOWN = re.compile(
    r"image/(png|jpeg|gif|webp|avif|bmp|tiff)|(audio|video)/[\w.+-]+|text/(plain|csv)|"
    r"application/json"
)
"""What a browser may show in place. All else (HTML, SVG, PDF, ...) it is told to save."""

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
_SAFE = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cache-Control": "private, no-cache",
    "Vary": "Origin, Cache-Control",
    "Accept-Ranges": "bytes",
}


async def asset_endpoint(request: Request) -> Response:
    """The bytes, or a range of them; 304 when the client has them. Raises Forbidden."""
    refused = sorted(_TRANSFORMATIONS & request.query_params.keys())
    if refused:
        raise IllegalAssetTransformation(
            f'Files are served as they were uploaded: leave out "{refused[0]}"'
        )
    file = await _readable(request)
    headers = _headers(request, file)
    if _is_known(request, file, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    start, length, status = 0, file.filesize, 200
    asked = asked_range(request, file.filesize, headers["ETag"])
    if asked is not None:
        start, length = asked
        status = 206
        headers["Content-Range"] = f"bytes {start}-{start + length - 1}/{file.filesize}"
    headers["Content-Length"] = str(length)
    headers["Content-Type"] = plain_type(file.type)
    if request.method == "HEAD" or length == 0:
        return Response(status_code=status, headers=headers)
    try:
        # S3 takes a length of 0 for everything.
        blocks = await request.state.storage.open(file.filename_disk, start, length)
    except NoSuchObject:
        logger.warning("%s is not in the storage, though a file has it", file.filename_disk)
        raise Forbidden from None
    return Stream(blocks, status, headers=headers)


async def _readable(request: Request) -> StoredFile:
    """The file, if the caller may read its row. A missing file is forbidden like any other."""
    items: Items = request.state.items
    given = request.path_params["key"]
    key = as_key(items.schema[FILES].primary_key, given)
    if key is None:
        raise Forbidden
    may_read = items.may_read(FILES) and await items.has(FILES, key)
    async with items.database.read() as session:
        if not may_read and not await is_public(session, key):
            raise Forbidden
        file = await stored_file(session, key)
    if file is None or (may_read and not may_open(items.sight(), file)):
        raise Forbidden
    return file


def _headers(request: Request, file: StoredFile) -> dict[str, str]:
    is_shown = "download" not in request.query_params and _SHOWN.fullmatch(plain_type(file.type))
    name = plain_name(request.path_params.get("name") or file.filename_download)
    # Bytes never change under one name: a replaced file has another.
    tag = hashlib.blake2b(file.filename_disk.encode(), digest_size=12).hexdigest()
    return {
        **_SAFE,
        "ETag": f'"{tag}"',
        "Last-Modified": format_datetime(file.since, usegmt=True),
        "Content-Disposition": disposition("inline" if is_shown else "attachment", name),
    }


def disposition(kind: str, name: str) -> str:
    """The Content-Disposition of a file name in any script (RFC 6266)."""
    ascii_name = name.encode("ascii", "replace").decode().replace("\\", "_").replace('"', "'")
    plain = f'{kind}; filename="{ascii_name}"'
    return plain if ascii_name == name else f"{plain}; filename*=UTF-8''{quote(name, safe='')}"


def _is_known(request: Request, file: StoredFile, tag: str) -> bool:
    """Whether the client says that it has these bytes."""
    known = request.headers.get("if-none-match")
    if known is not None:
        return known.strip() == "*" or tag in {
            item.strip().removeprefix("W/") for item in known.split(",")
        }
    since = request.headers.get("if-modified-since")
    if since is None:
        return False
    try:
        return file.since.replace(microsecond=0) <= parsedate_to_datetime(since)
    except (ValueError, TypeError, OverflowError):
        return False


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


routes = [
    Route("/assets/{key}", asset_endpoint, methods=["GET"]),
    Route("/assets/{key}/{name}", asset_endpoint, methods=["GET"]),
]
