"""Reservations as a kind of long job: one chunk, which takes all codes and makes the file.

Codes and status commit together, after the file is stored: until then nothing refers to the file,
so nobody ever sees a part of it, however often it runs.
"""

from app.database.session import WriteSession
from app.domains.code_reservation import queries
from app.domains.code_reservation.export import make_file
from app.domains.code_reservation.service import (
    KIND,
    CodesAreHeld,
    forget_reservations,
    read_reservation,
    reserve_missing,
)
from app.domains.unique_code.supply import count_held
from app.storage import Storage
from workers.file_job import FileJob
from workers.kinds import Chunk, Held, Piece, to_be_stored


class CodeReservations(FileJob):
    """The kind of job that `schema/code_reservation.py` defines."""

    table = KIND
    waiting = "new"
    running = "in_progress"

    async def plan(
        self,
        session: WriteSession,
        key: str,
        created: int,  # noqa: ARG002 - codes may have been given back since: they are counted
    ) -> list[Piece]:
        reservation = await read_reservation(session, key)
        return [to_be_stored(reservation.quantity)]

    async def make_file(
        self, session: WriteSession, storage: Storage, key: str, chunk: Chunk
    ) -> int:
        reservation = await read_reservation(session, key)
        try:
            taken = await reserve_missing(session, reservation)
            name = str(chunk.payload["object"])
            await make_file(session, self.compiler, storage, reservation, name)
        except CodesAreHeld as error:
            raise Held(str(error)) from error
        return taken

    async def progress(
        self,
        session: WriteSession,
        key: str,
        created: int,  # noqa: ARG002
        *,
        finished: bool,
    ) -> None:
        reserved = await count_held(session, key)
        values = {"key": key, "reserved": reserved, "finished": finished}
        await session.execute(queries.PROGRESS, values)

    async def fail(self, session: WriteSession, key: str, sentence: str) -> None:
        await session.execute(queries.FAIL, {"key": key, "sentence": sentence})
        await forget_reservations(session, [key])

    async def forget(self, session: WriteSession, keys: list[str]) -> None:
        await forget_reservations(session, keys)
