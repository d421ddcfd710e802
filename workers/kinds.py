"""The kinds of long jobs: what the engine asks of each, and which there are."""

from collections.abc import Iterable
from dataclasses import dataclass
from secrets import token_hex
from typing import Any, Protocol

from app.database.session import WriteSession
from app.domains.directus_files.made import MADE, listing


@dataclass(frozen=True, slots=True)
class Piece:
    """A chunk to be: so many units of work, and what the kind needs to know to do them."""

    amount: int
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Chunk:
    """A chunk that a worker has claimed. `number` is its place in the job, from 0."""

    id: int
    number: int
    amount: int
    attempts: int
    payload: dict[str, Any]


class Held(Exception):
    """What a chunk needs is there, but others hold it: it is tried again, however often."""


class Kind(Protocol):
    """One kind of long job. Its jobs are the rows of one table, which has a key and a status.

    Every method works inside the transaction it is given, and may raise an AppError or CodeError:
    the job then ends as failed, with that sentence.
    """

    @property
    def table(self) -> str:
        """The table of the jobs; also the name of the kind."""
        ...

    @property
    def id_column(self) -> str:
        """The column of a job's key."""
        return "id"

    @property
    def status_column(self) -> str:
        """The column of a job's status."""
        return "status"

    @property
    def owner(self) -> str:
        """The SQL of whose a job is: accounts take turns (workers/turns.py)."""
        return "account"

    @property
    def is_whole(self) -> bool:
        """Whether a job is one piece of work, however long it takes."""
        return False

    @property
    def waiting(self) -> str:
        """The status of a job nobody has begun."""
        ...

    @property
    def running(self) -> str:
        """The status of a job whose chunks are being done."""
        ...

    async def plan(self, session: WriteSession, key: str, created: int) -> list[Piece]:
        """The pieces of what is missing, when `created` units are there already.

        The job's row is locked; none of its chunks is running.
        """
        ...

    async def run_chunk(self, session: WriteSession, key: str, chunk: Chunk) -> int:
        """Do a chunk; the number of units that came of it. Raises Held."""
        ...

    async def progress(
        self, session: WriteSession, key: str, created: int, *, finished: bool
    ) -> None:
        """Store how far the job is, and that it is finished. The job's row is locked."""
        ...

    async def fail(self, session: WriteSession, key: str, sentence: str) -> None:
        """End the job as failed, and say why. The job's row is locked."""
        ...

    async def forget(self, session: WriteSession, keys: list[str]) -> None:
        """Remove what deleted jobs have left behind."""
        ...


def to_be_stored(amount: int, collections: Iterable[str] = ("unique_code",)) -> Piece:
    """A piece that stores an object, under a name that nobody can choose.

    It says of which `collections` rows are listed in it (app/domains/directus_files/made.py). It is
    the same however often the piece is tried.
    """
    return Piece(amount, {"object": f"{MADE}{listing(collections)}/{token_hex(16)}"})


class WholeJob(Kind, Protocol):
    """A kind whose jobs are one chunk each, which stores an object: all of the job, or nothing."""

    @property
    def is_whole(self) -> bool:
        return True

    async def plan(
        self,
        session: WriteSession,  # noqa: ARG002 - what every kind is given
        key: str,  # noqa: ARG002
        created: int,
    ) -> list[Piece]:
        return [] if created else [to_be_stored(1)]


_kinds: dict[str, Kind] = {}


def register_kind(kind: Kind) -> None:
    _kinds[kind.table] = kind


def kind_named(name: str) -> Kind | None:
    return _kinds.get(name)


def all_kinds() -> Iterable[Kind]:
    return _kinds.values()
