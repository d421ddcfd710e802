"""What becomes of the chunks of a job that is deleted."""

from app.database.session import WriteSession

# A chunk that runs is left out: whoever deletes a job must not wait for it. It will find the job
# gone, roll back, and remove itself.
FORGET_CHUNKS = """
DELETE FROM job_chunk WHERE id IN (
  SELECT id FROM job_chunk WHERE kind = %(kind)s AND job = ANY(%(jobs)s) FOR UPDATE SKIP LOCKED)
RETURNING payload ->> 'object' AS object
"""


async def forget_chunks(session: WriteSession, kind: str, jobs: list[str]) -> list[str]:
    """Remove the chunks of these jobs, except those that are running.

    The names of the objects that they were to store: some are in storage.
    """
    rows = await session.fetch_all(FORGET_CHUNKS, {"kind": kind, "jobs": jobs})
    return [row["object"] for row in rows if row["object"] is not None]
