"""Was this code ever issued here? Answered by arithmetic, without looking at a single code.

A serial is decrypted to its position, and the position is looked up in the ranges that were taken
(DESIGN.md 5). So a deleted code is still known, and a guessed one is told apart.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.codes.code_path import CodeKind, CodePath
from app.codes.code_space import ForeignSerial
from app.codes.company_prefix import LONGEST_PREFIX, SHORTEST_PREFIX
from app.codes.errors import CodeError
from app.codes.sscc import Sscc
from app.database.session import Session
from app.domains.code_space import queries
from app.domains.code_space.service import Space
from app.pools import CODES


@dataclass(frozen=True, slots=True)
class Verification:
    """What is known of a code. `job` made it, or is to make it while `minted_at` is None.

    `reference_id` is the job's own reference at that time; the job may be deleted since.
    """

    path: str
    position: int | None = None
    job: str | None = None
    reference_id: str | None = None
    minted_at: datetime | None = None

    @property
    def was_minted_here(self) -> bool:
        return self.minted_at is not None


async def verify(session: Session, code_text: str, secret: str) -> Verification:
    """Whether a code, in any form `CodePath.parse` reads, was minted here, by which job and when.

    Codes brought in from outside were not issued here. Raises CodeError for a text that is no
    code, and WrongSecret when `secret` is not what the code space was made with.
    """
    code = CodePath.parse(code_text)
    rows = await session.fetch_all(queries.SPACES_OF_PREFIXES, {"prefixes": list(_prefixes(code))})
    for space in (Space(**row) for row in rows):
        position = _position(code, space, secret)
        if position is None:
            continue
        taken = await session.fetch_one(
            queries.RANGE_OF_POSITION, {"id": space.id, "position": position}
        )
        if taken is None or position >= taken["first_position"] + taken["quantity"]:
            continue
        return Verification(
            code.path,
            position=position,
            job=taken["identifier_job"],
            reference_id=taken["reference_id"],
            minted_at=taken["minted_at"],
        )
    return Verification(code.path)


async def minted_for(
    session: Session, codes: Sequence[CodePath], secret: str
) -> dict[str, str | None]:
    """By path: for which account a code was minted, of those that were minted here.

    Codes of one space are looked up together; it is slow for many kinds. Raises WrongSecret.
    """
    prefixes = {prefix for code in codes for prefix in _prefixes(code)}
    rows = await session.fetch_all(queries.SPACES_OF_PREFIXES, {"prefixes": list(prefixes)})
    found: dict[str, str | None] = {}
    for space in (Space(**row) for row in rows):
        own = [code for code in codes if code.path.startswith(space.key_prefix)]
        placed = await CODES.run(_positions, own, space, secret)
        values = {"id": space.id, "positions": list(placed)}
        for row in await session.fetch_all(queries.OWNERS_OF_POSITIONS, values):
            found[placed[row["position"]]] = row["account"]
    return found


def _positions(codes: Sequence[CodePath], space: Space, secret: str) -> dict[int, str]:
    """The paths of codes by their position in a space, of those that are of it."""
    placed = {_position(code, space, secret): code.path for code in codes}
    return {position: path for position, path in placed.items() if position is not None}


def _prefixes(code: CodePath) -> Iterator[str]:
    """The key prefixes of the spaces the code may be of; an SSCC does not tell its own."""
    if code.kind is not CodeKind.SSCC:
        yield code.prefix
        return
    for length in range(SHORTEST_PREFIX, LONGEST_PREFIX + 1):
        yield code.prefix + code.serial[: 1 + length]


def _position(code: CodePath, space: Space, secret: str) -> int | None:
    """The position of a code in a space; None when it is not of this space."""
    if code.kind is CodeKind.SSCC:
        return _serial_reference(code, space)
    if len(code.serial) != space.length or space.wrapped_key is None:
        return None
    try:
        return space.codes(secret).position_of(code.serial)
    except ForeignSerial:
        return None


def _serial_reference(code: CodePath, space: Space) -> int | None:
    try:
        Sscc.parse(code.serial)
    except CodeError:
        # A wrong check digit: nobody has issued that.
        return None
    return int(code.path[len(space.key_prefix) : -1])
