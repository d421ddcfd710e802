"""Removing what has expired: the files of documents, and links nobody can use (systems.md 6.8)."""

import logging

from app.database.session import Database
from app.domains.document import queries
from app.domains.document.service import KIND
from app.domains.job_chunk.service import forget_chunks
from app.settings import settings
from app.storage import Storage

logger = logging.getLogger(__name__)

MOST = 500
"""Files of one transaction."""


async def purge(database: Database, storage: Storage) -> int:
    """Remove the files that expired before the last links to them did; how many these were.

    Bytes go first: a crash in between leaves a name without bytes, which the next purge removes
    again, never bytes without a name. Raises ServiceUnavailable when the storage does not answer.
    """
    async with database.write() as session:
        await session.execute(queries.OLD_LINKS)
    total = 0
    while purged := await _purge_some(database, storage):
        total += purged
    return total


async def _purge_some(database: Database, storage: Storage) -> int:
    values = {"grace": settings().download_link_seconds, "most": MOST}
    async with database.write() as session:
        rows = await session.fetch_all(queries.EXPIRED, values)
        keys = [row["key"] for row in rows]
        if keys:
            await storage.delete([row["object_name"] for row in rows])
            await session.execute(queries.PURGED, {"keys": keys})
            await forget_chunks(session, KIND, keys)
            logger.info("Files of %d expired documents are gone.", len(keys))
    return len(keys)
