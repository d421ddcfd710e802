"""`POST /utils/import/:collection`: the rows of an uploaded file (directus.md 10)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from tempfile import SpooledTemporaryFile
from typing import IO

from starlette.requests import Request
from starlette.responses import Response

from app.domains.directus_files.names import plain_type
from app.errors import InvalidPayload, UnsupportedMediaType
from app.items.items import Items
from app.rest.csv_files import CSV, csv_rows
from app.rest.json_files import JSON, json_rows
from app.settings import Settings
from app.web.multipart import read_parts
from app.web.responses import nothing

_IN_MEMORY = 1024 * 1024
"""Bytes of an import that are kept in memory; what is more goes to a file without a name."""


async def import_endpoint(request: Request) -> Response:
    """200 with no body when all rows are written. `?background` is the same: it waits."""
    items: Items = request.state.items
    settings: Settings = request.state.settings
    name = request.path_params["collection"]
    items.allow("create", name)
    items.allow("update", name)
    # All of it is here before the transaction begins: nobody's slow line holds locks.
    async with _received(request) as (kind, file):
        is_csv = kind in CSV
        rows = csv_rows(file, items.schema, name) if is_csv else json_rows(file)
        with closing(rows):
            await items.import_rows(name, rows, settings.max_import_errors)
    return nothing()


@asynccontextmanager
async def _received(request: Request) -> AsyncIterator[tuple[str, IO[bytes]]]:
    """The type and the bytes of the first file of the form."""
    with SpooledTemporaryFile(_IN_MEMORY) as file:
        async for part in read_parts(request):
            if part.filename is None:
                continue
            kind = plain_type(part.content_type)
            if kind not in CSV | JSON:
                raise UnsupportedMediaType(kind, "file import")
            async for block in part.blocks:
                file.write(block)
            file.seek(0)
            yield kind, file
            return
        raise InvalidPayload("The form has no file")
