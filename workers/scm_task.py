"""SCM tasks as a kind of long job: each chunk changes a portion of the codes (systems.md 4.6)."""

from app.database.session import WriteSession
from app.domains.job_chunk.service import forget_chunks
from app.domains.scm_data import task_queries
from app.domains.scm_data.tasks import KIND, do_portion, portions, read_task
from app.items.compile.compiler import Compiler
from workers.kinds import Chunk, Kind, Piece


class ScmTasks(Kind):
    """The kind of job that `schema/scm_task.py` defines."""

    table = KIND
    status_column = "state"
    waiting = "pending"
    running = "in-progress"

    def __init__(self, compiler: Compiler) -> None:
        self.compiler = compiler

    async def plan(
        self,
        session: WriteSession,
        key: str,
        created: int,  # noqa: ARG002 - a task is planned once: nobody can set it to pending again
    ) -> list[Piece]:
        task = await read_task(session, key)
        return [
            Piece(amount, payload)
            for amount, payload in await portions(session, self.compiler, task)
        ]

    async def run_chunk(self, session: WriteSession, key: str, chunk: Chunk) -> int:
        task = await read_task(session, key)
        return await do_portion(session, self.compiler, task, chunk.payload)

    async def progress(
        self, session: WriteSession, key: str, created: int, *, finished: bool
    ) -> None:
        values = {"key": key, "affected": created, "finished": finished}
        await session.execute(task_queries.PROGRESS, values)

    async def fail(self, session: WriteSession, key: str, sentence: str) -> None:
        await session.execute(task_queries.FAIL, {"key": key, "sentence": sentence})

    async def forget(self, session: WriteSession, keys: list[str]) -> None:
        await forget_chunks(session, KIND, keys)
