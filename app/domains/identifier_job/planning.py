"""The plan of an identifier job: which serials are missing, as ranges taken from a code space."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass

from app.access.identity import asker
from app.codes.alphabets import DIGITS, alphabet_named
from app.codes.sscc import BODY_LENGTH
from app.database.session import Session, WriteSession
from app.domains.code_space.service import (
    Space,
    TakenRange,
    allowed_fill,
    forget_ranges,
    keep_length,
    open_random,
    open_sequential,
    ranges_within,
    take_positions,
    take_ranges,
)
from app.domains.identifier_job import queries
from app.domains.identifier_job.service import (
    KIND,
    LONGEST,
    Job,
    hold_keys,
    inherit_accounts,
    key_prefix,
    read_job,
)
from app.domains.identifier_job.valid_job import SsccJob, valid_job
from app.domains.identifier_job.validation import NO_TENANT, problems, read_facts
from app.errors import AppError, ErrorList, Unusable
from app.items.policy.read_policy import Restrictor
from app.items.write.validation import check_created
from schema import BUILTIN

CODES = "unique_code"


class SsccTaken(AppError):
    """A serial reference of the job is in use already: `sscc`, where that may be told."""

    code = "RECORD_NOT_UNIQUE"
    status = 400

    def __init__(self, sscc: str | None) -> None:
        named = "An SSCC of this run" if sscc is None else f"SSCC {sscc}"
        super().__init__(
            f"{named} exists already, and an SSCC is not used twice: "
            "choose another sscc_start_serial, extension digit or company prefix.",
            value=sscc,
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """The space a job takes its serials from, the ranges it took, the domain of its codes."""

    space: Space
    ranges: list[TakenRange]
    domain: str | None


async def plan_job(
    session: WriteSession, key: str, created: int, *, chunk_size: int, secret: str
) -> Plan | None:
    """Take what job `key` is missing when `created` codes are there; None when nothing is.

    What an earlier plan took and did not mint is given up. Raises ErrorList for a job that can't
    succeed, KeyspaceTooSmall, SsccTaken or Unusable, and WrongSecret.
    """
    job = await read_job(session, key)
    await forget_ranges(session, [key])
    row = asdict(job)
    await inherit_accounts(session, [row])  # whose its keys have been given to meanwhile
    facts = await read_facts(session, [row])
    # Room is judged when positions are taken: what this job has already is part of what is issued.
    facts.issued.clear()
    # The definition too: a row may have come into the table by another way than through the rules.
    if found := check_created(BUILTIN[KIND], row) or problems(row, facts):
        raise ErrorList(found)
    domain = facts.domain(row)
    domain_key = None if domain is None else domain.id
    valid = valid_job(job, key_prefix(job.type, job.product, domain))
    if isinstance(valid, SsccJob):
        space, missing = await _missing_ssccs(session, valid)
    else:
        quantity = valid.quantity - created
        if quantity <= 0:
            return None
        spelling = (valid.prefix, alphabet_named(job.character_set), job.length)
        space = await open_random(session, spelling, secret)
        fill = allowed_fill((facts.tenant(row) or NO_TENANT).fill)
        first = await take_positions(session, space, quantity, fill=fill, longest=LONGEST[job.type])
        missing = [range(first, first + quantity)]
    pieces = list(_split(missing, chunk_size))
    if not pieces:
        return None
    held = await hold_keys(session, job, space, domain_key)
    await keep_length(session, space, held.prefix_length)
    ranges = await take_ranges(session, space, job.id, job.reference_id, pieces)
    return Plan(space, ranges, domain_key)


async def _missing_ssccs(session: WriteSession, valid: SsccJob) -> tuple[Space, list[range]]:
    """The serial references this job has not minted yet. Raises SsccTaken or Unusable.

    The space is locked first, so that of two jobs that overlap the second sees the first.
    """
    job, wanted = valid.job, valid.wanted
    space = await open_sequential(session, (valid.prefix, DIGITS, valid.width))
    taken = await ranges_within(session, space, wanted)
    own = [positions for positions, owner in taken if owner == job.id]
    gaps = list(_gaps(wanted, own))
    clashes = [
        (max(positions.start, wanted.start), owner) for positions, owner in taken if owner != job.id
    ]
    for serial, owner in clashes[:1]:
        raise await refusal_of(session, job, valid.sscc(serial), owner)
    await _require_one_prefix(session, valid)
    for gap in gaps:
        if (found := await first_sscc_within(session, valid, gap)) is not None:
            raise await refusal_of(session, job, found)
    return space, gaps


async def _require_one_prefix(session: Session, valid: SsccJob) -> None:
    """Raises SsccTaken for an SSCC that was given out with a shorter or longer company prefix.

    It has an EPC with that one for ever, also when it is deleted.
    """
    wanted, digits = valid.wanted, valid.prefix.removeprefix("/00/")
    base = int(digits) * 10 ** (1 + BODY_LENGTH - len(digits))
    values = {
        "prefix": valid.prefix,
        "first": base + wanted.start,
        "end": base + wanted.stop,
        "digits": 1 + BODY_LENGTH,
    }
    found = await session.fetch_one(queries.OTHER_SSCC_JOB, values)
    if found is not None:
        sscc = valid.sscc(found["number"] - base)
        raise await refusal_of(session, valid.job, sscc, found["job"])


async def refusal_of(
    session: Session, job: Job, sscc: str, owner: str | None = None
) -> SsccTaken | Unusable:
    """Why a job can't have an SSCC, which another job (`owner`) has taken or a code has.

    That it is another account's is not told: under a prefix that all share, there may be such. Nor
    which it is, to a user who may not read the keys of codes.
    """
    values = {"key": f"/00/{sscc}", "job": owner, "account": job.account}
    is_others = await session.fetch_value(queries.IS_OTHERS_SSCC, values)
    if is_others:
        return Unusable("sscc_start_serial")
    return SsccTaken(sscc if await _sees_keys(session, job) else None)


async def _sees_keys(session: Session, job: Job) -> bool:
    """Whether who asked for a job may read the keys of all codes; who has the shell may."""
    if job.user_created is None:
        return True
    caller = await asker(session, job.user_created, job.account)
    if caller is None:
        return False
    restrictor = Restrictor(BUILTIN, caller)
    return restrictor.shows_every_row(CODES) and "id" in restrictor.shown_always(CODES)


async def first_sscc_within(session: Session, valid: SsccJob, serials: range) -> str | None:
    """The first SSCC there is of these serial references, whoever made it."""
    lowest, highest = valid.sscc(serials[0]), valid.sscc(serials[-1])
    # The check digit is the last: 0 and 9 enclose all that a serial reference can have.
    values = {"lowest": f"/00/{lowest[:-1]}0", "highest": f"/00/{highest[:-1]}9"}
    found = await session.fetch_value(queries.FIRST_CODE_BETWEEN, values)
    return None if found is None else str(found).removeprefix("/00/")


def _gaps(wanted: range, taken: Iterable[range]) -> Iterator[range]:
    """What of `wanted` the ascending `taken` leave free."""
    start = wanted.start
    for one in taken:
        if one.start > start:
            yield range(start, one.start)
        start = max(start, one.stop)
    if start < wanted.stop:
        yield range(start, wanted.stop)


def _split(whole: Iterable[range], size: int) -> Iterator[range]:
    """The same positions, in runs of at most `size`."""
    for run in whole:
        for start in range(run.start, run.stop, size):
            yield range(start, min(start + size, run.stop))
