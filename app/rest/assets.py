"""`/assets/:id`: the bytes of a file, to those who may read the file (directus.md 10).

Files come from anybody and are served from the address of the API: nothing of them is ever run.
"""

import hashlib
import logging
import re
from dataclasses import dataclass
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import PurePosixPath

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.domains.directus_files.made import may_open
from app.domains.directus_files.names import plain_name, plain_type
from app.domains.directus_files.queries import (
    StoredFile,
    allowed_transformations,
    is_public,
    stored_file,
)
from app.domains.directus_files.transformations import (
    Asked,
    Transformation,
    asked_transformation,
    is_asked,
)
from app.domains.directus_files.variants import is_transformed, variant_name, variant_size
from app.errors import Forbidden
from app.items.items import Items
from app.items.write.values import as_key
from app.pools import Asker
from app.rest.files import FILES
from app.storage import NoSuchObject
from app.web.attachments import asked_range, disposition
from app.web.streaming import Stream

logger = logging.getLogger(__name__)

_IN_PLACE = re.compile(
    r"image/(png|jpeg|gif|webp|avif|bmp|tiff)|(audio|video)/[\w.+-]+|text/(plain|csv)|"
    r"application/json"
)
"""What a browser may show in place. All else (HTML, SVG, PDF, ...) it is told to save."""

_SAFE = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cache-Control": "private, no-cache",
    "Vary": "Origin, Cache-Control",
    "Accept-Ranges": "bytes",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """What is sent of a file: the name of its bytes in storage, their type, and what it is called.

    `made`: how it is made of the file; None: it is the file.
    """

    name: str
    type: str
    filename: str
    made: Transformation | None = None


async def asset_endpoint(request: Request) -> Response:
    """The bytes, or a range of them; 304 when the client has them. Raises Forbidden.

    A picture may be asked for in another size or format (`app.domains.directus_files.variants`).
    """
    asked = await _asked(request)
    file = await _readable(request)
    shown = _shown(request, file, asked)
    headers = _headers(request, file, shown)
    if _is_known(request, file, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    size = file.filesize
    if shown.made is not None:
        size = await _made(request, file, shown.made)
    start, length, status = 0, size, 200
    wanted = asked_range(request, size, headers["ETag"])
    if wanted is not None:
        start, length = wanted
        status = 206
        headers["Content-Range"] = f"bytes {start}-{start + length - 1}/{size}"
    headers["Content-Length"] = str(length)
    headers["Content-Type"] = shown.type
    if request.method == "HEAD" or length == 0:
        return Response(status_code=status, headers=headers)
    try:
        # S3 takes a length of 0 for everything.
        blocks = await request.state.storage.open(shown.name, start, length)
    except NoSuchObject:
        logger.warning("%s is not in the storage, though a file has it", shown.name)
        raise Forbidden from None
    return Stream(blocks, status, headers=headers)


async def _asked(request: Request) -> Asked | None:
    """What the caller wants done with a picture; None: nothing. Raises InvalidQuery."""
    if not is_asked(request.query_params):
        return None
    async with request.state.items.database.read() as session:
        allowed = await allowed_transformations(session)
    most = request.state.settings.assets_transform_image_max_dimension
    return asked_transformation(request.query_params, allowed, most)


def _shown(request: Request, file: StoredFile, asked: Asked | None) -> Shown:
    filename = plain_name(request.path_params.get("name") or file.filename_download)
    if asked is None or not is_transformed(file):
        return Shown(file.filename_disk, plain_type(file.type), filename)
    focal_point = (file.focal_point_x, file.focal_point_y)
    accept = request.headers.get("accept", "")
    made = asked.of(plain_type(file.type), focal_point, accept)
    named = str(PurePosixPath(filename).with_suffix(f".{made.format}"))
    return Shown(variant_name(file, made), made.type, named, made)


async def _made(request: Request, file: StoredFile, made: Transformation) -> int:
    """The bytes of what is made of a file."""
    state = request.state
    asker = Asker(state.items.caller.share)
    key = request.path_params["key"]
    return await variant_size(state.database, state.storage, key, file, made, asker)


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
    if file is None or (may_read and not may_open(items.readable_rows(), file)):
        raise Forbidden
    return file


def _headers(request: Request, file: StoredFile, shown: Shown) -> dict[str, str]:
    is_in_place = "download" not in request.query_params and _IN_PLACE.fullmatch(shown.type)
    # Bytes never change under one name: a replaced file has another.
    tag = hashlib.blake2b(shown.name.encode(), digest_size=12).hexdigest()
    headers = {
        **_SAFE,
        "ETag": f'"{tag}"',
        "Last-Modified": format_datetime(file.since, usegmt=True),
        "Content-Disposition": disposition(
            "inline" if is_in_place else "attachment", shown.filename
        ),
    }
    if shown.made is not None and shown.made.is_negotiated:
        headers["Vary"] += ", Accept"
    return headers


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


routes = [
    Route("/assets/{key}", asset_endpoint, methods=["GET"]),
    Route("/assets/{key}/{name}", asset_endpoint, methods=["GET"]),
]
