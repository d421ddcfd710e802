"""Bytes into storage, and out of it again when no row comes to point at them.

Bytes come first, rows second: a crash in between leaves an object nobody sees, never a file
without its bytes. Every upload has a name of its own, so none ever writes over another.
"""

import asyncio
import logging
from collections.abc import AsyncIterable, AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from secrets import token_hex
from typing import Any
from uuid import uuid4

import psycopg
import psycopg_pool

from app.database.session import Database
from app.domains.directus_files.names import extension
from app.domains.directus_files.pictures import HEAD, size_of
from app.domains.directus_files.variants import variants_of
from app.errors import ServiceUnavailable
from app.storage import Storage, storage

logger = logging.getLogger(__name__)

# Those of the names that rows point at.
USED = "SELECT filename_disk FROM directus_files WHERE filename_disk = ANY(%(names)s)"


@dataclass(frozen=True, slots=True)
class Upload:
    """Bytes in storage that a row is about to point at: the row's key, their name, their size.

    Those of a picture have a width and a height, in pixels.
    """

    key: str
    filename_disk: str
    size: int
    width: int | None = None
    height: int | None = None


_announced: ContextVar[tuple[Upload, ...]] = ContextVar("uploads", default=())


@contextmanager
def announced(uploads: Sequence[Upload]) -> Iterator[None]:
    """Within, written files take these uploads: new rows in their order, others by their keys."""
    token = _announced.set(tuple(uploads))
    try:
        yield
    finally:
        _announced.reset(token)


def uploads() -> tuple[Upload, ...]:
    """The uploads of this write."""
    return _announced.get()


async def store(
    target: Storage,
    blocks: AsyncIterable[bytes],
    *,
    filename: str,
    content_type: str,
    key: str | None = None,
) -> Upload:
    """Store the bytes of a file. A given `key` is of a row that may have bytes already."""
    end = extension(filename, content_type)
    if key is None:
        key = str(uuid4())
        name = f"{key}{end}"
    else:
        name = f"{key}-{token_hex(16)}{end}"
    head = bytearray()
    size = await target.put(name, _remembering(blocks, head), content_type)
    if not content_type.startswith("image/"):
        return Upload(key, name, size)
    width, height = await asyncio.to_thread(size_of, bytes(head)) or (None, None)
    return Upload(key, name, size, width, height)


async def _remembering(blocks: AsyncIterable[bytes], head: bytearray) -> AsyncIterator[bytes]:
    """The same blocks; the first HEAD bytes are kept in `head`."""
    async for block in blocks:
        head += block[: HEAD - len(head)]
        yield block


async def discard(database: Database, target: Storage, stored: Sequence[Upload]) -> None:
    """Delete the bytes of a write that failed, unless (who knows how far it got) a row has them."""
    names = [upload.filename_disk for upload in stored]
    if not names:
        return
    try:
        async with database.read() as session:
            rows: list[dict[str, Any]] = await session.fetch_all(USED, {"names": names})
        used = {row["filename_disk"] for row in rows}
        await target.delete([name for name in names if name not in used])
    except (psycopg.OperationalError, psycopg_pool.PoolTimeout, ServiceUnavailable) as error:
        logger.warning("Bytes that no file has are left in storage: %s (%s)", names, error)


async def forget(names: Sequence[str], pictures: Sequence[str] = ()) -> None:
    """Delete the bytes of rows that are gone, and what was made of bytes that are pictures.

    What can't be deleted is logged, never raised.
    """
    try:
        await storage().delete([*names, *await variants_of(storage(), pictures)])
    except ServiceUnavailable as error:
        left = [*names, *pictures][:10]
        logger.warning("Bytes that no file has are left in storage: %s (%s)", left, error)
