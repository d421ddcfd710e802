"""Writing the codes of one chunk: made as a matrix, written by one COPY (DESIGN.md 5 and 6)."""

import logging
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray
from psycopg.abc import Buffer
from psycopg.errors import UniqueViolation

from app.access.reserved import reserved_of_length
from app.codes.code_space import CodeSpace, ForeignSerial
from app.codes.copy_rows import CODE, NULL, Code, copy_text, escape
from app.codes.rfid_space import RfidSpace
from app.codes.sscc import sscc_rows
from app.database.session import Session, WriteSession
from app.domains.code_space.service import Space, mark_minted, take_positions, take_ranges
from app.domains.identifier_job import queries
from app.domains.identifier_job.planning import first_sscc_within, refusal_of
from app.domains.identifier_job.service import Job, hold_keys
from app.domains.identifier_job.valid_job import SsccJob, ValidJob, valid_job
from app.pools import CODES

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Batch:
    """What the codes of one chunk have in common.

    `prefix_length`: digits of their company prefix. `reserved`: short codes that can't be.
    """

    valid: ValidJob
    space: Space
    domain: str | None
    secret: str
    prefix_length: int | None = None
    reserved: tuple[str, ...] = ()

    @property
    def job(self) -> Job:
        return self.valid.job

    def codes(self, positions: range) -> NDArray[np.uint8]:
        """The codes of these positions, one a row, in ascending order. Slow: run it in a thread."""
        if isinstance(self.valid, SsccJob):
            extension, prefix = self.job.sscc_extension_digit, self.valid.company_prefix
            return sscc_rows(extension, prefix, positions.start, len(positions))
        return self.space.codes(self.secret).mint(positions.start, len(positions))

    def holds_reserved(self, positions: range) -> bool:
        """Whether one of these positions is a word that the server answers itself."""
        if not self.reserved:
            return False
        codes = self.space.codes(self.secret)
        return any(_position(codes, word) in positions for word in self.reserved)

    @property
    def columns(self) -> str:
        """What the rows say."""
        if self.job.workorder is None:
            return queries.COLUMNS
        return f"{queries.COLUMNS}, {queries.OF_AN_ORDER}"

    def rows(self, positions: range) -> memoryview:
        """The rows of these positions for COPY, as `columns` names them."""
        job = self.job
        prefix = "/00/" if job.type == "sscc" else self.space.key_prefix
        rest = (
            *(job.type, job.product, self.domain, job.id, job.user_created),
            self.prefix_length,
        )
        pieces: list[bytes | Code] = [
            escape(prefix),
            CODE,
            b"\t" + escape(job.account) + b"\t",
            CODE,
            b"".join(b"\t" + escape(value) for value in rest),
        ]
        if job.workorder is not None:
            pieces += _of_an_order(job)
        return copy_text(pieces, self.codes(positions))


def _position(codes: CodeSpace | RfidSpace, word: str) -> int | None:
    try:
        return codes.position_of(word)
    except ForeignSerial:
        return None


async def batch_of(
    session: Session, job: Job, space: Space, domain: str | None, secret: str
) -> Batch:
    """The batch of a job, as its keys' owner and the route table have it now."""
    words: list[str] = []
    if job.type == "short_code":
        words = await reserved_of_length(session, space.length)
    held = await hold_keys(session, job, space, domain)
    valid = valid_job(replace(job, account=held.account), space.key_prefix)
    return Batch(valid, space, domain, secret, held.prefix_length, tuple(words))


def _of_an_order(job: Job) -> list[bytes | Code]:
    """What `queries.OF_AN_ORDER` names: the order, and what it asks for (systems.md 4.6)."""
    values: tuple[object, ...] = (job.workorder, 0, None, None)
    if job.activates:
        values = (job.workorder, 1, datetime.now(UTC), job.user_created)
    fixed = b"".join(b"\t" + escape(value) for value in values) + b"\t"
    return [fixed, CODE] if job.has_serial_numbers else [fixed + NULL]


async def mint(session: WriteSession, batch: Batch, taken: str, positions: range) -> int:
    """Write the codes of the range `taken`, which holds these positions; how many were written.

    Always as many as there are positions: codes that exist already are replaced by further ones.
    Raises SsccTaken or Unusable when an SSCC exists already, KeyspaceTooSmall when no positions
    are left.
    """
    rows = await CODES.run(batch.rows, positions)
    await mark_minted(session, taken)
    if batch.holds_reserved(positions):
        return await _mint_around(session, batch, rows, len(positions))
    try:
        async with session.savepoint():
            statement = queries.COPY_CODES.format(columns=batch.columns)
            return await session.copy_in(statement, [rows])
    except UniqueViolation:
        pass
    if isinstance(batch.valid, SsccJob):
        found = await first_sscc_within(session, batch.valid, positions)
        raise await refusal_of(session, batch.job, found or "of this range")
    return await _mint_around(session, batch, rows, len(positions))


async def _mint_around(session: WriteSession, batch: Batch, rows: Buffer, quantity: int) -> int:
    """Write the rows that are new, and replace the others until there are `quantity`."""
    await session.execute(queries.CREATE_STAGING)
    created = await _write_new(session, batch, rows)
    while created < quantity:
        missing = quantity - created
        logger.info("identifier_job %s: %d codes exist already.", batch.job.id, missing)
        # A position whose code is there made no code, so its replacement is not held against the
        # share that may be issued.
        first = await take_positions(
            session, batch.space, missing, fill=1.0, longest=batch.space.length
        )
        positions = range(first, first + missing)
        job = batch.job
        [taken] = await take_ranges(session, batch.space, job.id, job.reference_id, [positions])
        await mark_minted(session, taken.id)
        rows = await CODES.run(batch.rows, positions)
        created += await _write_new(session, batch, rows)
    return created


async def _write_new(session: WriteSession, batch: Batch, rows: Buffer) -> int:
    """Write the rows whose code does not exist; how many these were."""
    await session.execute(queries.CLEAR_STAGING)
    await session.copy_in(queries.COPY_STAGING.format(columns=batch.columns), [rows])
    if batch.reserved:
        await session.execute(queries.DROP_RESERVED, {"words": list(batch.reserved)})
    return await session.execute(queries.MOVE_STAGED.format(columns=batch.columns))
