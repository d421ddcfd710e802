"""Lists of work orders as a kind of long job: one chunk, which makes the file."""

from functools import partial

from app.database.session import WriteSession
from app.domains.directus_files.uploads import forget as forget_bytes
from app.domains.job_chunk.service import forget_chunks
from app.domains.workorder.service import KIND, complete, pack, packing_failed, read_order
from app.storage import Storage
from workers.file_job import FileJob
from workers.kinds import Chunk, WholeJob


class WorkOrders(FileJob, WholeJob):
    """The kind of job that `schema/workorder.py` defines: orders whose codes are all there."""

    table = KIND
    status_column = "state"
    waiting = "minted"
    running = "packing"

    async def make_file(
        self, session: WriteSession, storage: Storage, key: str, chunk: Chunk
    ) -> int:
        order = await read_order(session, key)
        await pack(session, self.compiler, storage, order, str(chunk.payload["object"]))
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
        await packing_failed(session, key, sentence)
        await self.forget(session, [key])

    async def forget(self, session: WriteSession, keys: list[str]) -> None:
        session.after_commit(partial(forget_bytes, await forget_chunks(session, KIND, keys)))
