"""Making the file of a document (systems.md 6.9).

One COPY sees one state of the database, as long as it runs. What it gives is compressed and stored
block by block, so memory is flat at any number of rows.
"""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

import orjson

from app.access.identity import asker
from app.database.session import Session, WriteSession
from app.domains.code_search.conditions import CODES
from app.domains.code_search.service import CodeSearch, read_search
from app.domains.document import queries
from app.domains.document.archive import zipped
from app.domains.document.narrowing import narrowed
from app.domains.document.service import KIND
from app.domains.document.statement import header, statement
from app.domains.job_chunk.service import forget_chunks
from app.errors import Forbidden, UnprocessableContent
from app.items.compile.compiler import Compiler
from app.items.policy.readable_rows import ReadableRows
from app.settings import settings
from app.storage import Storage

MEDIA_TYPE = "application/zip"
HOUR = 3600.0
WITHOUT_USER = "Who asked for it is no longer an active user of its account: ask for it again"
GONE = "The campaign or work order of this search is no longer there"


def object_name(key: str) -> str:
    """What the bytes of a document are stored as: the same however often it is tried.

    The key is the server's own, and random: no client can choose one.
    """
    return f"documents/{key}.zip"


async def make_file(session: WriteSession, compiler: Compiler, storage: Storage, key: str) -> None:
    """Store the file of a document, and what there is to know of it.

    It is what who asked for it may read now. Raises FailedValidation and UnprocessableContent for
    a search that has lost its sense since, or its user, ServiceUnavailable, and LookupError for a
    document that is gone.
    """
    search = await _search(session, compiler, key)
    counts: list[int] = []
    async with (
        aclosing(_lines(session, search, counts)) as lines,
        aclosing(zipped(f"{key}.csv", lines)) as blocks,
    ):
        size = await storage.put(object_name(key), blocks, MEDIA_TYPE)
    values = {"key": key, "object_name": object_name(key), "size": size, "rows": sum(counts)}
    await session.execute(queries.STORED, values)


async def complete(session: WriteSession, key: str) -> None:
    """Say that the file is there; it goes after DOCUMENT_LIFETIME_HOURS."""
    lifetime = settings().document_lifetime_hours * HOUR
    await session.execute(queries.COMPLETE, {"key": key, "lifetime": lifetime})


async def fail(session: WriteSession, key: str, sentence: str) -> None:
    """Say that no file came of it, and why."""
    await session.execute(queries.FAIL, {"key": key, "sentence": sentence})
    await forget_chunks(session, KIND, [key])


async def _search(session: Session, compiler: Compiler, key: str) -> CodeSearch:
    """The search of a document, read again: by who asked, with what it may do now."""
    row = await session.fetch_one(queries.WANTED, {"key": key})
    if row is None:
        raise LookupError(key)
    caller = await asker(session, row["user"], row["account"])
    if caller is None or caller.account != row["account"]:
        raise UnprocessableContent(WITHOUT_USER)
    readable, parameters = ReadableRows(compiler, caller), orjson.loads(row["parameters"])
    try:
        readable.require(CODES)
        search = await read_search(session, readable, parameters, campaign_required=True)
    except Forbidden as refused:
        raise UnprocessableContent(refused.extensions.get("reason", GONE)) from refused
    return await narrowed(session, search)


async def _lines(
    session: Session, search: CodeSearch, counts: list[int]
) -> AsyncGenerator[bytes, None]:
    """The file's text; how many codes it lists is put into `counts`."""
    yield header(search)
    rows: AsyncIterator[bytes]
    async with aclosing(session.copy_out(*statement(search), counts.append)) as rows:
        async for block in rows:
            yield block
