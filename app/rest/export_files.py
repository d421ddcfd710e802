"""`POST /utils/export/:collection`: an export becomes a file, after the answer (directus.md 10).

The export runs in this web process. One that is cut off by its end leaves nothing behind, neither
row nor bytes: whoever wanted the file asks again.
"""

import asyncio
import logging
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from app.database.session import Database
from app.domains.directus_files.names import plain_name, plain_type
from app.domains.directus_files.uploads import Upload, announced, discard, store
from app.errors import AppError, ErrorList, InvalidPayload, ServiceUnavailable
from app.items.export import FORMATS, MEDIA_TYPES, Format
from app.items.items import Items
from app.items.query import Query
from app.rest.items import body_of
from app.rest.queries import read_query
from app.rest.responses import no_content
from app.storage import Storage

logger = logging.getLogger(__name__)
FILES = "directus_files"

_AT_ONCE = 2
"""Exports running in one process: each holds a connection of its pool."""

_MOST_WAITING = 100


class Exports:
    """The exports of one web process, running and waiting."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._turn = asyncio.Semaphore(_AT_ONCE)

    def add(self, export: "_Export") -> None:
        """Run an export when it is its turn. Raises ServiceUnavailable when too many wait."""
        if len(self._tasks) >= _MOST_WAITING:
            raise ServiceUnavailable("export", "Too many exports are waiting; try again later")
        task = asyncio.create_task(self._run(export))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def finish(self) -> None:
        """Wait until all are done."""
        await asyncio.gather(*self._tasks)

    async def close(self) -> None:
        """Cut off what is not done yet."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _run(self, export: "_Export") -> None:
        async with self._turn:
            try:
                await export.run()
            except (AppError, ErrorList) as error:
                logger.warning("an export of %s failed: %s", export.query.collection, error)
            except Exception:
                logger.exception("an export of %s failed", export.query.collection)


class _Export:
    """One export of one caller: what becomes the file, and what is said of it."""

    def __init__(
        self, items: Items, storage: Storage, query: Query, form: Format, file: dict[str, Any]
    ) -> None:
        self.items = items
        self.storage = storage
        self.query = query
        self.form = form
        self.file = _described(query.collection, form, file)

    async def run(self) -> None:
        database: Database = self.items.database
        stored: list[Upload] = []
        try:
            upload = await store(
                self.storage,
                self.items.export(self.query, self.form),
                filename=self.file["filename_download"],
                content_type=self.file["type"],
            )
            stored.append(upload)
            with announced(stored):
                await self.items.create(FILES, [self.file], None)
        except BaseException:
            await discard(database, self.storage, stored)
            raise


async def export_endpoint(request: Request) -> Response:
    """204 at once, for an export that could be begun. Without a limit it has all items."""
    items: Items = request.state.items
    name = request.path_params["collection"]
    items.allow("read", name)
    items.allow("create", FILES)
    body = await body_of(request)
    query, form, file = _read(body)
    exports: Exports = request.state.exports
    wanted = read_query(items, name, {"limit": -1, **query})
    exports.add(_Export(items, request.state.storage, wanted, form, file))
    return no_content()


def _read(body: Any) -> tuple[dict[str, Any], Format, dict[str, Any]]:
    """The query, the format and the words about the file of a body. Raises InvalidPayload."""
    if not isinstance(body, dict):
        raise InvalidPayload('"value" must be of type object')
    for name in ("query", "format"):
        if not body.get(name) and body.get(name) != {}:
            raise InvalidPayload(f'"{name}" is required')
    query, file = body["query"], body.get("file") or {}
    for name, value in (("query", query), ("file", file)):
        if not isinstance(value, dict):
            raise InvalidPayload(f'"{name}" must be of type object')
    form = next((known for known in FORMATS if known == body["format"]), None)
    if form is None:
        raise InvalidPayload(f'"format" must be one of [{", ".join(FORMATS)}]')
    return query, form, file


def _described(collection: str, form: Format, file: dict[str, Any]) -> dict[str, Any]:
    title = f"export-{collection}-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    ending = "csv" if form == "csv_utf8" else form
    said = {name: value for name, value in file.items() if value is not None and name != "id"}
    described = {"title": title, "filename_download": f"{title}.{ending}", **said}
    described["filename_download"] = plain_name(str(described["filename_download"]))
    described["type"] = plain_type(MEDIA_TYPES[form])
    return described
