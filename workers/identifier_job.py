"""Identifier jobs as a kind of long job: each chunk mints one range of its code space."""

from app.database.session import WriteSession
from app.domains.code_space.service import space_by_id
from app.domains.identifier_job import queries
from app.domains.identifier_job.minting import batch_of, mint
from app.domains.identifier_job.planning import plan_job
from app.domains.identifier_job.service import KIND, forget_jobs, read_job
from app.domains.workorder.service import hold, job_failed, job_finished
from app.settings import installation_settings, settings
from workers.kinds import Chunk, Kind, Piece


class IdentifierJobs(Kind):
    """The kind of job that `schema/identifier_job.py` defines."""

    table = KIND
    waiting = "new"
    running = "in_progress"

    async def plan(self, session: WriteSession, key: str, created: int) -> list[Piece]:
        plan = await plan_job(
            session,
            key,
            created,
            chunk_size=settings().chunk_size,
            secret=installation_settings().secret,
        )
        if plan is None:
            return []
        return [
            Piece(
                taken.quantity,
                {
                    "code_space": plan.space.id,
                    "code_range": taken.id,
                    "first": taken.first,
                    "domain": plan.domain,
                },
            )
            for taken in plan.ranges
        ]

    async def run_chunk(self, session: WriteSession, key: str, chunk: Chunk) -> int:
        job = await read_job(session, key)
        space = await space_by_id(session, chunk.payload["code_space"])
        batch = await batch_of(
            session, job, space, chunk.payload["domain"], installation_settings().secret
        )
        first = chunk.payload["first"]
        positions = range(first, first + chunk.amount)
        created = await mint(session, batch, chunk.payload["code_range"], positions)
        if job.workorder is not None:
            await hold(session, job.workorder)
        return created

    async def progress(
        self, session: WriteSession, key: str, created: int, *, finished: bool
    ) -> None:
        values = {"key": key, "created": created, "finished": finished}
        await session.execute(queries.PROGRESS, values)
        if finished:
            await job_finished(session, key)

    async def fail(self, session: WriteSession, key: str, sentence: str) -> None:
        await session.execute(queries.FAIL, {"key": key, "sentence": sentence})
        await job_failed(session, key, sentence)

    async def forget(self, session: WriteSession, keys: list[str]) -> None:
        await forget_jobs(session, keys)
