"""Sessions: reading and writing PostgreSQL, as two different types over one pool.

SQLAlchemy Core builds statements; psycopg runs them (docs/decisions/0001). A write session is one
transaction: it commits once, when its block ends, and only then tells the world (`after_commit`).
"""

import asyncio
import logging
import select
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Hashable,
    Iterable,
    Mapping,
)
from contextlib import asynccontextmanager, suppress
from copy import copy
from dataclasses import dataclass
from typing import Any

import psycopg
from anyio import CancelScope
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGconn
from psycopg.rows import dict_row, tuple_row
from psycopg.types.json import set_json_dumps
from psycopg.types.string import TextLoader
from psycopg_pool import AsyncConnectionPool
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.sql import ClauseElement

from app.database.gate import Gate, Turn
from app.database.notices import Notices
from app.database.text_arrays import TextsDumper
from app.json_text import written
from app.pools import COPIES

logger = logging.getLogger(__name__)
set_json_dumps(written)

_PATIENCE = 5.0
"""Seconds a start waits for notices. Without them it is slower, and as right."""

Connection = psycopg.AsyncConnection[dict[str, Any]]
DIALECT = PGDialect_psycopg(paramstyle="pyformat")  # type: ignore[no-untyped-call]


_OPTIONS = (
    "-c timezone=UTC -c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 "
    "-c tcp_keepalives_count=3"
)
"""Times in UTC. A client that vanished without a word loses its locks after half a minute."""


class _JsonBytes(Loader):
    """JSON stays the bytes PostgreSQL made: nobody parses what only passes through."""

    def load(self, data: Buffer) -> bytes:
        return bytes(data)


_LONGEST_PREPARED = 50_000
"""Characters. What PostgreSQL keeps of a statement is many times its text, in every connection."""


def _configure(connection: psycopg.AsyncConnection[Any]) -> None:
    """Set a new connection up: JSON as bytes, uuids as strings, plans kept from the first use."""
    for name in ("json", "jsonb"):
        connection.adapters.register_loader(name, _JsonBytes)
    connection.adapters.register_loader("uuid", TextLoader)
    connection.adapters.register_dumper(list, TextsDumper)
    connection.prepare_threshold = 1
    connection.prepared_max = 1000


def compiled(statement: ClauseElement) -> tuple[str, dict[str, Any]]:
    """The text and bound values of a SQLAlchemy statement, in psycopg's parameter style."""
    result = statement.compile(dialect=DIALECT, compile_kwargs={"render_postcompile": True})
    return str(result), dict(result.params)


class Session:
    """What both kinds of session can do: fetch."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    async def run(
        self, statement: str | ClauseElement, values: Mapping[str, Any] | None
    ) -> psycopg.AsyncCursor[dict[str, Any]]:
        if isinstance(statement, str):
            text, bound = statement, values
        else:
            text, bound = compiled(statement)
            bound = {**bound, **(values or {})}
        # The text is built from definitions; values are always bound.
        prepare = None if len(text) <= _LONGEST_PREPARED else False
        return await self.connection.execute(text, bound, prepare=prepare)

    async def fetch_all(
        self, statement: str | ClauseElement, values: Mapping[str, Any] | None = None
    ) -> list[dict[str, Any]]:
        """All rows, as dictionaries."""
        return await (await self.run(statement, values)).fetchall()

    async def fetch_one(
        self, statement: str | ClauseElement, values: Mapping[str, Any] | None = None
    ) -> dict[str, Any] | None:
        """The first row, or None."""
        return await (await self.run(statement, values)).fetchone()

    async def fetch_value(
        self, statement: str | ClauseElement, values: Mapping[str, Any] | None = None
    ) -> Any:
        """The first column of the first row, or None."""
        cursor = await self.run(statement, values)
        cursor.row_factory = tuple_row  # type: ignore[assignment]
        row: Any = await cursor.fetchone()
        return None if row is None else row[0]

    async def copy_out(
        self,
        statement: str,
        values: Mapping[str, Any] | None = None,
        counted: Callable[[int], None] | None = None,
    ) -> AsyncGenerator[bytes, None]:
        """The rows of a `COPY ... TO STDOUT`, in blocks of some hundred kilobytes.

        `counted` is called after the last row with how many there were.

        COPY takes no parameters, so psycopg itself quotes the values into the text. libpq hands out
        row by row, so a thread gathers them; who takes no more blocks holds PostgreSQL back, and
        who leaves early cancels the statement.
        """
        binding = psycopg.AsyncClientCursor(self.connection)
        text = statement if values is None else binding.mogrify(statement, values)
        async with self.connection.cursor() as cursor, cursor.copy(text):
            copied = None
            while copied is None:
                block, copied = await self._gathered()
                if block:
                    yield block
        if counted is not None:
            counted(copied)

    async def _gathered(self) -> tuple[bytes, int | None]:
        """The next rows of a copy and, with the last of them, how many there were."""
        gathering = asyncio.ensure_future(COPIES.run(_gathered, self.connection.pgconn))
        try:
            return await asyncio.shield(gathering)
        except asyncio.CancelledError:
            with CancelScope(shield=True):
                await self._abandoned(gathering)
            raise

    async def _abandoned(self, gathering: asyncio.Future[tuple[bytes, int | None]]) -> None:
        """End a copy. A thread reads from the connection till then, so nobody else may."""
        with suppress(psycopg.Error):
            await self.connection.cancel_safe()
        with suppress(psycopg.Error):
            _, copied = await gathering
            while copied is None:
                _, copied = await COPIES.run(_gathered, self.connection.pgconn)


_BLOCK = 256 * 1024
"""Bytes of copied rows that are handed on together."""


def _gathered(pgconn: PGconn) -> tuple[bytes, int | None]:
    """The next rows of a copy and, with the last of them, how many there were.

    Raises the statement's error.
    """
    parts: list[bytes] = []
    size = 0
    while size < _BLOCK:
        length, row = pgconn.get_copy_data(1)
        if length > 0:
            parts.append(bytes(row))
            size += length
        elif length == 0:
            # Nothing is there yet: wait without holding the interpreter.
            ready = select.poll()  # `select` knows files up to the thousandth only
            ready.register(pgconn.socket, select.POLLIN)
            ready.poll()
            pgconn.consume_input()
        else:
            return b"".join(parts), _finish(pgconn)
    return b"".join(parts), None


def _finish(pgconn: PGconn) -> int:
    """Take the statement's result, so that the connection is ready for the next; its rows."""
    failed: psycopg.Error | None = None
    rows = 0
    while (result := pgconn.get_result()) is not None:
        if result.status != ExecStatus.COMMAND_OK:
            failed = psycopg.errors.error_from_result(result)
        rows += result.command_tuples or 0
    if failed is not None:
        raise failed
    return rows


class ReadSession(Session):
    """A session that only reads; every statement stands alone."""


class WriteSession(Session):
    """One transaction. Committed when its block ends without an error."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._after_commit: list[Callable[[], Awaitable[None]]] = []
        self._follow_ups: list[str] = []

    async def execute(
        self, statement: str | ClauseElement, values: Mapping[str, Any] | None = None
    ) -> int:
        """Run a statement; the number of rows it touched."""
        return (await self.run(statement, values)).rowcount

    async def copy_in(self, statement: str, blocks: Iterable[Buffer]) -> int:
        """Run a `COPY ... FROM STDIN` fed with `blocks`; the number of rows written."""
        async with self.connection.cursor() as cursor:
            async with cursor.copy(statement) as copy:
                for block in blocks:
                    await copy.write(block)
            return cursor.rowcount

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """A part that can fail without failing the whole transaction."""
        async with self.connection.transaction():
            yield

    def after_commit(self, announce: Callable[[], Awaitable[None]]) -> None:
        """Call `announce` once the transaction has committed; never if it rolls back."""
        self._after_commit.append(announce)

    def follow_up(self, statement: str) -> None:
        """Run a statement once the transaction has committed: of what is not rolled back."""
        self._follow_ups.append(statement)

    async def followed(self) -> None:
        for statement in self._follow_ups:
            await self.execute(statement)

    async def committed(self) -> None:
        for announce in self._after_commit:
            await announce()


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much of one process each caller may use at a time, and the seconds it waits for more.

    `answer`: bytes of its largest answer.
    """

    statements: int = 5
    exports: int = 2
    patience: float = 5.0
    answer: int = 32 * 1024 * 1024


_ROOM = 5
"""So many callers at their bounds have room beside each other."""
_IDLE = 30
"""Seconds a transaction may do nothing: whoever holds locks meanwhile holds up others."""
_MOST_SHARES = 10_000
"""Callers that are remembered; what they have under way is counted in the gates."""


class Database:
    """The pools of one process. Open them before use, close them after."""

    def __init__(
        self,
        url: str,
        *,
        max_size: int = 10,
        statement_timeout: float = 0,
        lock_timeout: float = 0,
        notices: Notices | None = None,
        bounds: Bounds | None = None,
    ) -> None:
        """`statement_timeout`: seconds after which a statement is ended; 0: never.

        `lock_timeout`: the same where it waits for what another transaction holds.

        `notices`: what is to be told of changes. `bounds`: those of each caller, see `of`; then
        the pools are as large as they ask for.
        """
        self._url = url
        self._notices = notices
        self._listening: asyncio.Task[None] | None = None
        self._statements = self._exports = Turn()
        self._gates: tuple[Gate, Gate] | None = None
        self._shares: dict[Hashable, Database] = {}
        long_size = max(1, max_size // 2)
        if bounds is not None:
            statements = Gate("statements", bounds.statements, bounds.patience, bounds.answer)
            self._gates = statements, Gate("exports", bounds.exports, bounds.patience)
            max_size, long_size = bounds.statements * _ROOM, bounds.exports * _ROOM
        limits = f"-c statement_timeout={round(statement_timeout * 1000)}"
        limits += f" -c lock_timeout={round(lock_timeout * 1000)}"
        if bounds is not None:
            limits += f" -c idle_in_transaction_session_timeout={_IDLE * 1000}"
        self._pool = _pool(url, "mintage", 1, max_size, limits, notices)
        # Whoever downloads slowly keeps a connection that long: others must not run out of them.
        self._long = _pool(url, "mintage-long", 0, long_size, "-c statement_timeout=0")

    def of(self, who: Hashable) -> "Database":
        """The same pools for one caller, which uses no more of them at a time than its bounds.

        What it asks for above them waits, and is refused after a while: TooManyAtOnce.
        """
        if self._gates is None:
            return self
        share = self._shares.get(who)
        if share is None:
            if len(self._shares) >= _MOST_SHARES:
                self._shares.clear()
            statements, exports = self._gates
            share = self._shares[who] = copy(self)
            vars(share).update(_statements=Turn(statements, who), _exports=Turn(exports, who))
        return share

    async def open(self) -> None:
        """Connect. Raises psycopg_pool.PoolTimeout when the database does not answer."""
        await self._pool.open(wait=True, timeout=30)
        await self._long.open()
        if self._notices is not None:
            hearing = self._notices.run(self._url, options=_OPTIONS, application_name="mintage")
            self._listening = asyncio.create_task(hearing)
            await self._notices.heard_within(_PATIENCE)

    async def close(self) -> None:
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.wait([self._listening])
        await self._long.close()
        await self._pool.close()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[ReadSession]:
        async with self._statements, self._pool.connection() as connection:
            yield ReadSession(connection)

    async def fetch_value(self, statement: str, values: Mapping[str, Any] | None = None) -> Any:
        """The first column of the first row of one statement, or None: a read by itself."""
        # Most of all requests are one such statement: the pool's context manager would slow it.
        async with self._statements:
            connection = await self._pool.getconn()
            try:
                return await ReadSession(connection).fetch_value(statement, values)
            finally:
                await self._pool.putconn(connection)

    def answered(self, size: int) -> None:
        """An answer of so many bytes was made of what was read: see `Turn.answered`."""
        self._statements.answered(size)

    @asynccontextmanager
    async def read_long(self) -> AsyncIterator[ReadSession]:
        """A session whose statements may take as long as they do."""
        async with self._exports, self._long.connection() as connection:
            yield ReadSession(connection)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[WriteSession]:
        async with self._statements, self._pool.connection() as connection:
            session = WriteSession(connection)
            async with connection.transaction():
                yield session
            await session.followed()
        await session.committed()


def _pool(
    url: str,
    name: str,
    min_size: int,
    max_size: int,
    limits: str,
    notices: Notices | None = None,
) -> AsyncConnectionPool[Connection]:
    async def configure(connection: Connection) -> None:
        _configure(connection)
        if notices is not None:
            await notices.follow(connection)

    return AsyncConnectionPool(
        url,
        min_size=min_size,
        max_size=max_size,
        open=False,
        timeout=15,
        name=name,
        kwargs={
            "autocommit": True,
            "row_factory": dict_row,
            "options": f"{_OPTIONS} {limits}",
            "application_name": "mintage",
        },
        configure=configure,
    )
