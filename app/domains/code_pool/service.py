"""Looking after pools: count what is free and what is coming, and order what is missing.

The jobs go through the one door to data, as a person's would: the same rules judge them.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

from psycopg.errors import LockNotAvailable

from app.access.caller import Caller
from app.database.session import Database, Session, WriteSession
from app.domains.code_pool import queries
from app.domains.identifier_job.service import (
    Domain,
    inherit_accounts,
    key_prefix,
    read_domains,
    read_tenants,
)
from app.domains.unique_code.supply import Supply, count_free
from app.errors import AppError, ErrorList, FailedValidation
from app.items.compile.compiler import Compiler
from app.items.hooks import Row, listeners
from app.items.write.one_account import require_one_account
from app.items.write.writer import Writer
from schema import BUILTIN

KIND = "code_pool"
JOBS = "identifier_job"

MOST_JOBS = 20
"""Jobs made at one look. What is still missing then is missing at the next."""

PATIENCE = 10
"""A pool that no job could be made for is looked at so many times less often."""


@dataclass(frozen=True, slots=True)
class Pool:
    """A row of code_pool, as far as it takes to look after it."""

    id: str
    account: str | None
    product: str | None
    type: str
    domain: str | None
    min_available: int
    job_quantity: int
    length: int
    character_set: str
    identifier_job: str | None

    def job(self) -> dict[str, Any]:
        """A job that fills the pool."""
        return {
            "type": self.type,
            "product": self.product,
            "domain": self.domain,
            "account": self.account,
            "quantity": self.job_quantity,
            "length": self.length,
            "character_set": self.character_set,
            "reference_id": f"pool {self.id}",
        }


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at a pool has found and done."""

    available: int
    error: str | None = None
    job: str | None = None


async def refill(database: Database, compiler: Compiler, seconds: float) -> int:
    """Look at every active pool nobody has looked at for so many seconds; how many these were.

    One transaction for each, and one worker at a time (by an advisory lock).
    """
    looked = 0
    with suppress(LockNotAvailable):  # who gives keys to an account is done in a moment
        while await _look_at_next(database, compiler, seconds):
            looked += 1
    return looked


async def _look_at_next(database: Database, compiler: Compiler, seconds: float) -> bool:
    async with database.write() as session:
        if not await session.fetch_value(queries.TRY_LOCK):
            return False
        row = await session.fetch_one(queries.DUE, {"seconds": seconds, "patience": PATIENCE})
        if row is None:
            return False
        before = row.pop("was_available"), row.pop("said")
        try:
            pool = Pool(**await _settled(session, row))
            look = await _look(session, compiler, pool)
        except FailedValidation as crossing:
            pool = Pool(**row)
            look = Look(0, f"The pool is of no account, and can be of none. {crossing.detail}")
        await session.execute(queries.LOOKED, {"id": pool.id, **asdict(look)})
        for what in _news(before, look, pool.min_available):
            for listener in listeners():
                await listener.happened(session, KIND, what, pool.id, pool.account)
    return True


def _news(before: tuple[int | None, str | None], look: Look, least: int) -> Iterator[str]:
    """What has become of a pool since the look before, which found so many codes and that error."""
    available, error = before
    if available is None or (available < least) != (look.available < least):
        yield "low" if look.available < least else "ready"
    if look.error is not None and look.error != error:
        yield "failed"


async def _settled(session: WriteSession, row: Row) -> Row:
    """A pool of no account with that of its product or domain: its jobs and codes are whose these
    are by now.

    Raises FailedValidation where it would name a row of another account, and LockNotAvailable.
    """
    pool = dict(row)
    await inherit_accounts(session, [pool], holds=True)
    if pool["account"] != row["account"]:
        async with session.savepoint():
            await session.execute(queries.GIVE, {"id": pool["id"], "account": pool["account"]})
            await require_one_account(session, BUILTIN, BUILTIN[KIND], [pool["id"]])
    return pool


async def _look(session: WriteSession, compiler: Compiler, pool: Pool) -> Look:
    domain = await _domain(session, pool)
    supply = _supply(pool, domain)
    if supply is None:
        needed = "domain" if pool.type == "short_code" else "product"
        return Look(0, f"The pool has no {needed}: set it.")
    available = await count_free(session, supply, pool.min_available)
    if available >= pool.min_available:
        return Look(available)
    if (failed := await _failure(session, pool)) is not None:
        return Look(available, failed)
    missing = pool.min_available - available - await _coming(session, pool, domain)
    if missing <= 0:
        return Look(available)
    return await _order(session, compiler, pool, available, missing)


async def _order(
    session: WriteSession, compiler: Compiler, pool: Pool, available: int, missing: int
) -> Look:
    """Make the jobs that bring what is missing, as the installation itself."""
    jobs = min(-(-missing // pool.job_quantity), MOST_JOBS)
    caller = Caller(account=pool.account, is_admin=True)
    try:
        async with session.savepoint():
            keys = await Writer(compiler, session, caller).create(JOBS, [pool.job()] * jobs)
    except (AppError, ErrorList) as refusal:
        return Look(available, f"No job could be made. {refusal} Change the pool accordingly.")
    return Look(available, job=keys[-1])


async def _failure(session: Session, pool: Pool) -> str | None:
    """Why the last job of the pool failed: then another one would, too."""
    row = await session.fetch_one(queries.FAILED_JOB, {"job": pool.identifier_job})
    if row is None:
        return None
    return (
        f"The last job of the pool, {pool.identifier_job}, failed: {row['error_message']} "
        'Set its status to "new" to try it again, or change the pool to begin anew.'
    )


async def _coming(session: Session, pool: Pool, domain: Domain | None) -> int:
    values = {
        "type": pool.type,
        "account": pool.account,
        "product": pool.product,
        "domain": domain.id if domain is not None else pool.domain,
    }
    return int(await session.fetch_value(queries.COMING, values))


async def _domain(session: Session, pool: Pool) -> Domain | None:
    """The domain of a pool of short codes: its own, or its account's."""
    if pool.type != "short_code":
        return None
    if pool.domain is not None:
        return (await read_domains(session, [pool.domain])).get(pool.domain)
    if pool.account is None:
        return None
    tenant = (await read_tenants(session, [pool.account])).get(pool.account)
    return None if tenant is None else tenant.domain_for(pool.type)


def _supply(pool: Pool, domain: Domain | None) -> Supply | None:
    prefix = key_prefix(pool.type, pool.product, domain)
    if prefix is None:
        return None
    # A short code's key names its domain; of the others it is a property.
    own = None if pool.type == "short_code" else pool.domain
    return Supply(prefix, pool.account, pool.product, own)
