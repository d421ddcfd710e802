"""Documents as a kind of long job: one chunk, which makes the file (systems.md 6.9)."""

from functools import partial

from app.database.session import Database, WriteSession
from app.domains.directus_files.uploads import forget as forget_bytes
from app.domains.document.file import complete, fail, make_file, object_name
from app.domains.document.purge import purge
from app.domains.document.service import KIND
from app.domains.job_chunk.service import forget_chunks
from app.storage import Storage, storage
from workers.file_job import FileJob
from workers.kinds import Chunk, WholeJob


class Documents(FileJob, WholeJob):
    """The kind of job that `schema/document.py` defines."""

    table = KIND
    id_column = "key"
    waiting = "pending"
    running = "in-progress"

    async def make_file(
        self, session: WriteSession, storage: Storage, key: str, chunk: Chunk
    ) -> int:
        await make_file(session, self.compiler, storage, key)
        return chunk.amount

    async def progress(
        self,
        session: WriteSession,
        key: str,
        created: int,  # noqa: ARG002 - what every kind is given
        *,
        finished: bool,
    ) -> None:
        if finished:
            await complete(session, key)

    async def fail(self, session: WriteSession, key: str, sentence: str) -> None:
        await fail(session, key, sentence)
        session.after_commit(partial(forget_bytes, [object_name(key)]))

    async def forget(self, session: WriteSession, keys: list[str]) -> None:
        await forget_chunks(session, KIND, keys)
        session.after_commit(partial(forget_bytes, [object_name(key) for key in keys]))


async def purge_expired_documents(database: Database) -> None:
    """What a worker does about documents from time to time."""
    await purge(database, storage())
