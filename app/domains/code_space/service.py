"""Code spaces: find or make one, take positions from it, keep to the allowed share.

What is taken is never given twice. The share that may be issued is the installation's
MAX_KEYSPACE_FILL, or the account's when that is stricter (Delegated Regulation (EU) 2016/161
article 4: a serial guessed with a probability below 1 in 10,000).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from app.codes.alphabets import RFID_NUMERIC, capacity
from app.codes.code_path import CodeKind, CodePath
from app.codes.code_space import CodeSpace
from app.codes.key_wrap import new_key, unwrap, wrap
from app.codes.rfid_space import RfidSpace
from app.database.session import Session, WriteSession
from app.domains.code_space import queries
from app.errors import AppError
from app.settings import settings

LARGEST_POSITION = 2**63 - 1

Spelling = tuple[str, str, int]
"""What tells code spaces apart: key prefix, alphabet (or RFID_NUMERIC), length."""


class KeyspaceTooSmall(AppError):
    """The quantity does not fit into the share of the code space that may be issued."""

    code = "FAILED_VALIDATION"
    status = 400


@dataclass(frozen=True, slots=True)
class Space:
    """A row of code_space. `wrapped_key` is None where serials are sequential."""

    id: str
    key_prefix: str
    alphabet: str
    length: int
    wrapped_key: str | None
    next_position: int

    @property
    def spelling(self) -> Spelling:
        return self.key_prefix, self.alphabet, self.length

    def codes(self, secret: str) -> CodeSpace | RfidSpace:
        """The permutation of this space. Raises WrongSecret under another SECRET."""
        if self.wrapped_key is None:
            raise ValueError(f"The code space {self.key_prefix} is sequential: it has no key.")
        key = unwrap(self.wrapped_key, secret)
        if self.alphabet == RFID_NUMERIC:
            return RfidSpace(key, self.length)
        return CodeSpace(key, self.alphabet, self.length)


@dataclass(frozen=True, slots=True)
class TakenRange:
    """A row of code_range: positions that one chunk is going to mint."""

    id: str
    first: int
    quantity: int


def allowed_fill(of_account: Decimal | float | None) -> float:
    """The share of a code space that may ever be issued: the stricter of the two limits."""
    limit = settings().max_keyspace_fill
    return limit if of_account is None else min(limit, float(of_account))


async def open_random(session: WriteSession, spelling: Spelling, secret: str) -> Space:
    """The space of encrypted positions of this spelling, made with a new key if need be."""
    return await _open(session, spelling, lambda: wrap(new_key(), secret))


async def open_sequential(session: WriteSession, spelling: Spelling) -> Space:
    """The space of plain serials of this spelling, locked until the transaction ends."""
    space = await _open(session, spelling, lambda: None)
    await session.fetch_one(queries.LOCK_SPACE, {"id": space.id})
    return space


async def keep_length(session: WriteSession, space: Space, prefix_length: int | None) -> None:
    """Fix how long the company prefix is in the keys of a space, unless it is fixed."""
    await session.execute(queries.KEEP_LENGTH, {"id": space.id, "length": prefix_length})


async def keep_given_lengths(
    session: WriteSession, lengths: Sequence[tuple[CodePath, int]]
) -> None:
    """Fix how long the company prefix is in GS1 keys that came in from elsewhere (TDS 7.1).

    Of an SSCC it is fixed for its own key, of others for all codes of their product.
    """
    kept = {
        code.path if code.kind is CodeKind.SSCC else code.prefix: length for code, length in lengths
    }
    if kept:
        values = {"prefixes": list(kept), "lengths": list(kept.values())}
        await session.execute(queries.KEEP_KEY_LENGTHS, values)


async def kept_lengths(session: Session, prefixes: Iterable[str]) -> dict[str, int]:
    """How long the company prefix is in what was minted under these key prefixes."""
    rows = await session.fetch_all(queries.LENGTHS, {"prefixes": list(set(prefixes))})
    return {row["key_prefix"]: row["length"] for row in rows}


async def given_lengths(session: Session, codes: Sequence[CodePath]) -> dict[str, int]:
    """How long the company prefix is in GS1 keys that were given out, by their paths.

    It stays so, whatever their prefix or product says, also when the codes are gone. Of an SSCC the
    range that it was minted in says it; an empty space of one key says it of that (migration 0006).
    """
    ssccs = [code.path for code in codes if code.kind is CodeKind.SSCC]
    others = {code.path: code.prefix for code in codes if code.kind is not CodeKind.SSCC}
    kept = await kept_lengths(session, (*others.values(), *others, *ssccs))
    found = {path: kept[prefix] for path, prefix in others.items() if prefix in kept}
    if ssccs:
        rows = await session.fetch_all(queries.SSCC_LENGTHS, {"keys": ssccs})
        found |= {row["key"]: row["length"] for row in rows}
    return found | {code.path: kept[code.path] for code in codes if code.path in kept}


async def space_by_id(session: Session, key: str) -> Space:
    """The space with this key. Raises LookupError."""
    row = await session.fetch_one(queries.SPACE_BY_ID, {"id": key})
    if row is None:
        raise LookupError(f"The code space {key} is gone.")
    return Space(**row)


async def take_positions(
    session: WriteSession, space: Space, quantity: int, *, fill: float, longest: int
) -> int:
    """Take the next `quantity` positions; the first of them.

    The space stays locked until the transaction ends. Raises KeyspaceTooSmall when more than the
    share `fill` would have been issued; it names a length of at most `longest` that would do.
    """
    limit = min(capacity(space.alphabet, space.length, fill), LARGEST_POSITION)
    values = {"id": space.id, "quantity": quantity, "limit": limit}
    first = await session.fetch_value(queries.TAKE, values)
    if first is None:
        taken = await issued(session, [space.key_prefix])
        check_room(space.spelling, quantity, fill, longest, taken)
        raise KeyspaceTooSmall("keyspace too small: there are no positions left.")
    return int(first)


async def take_ranges(
    session: WriteSession, space: Space, job: str, reference_id: str | None, pieces: Iterable[range]
) -> list[TakenRange]:
    """Note which positions a job took, a row for each piece; in ascending order."""
    pieces = list(pieces)
    rows = await session.fetch_all(
        queries.INSERT_RANGES,
        {
            "code_space": space.id,
            "job": job,
            "reference_id": reference_id,
            "firsts": [piece.start for piece in pieces],
            "quantities": [len(piece) for piece in pieces],
        },
    )
    taken = [TakenRange(row["id"], row["first_position"], row["quantity"]) for row in rows]
    return sorted(taken, key=lambda one: one.first)


async def forget_ranges(session: WriteSession, jobs: list[str]) -> None:
    """Give up what these jobs took and never minted. Random positions are not issued again."""
    await session.execute(queries.FORGET_RANGES, {"jobs": jobs})


async def ranges_within(
    session: Session, space: Space, positions: range
) -> list[tuple[range, str]]:
    """The ranges of a sequential space that reach into `positions`, and the job of each."""
    rows = await session.fetch_all(
        queries.RANGES_WITHIN,
        {"id": space.id, "start": positions.start, "stop": positions.stop},
    )
    return [
        (
            range(row["first_position"], row["first_position"] + row["quantity"]),
            str(row["identifier_job"]),
        )
        for row in rows
    ]


async def mark_minted(session: WriteSession, taken: str) -> None:
    """The codes of this range are written, in this same transaction."""
    await session.execute(queries.MARK_MINTED, {"id": taken})


async def issued(session: Session, prefixes: Iterable[str]) -> dict[Spelling, int]:
    """How many positions were ever taken, for all spaces under these key prefixes."""
    rows = await session.fetch_all(queries.ISSUED, {"prefixes": list(set(prefixes))})
    return {
        (row["key_prefix"], row["alphabet"], row["length"]): int(row["next_position"])
        for row in rows
    }


def check_room(
    spelling: Spelling,
    quantity: int,
    fill: float,
    longest: int,
    taken: Mapping[Spelling, int],
) -> None:
    """Refuse a quantity that would exceed the share `fill`, and name a length that would do.

    `taken` is what `issued` found. Raises KeyspaceTooSmall, with the length as `valid` if there is
    one of at most `longest`.
    """
    prefix, alphabet, length = spelling
    room = capacity(alphabet, length, fill) - taken.get(spelling, 0)
    if quantity <= room:
        return
    enough = next(
        (
            longer
            for longer in range(length + 1, longest + 1)
            if quantity
            <= capacity(alphabet, longer, fill) - taken.get((prefix, alphabet, longer), 0)
        ),
        None,
    )
    advice = "a larger character set is needed" if enough is None else f"length {enough} would do"
    raise KeyspaceTooSmall(
        f"keyspace too small: {max(room, 0)} codes of length {length} may still be issued "
        f"(at most a share of {fill:g}), {quantity} are asked for; {advice}.",
        valid=enough,
    )


async def _open(session: WriteSession, spelling: Spelling, key: Callable[[], str | None]) -> Space:
    values = dict(zip(("key_prefix", "alphabet", "length"), spelling, strict=True))
    row = await session.fetch_one(queries.SPACE, values)
    if row is None:
        await session.execute(queries.CREATE_SPACE, {**values, "wrapped_key": key()})
        row = await session.fetch_one(queries.SPACE, values)
    if row is None:  # pragma: no cover - spaces are never deleted
        raise LookupError(f"The code space {spelling} is gone.")
    return Space(**row)
