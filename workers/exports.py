"""Exports as a kind of long job: one chunk, which makes the file (DESIGN.md 7)."""

from functools import partial

from app.database.session import WriteSession
from app.domains.directus_exports import queries
from app.domains.directus_exports.service import KIND, forget, listed, make_file, read_export
from app.domains.directus_files.uploads import forget as forget_bytes
from app.domains.job_chunk.service import forget_chunks
from app.items.query.selection import Limits
from app.settings import settings
from app.storage import Storage
from workers.file_job import FileJob
from workers.kinds import Chunk, Piece, WholeJob, to_be_stored


class Exports(FileJob, WholeJob):
    """The kind of job that `schema/directus_exports.py` defines."""

    table = KIND
    owner = "(SELECT coalesce(u.account, u.id) FROM directus_users AS u WHERE u.id = user_created)"
    waiting = "new"
    running = "in_progress"

    async def plan(self, session: WriteSession, key: str, created: int) -> list[Piece]:
        if created:
            return []
        export = await read_export(session, key)
        return [to_be_stored(1, await listed(session, self.compiler, _limits(), export))]

    async def make_file(
        self, session: WriteSession, storage: Storage, key: str, chunk: Chunk
    ) -> int:
        export = await read_export(session, key)
        name = str(chunk.payload["object"])
        await make_file(session, self.compiler, _limits(), storage, export, name)
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
            await forget(session, key)

    async def fail(self, session: WriteSession, key: str, sentence: str) -> None:
        await session.execute(queries.FAIL, {"key": key, "sentence": sentence})
        await self.forget(session, [key])

    async def forget(self, session: WriteSession, keys: list[str]) -> None:
        session.after_commit(partial(forget_bytes, await forget_chunks(session, KIND, keys)))


def _limits() -> Limits:
    current = settings()
    return Limits(
        current.query_limit_default, current.query_limit_max, current.max_relational_depth
    )
