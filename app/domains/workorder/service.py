"""What becomes of work orders: their jobs mint, their lists are made, people cancel them.

An order's state follows its job (systems.md 6.8): new, processing while codes are made (inside:
minted, packing while their list is made), completed. An order is locked before its job, by all.
"""

from dataclasses import dataclass
from uuid import uuid4

from app.access.caller import Caller
from app.access.identity import asker
from app.database.session import ReadSession, Session, WriteSession
from app.domains.directus_files.uploads import Upload, announced
from app.domains.document.archive import zipped
from app.domains.identifier_job.ordering import retry_jobs, stop_jobs
from app.domains.job_chunk.service import forget_chunks
from app.domains.unique_code.lists import own_codes
from app.domains.workorder import queries
from app.errors import UnprocessableContent
from app.items.compile.compiler import Compiler
from app.items.export.exports import exported
from app.items.write.writer import Writer
from app.queue import nudge
from app.storage import Storage

KIND = "workorder"
FILES = "directus_files"
MEDIA_TYPE = "application/zip"
CANCELED = "Its work order was canceled."

COLUMNS = ["extended_id", "serial_number", "digital_link", "product", "activation_status"]
"""What the list of an order says of each of its codes."""


@dataclass(frozen=True, slots=True)
class Order:
    """A work order, as far as its list needs it."""

    id: int
    reference: str
    account: str | None
    user: str | None
    job: str | None


async def hold(session: WriteSession, key: int) -> None:
    """Codes of the order are being made: it is processing, and locked."""
    await session.execute(queries.HOLD, {"key": key})


async def job_finished(session: WriteSession, job: str) -> None:
    """All codes of a job are there. If it is an order's, the list of its codes is to be made."""
    rows = await session.fetch_all(queries.MINTED, {"job": job})
    _announce(session, [row["id"] for row in rows])


async def job_failed(session: WriteSession, job: str, sentence: str) -> None:
    """A job failed; its order says why."""
    await session.execute(queries.JOB_FAILED, {"job": job, "sentence": sentence})


async def cancel(session: WriteSession, keys: list[int]) -> None:
    """What follows when orders end too soon: nothing more is minted, what was is blacklisted.

    The orders are locked.
    """
    if keys:
        rows = await session.fetch_all(queries.JOBS, {"keys": keys})
        await stop_jobs(session, [row["job"] for row in rows], CANCELED)
        await session.execute(queries.BLACKLIST, {"keys": keys})


async def retry(session: WriteSession, keys: list[int], jobs: list[str]) -> None:
    """Try orders again: the codes that are missing, or else their list."""
    await retry_jobs(session, jobs)
    rows = await session.fetch_all(queries.ALL_MINTED, {"keys": keys})
    _announce(session, [row["id"] for row in rows])


async def read_order(session: Session, key: str) -> Order:
    """The order of a key. Raises LookupError when it is gone."""
    row = await session.fetch_one(queries.ORDER, {"key": key})
    if row is None:
        raise LookupError(f"The work order {key} is gone.")
    return Order(**row)


async def pack(
    session: WriteSession, compiler: Compiler, storage: Storage, order: Order, stored: str
) -> None:
    """Make the list of an order's codes, a CSV in a zip, its `codegen_file` (systems.md 4.6).

    It says of the codes what who ordered them may read. `stored`: what its bytes are stored as.
    Raises ServiceUnavailable when the storage does not answer, Forbidden for who may read no code,
    and UnprocessableContent where nobody is left who ordered them.
    """
    caller = await asker(session, order.user, order.account)
    if caller is None:
        raise UnprocessableContent(
            "Who ordered the codes is no longer an active user here: read them with "
            "/items/unique_code, by their workorder"
        )
    query = own_codes(compiler, caller, COLUMNS, ("workorder",), order.id)
    rows = exported(ReadSession(session.connection), compiler, query, "csv")
    name = f"workorder-{order.id}"
    size = await storage.put(stored, zipped(f"{name}.csv", rows), MEDIA_TYPE)
    file = {
        "title": f"Codes of {order.reference}",
        "filename_download": f"{name}.zip",
        "type": MEDIA_TYPE,
        "account": order.account,
        "folder": None,
    }
    # Who ordered may be of no account; the file is of the order's.
    owner = Caller(user=order.user, is_admin=True)
    with announced([Upload(str(uuid4()), stored, size)]):
        [key] = await Writer(compiler, session, owner).create(FILES, [file])
    await session.execute(queries.KEEP_FILE, {"key": order.id, "file": key})


async def complete(session: WriteSession, key: str) -> None:
    """An order has its codes and their list."""
    await session.execute(queries.COMPLETE, {"key": key})
    await forget_chunks(session, KIND, [key])


async def packing_failed(session: WriteSession, key: str, sentence: str) -> None:
    """The list could not be made; the order says why, and can be tried again."""
    await session.execute(queries.PACKING_FAILED, {"key": key, "sentence": sentence})


def _announce(session: WriteSession, keys: list[str]) -> None:
    if keys:
        session.after_commit(lambda: nudge(KIND, *keys))
