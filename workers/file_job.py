"""Jobs whose chunks make a file in the object storage."""

from abc import abstractmethod

from app.database.session import WriteSession
from app.errors import ServiceUnavailable
from app.items.compile.compiler import Compiler
from app.storage import Storage, storage
from workers.kinds import Chunk, Kind


class StorageGone(Exception):
    """The object storage does not answer: that is no fault of the job, which is tried again."""


class FileJob(Kind):
    """A kind of job that makes files. Those of several collections differ in `make_file` only."""

    def __init__(self, compiler: Compiler) -> None:
        self.compiler = compiler

    @abstractmethod
    async def make_file(
        self, session: WriteSession, storage: Storage, key: str, chunk: Chunk
    ) -> int:
        """Make the file of a chunk, under the name `chunk.payload["object"]`; how many units that
        was. Raises Held, and what ends the job as failed.
        """

    async def run_chunk(self, session: WriteSession, key: str, chunk: Chunk) -> int:
        """Raises StorageGone, and as `make_file`."""
        try:
            return await self.make_file(session, storage(), key, chunk)
        except ServiceUnavailable as error:
            raise StorageGone(error.message) from error
