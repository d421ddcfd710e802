"""Importing rows: any number of them upserted in one transaction, in sets (directus.md 10).

What is wrong is said for all rows, grouped by field and rule, each group with its rows.
"""

from collections.abc import AsyncIterator, Iterator
from typing import Any

from app.access.caller import Caller
from app.database.session import WriteSession
from app.errors import AppError, ErrorList
from app.items.compile.compiler import Compiler
from app.items.write.payloads import weight_of
from app.items.write.upsert import upsert
from app.items.write.writer import Writer
from app.pools import IMPORTS
from schema import Collection

BLOCK = 2000
"""Rows written as one set."""

_HEAVIEST = 4 * 1024 * 1024
"""Characters of a set: a row may have a million."""
_MOST_STEPS = 16
"""Of a block: its transaction may not do nothing for long."""
_SHORTEST_RANGE = 5
"""Rows in sequence that are told as a range, not one by one."""

Row = dict[str, Any]
Numbered = tuple[int, Row]
"""A row, and where in its file people will find it."""
Rows = Iterator[Numbered | None]
"""The rows of a file; None: a pause, some of it was read."""


async def import_rows(
    session: WriteSession,
    compiler: Compiler,
    caller: Caller,
    collection: Collection,
    rows: Rows,
    most_errors: int,
) -> int:
    """Create or update an item for every row, all or none; how many.

    Raises an ErrorList of what is wrong with the rows: it looks on after the first error, until
    `most_errors` rows are wrong.
    """
    wrong = _Wrong(most_errors)
    count = 0
    writer = Writer(compiler, session, caller)
    async for block in _blocks(rows, collection.primary_key.name):
        await _save(writer, collection, block, wrong)
        count += len(block)
        if wrong.is_full:
            break
    wrong.raise_all()
    return count


async def _blocks(rows: Rows, key: str) -> AsyncIterator[list[Numbered]]:
    """The rows in blocks of so many rows, or characters."""
    reading = _Reading(rows, key)
    while not reading.ended:
        block = await IMPORTS.run(reading.step)
        if block:
            yield block


class _Reading:
    """A file being read, step by step: between two of them others' files have their turn.

    A key that comes again begins a new block: it updates what came before.
    """

    def __init__(self, rows: Rows, key: str) -> None:
        self.ended = False
        self._rows = rows
        self._key = key
        self._block: list[Numbered] = []
        self._seen: set[str] = set()
        self._weight = self._steps = 0

    def step(self) -> list[Numbered]:
        """Read on till the next pause of the file; a block, if one is complete by then."""
        for found in self._rows:
            if found is None:
                self._steps += 1
                return self._taken() if self._steps >= _MOST_STEPS else []
            key, weight = found[1].get(self._key), weight_of(found[1])
            again = key is not None and str(key) in self._seen
            heavy = bool(self._block) and self._weight + weight > _HEAVIEST
            complete = self._taken() if again or heavy or len(self._block) == BLOCK else []
            self._block.append(found)
            self._seen.add(str(key))
            self._weight += weight
            if complete:
                return complete
        self.ended = True
        return self._taken()

    def _taken(self) -> list[Numbered]:
        """The block; the next one is begun."""
        block, self._block, self._seen = self._block, [], set()
        self._weight = self._steps = 0
        return block


async def _save(
    writer: Writer, collection: Collection, block: list[Numbered], wrong: "_Wrong"
) -> None:
    """Write a block. If it is refused, write its halves, down to the rows that are wrong."""
    try:
        async with writer.session.savepoint():
            await upsert(writer, collection, [row for _, row in block])
    except (AppError, ErrorList) as refused:
        errors = refused.errors if isinstance(refused, ErrorList) else [refused]
        errors = await writer.reveal_details(errors)
        if any(error.status != _OF_A_ROW for error in errors):
            raise  # no row is to blame, and no other will fare better
        if len(block) == 1:
            wrong.add(block[0][0], errors)
            return
    else:
        return
    middle = len(block) // 2
    for half in (block[:middle], block[middle:]):
        if not wrong.is_full:
            await _save(writer, collection, half, wrong)


_OF_A_ROW = 400
"""The status of errors that say something of what was written."""


class _Wrong:
    """What is wrong with which rows: one error for each field and rule."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._count = 0
        self._groups: dict[tuple[str, ...], tuple[AppError, list[int]]] = {}

    @property
    def is_full(self) -> bool:
        return self._count >= self._most

    def add(self, number: int, errors: list[AppError]) -> None:
        self._count += 1
        for error in errors:
            _, numbers = self._groups.setdefault(_group(error), (error, []))
            if number not in numbers[-1:]:
                numbers.append(number)

    def raise_all(self) -> None:
        """Raises an ErrorList, if there is anything wrong."""
        if not self._groups:
            return
        for error, numbers in self._groups.values():
            error.extensions["rows"] = list(_told(numbers))
        raise ErrorList([error for error, _ in self._groups.values()])


def _group(error: AppError) -> tuple[str, ...]:
    facts = error.extensions
    if "field" not in facts:
        return (error.code, error.message)
    path = ".".join(facts.get("path", ()))
    return (error.code, path, str(facts["field"]), str(facts.get("type")))


def _told(numbers: list[int]) -> Iterator[dict[str, Any]]:
    """Row numbers as lists of lines, and ranges where many follow each other."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    single = [number for run in runs if len(run) < _SHORTEST_RANGE for number in run]
    if single:
        yield {"type": "lines", "rows": single}
    for run in runs:
        if len(run) >= _SHORTEST_RANGE:
            yield {"type": "range", "start": run[0], "end": run[-1]}
