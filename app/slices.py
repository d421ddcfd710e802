"""Rows of one request in slices: between two of them the process answers others."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import TypeVar

Item = TypeVar("Item")

_SLICE = 200
"""Rows. To look at so many takes some milliseconds."""
_ROUNDS = 8
"""Rounds of the loop for others between two slices: of a few requests each may have one a round."""


async def sliced(rows: Sequence[Item]) -> AsyncIterator[Sequence[Item]]:
    """The rows, 200 at a time. What looks at each row of a request goes through this."""
    for start in range(0, len(rows), _SLICE):
        if len(rows) > _SLICE:
            for _ in range(_ROUNDS):
                await asyncio.sleep(0)
        yield rows[start : start + _SLICE]


_PORTION, _HEAVIEST = 10_000, 8 * 1024 * 1024
"""Rows that are changed together, and about the bytes that these have or get."""


def portions(weights: Mapping[Item, int]) -> Iterator[list[Item]]:
    """Keys of rows in portions that are in memory together. `weights`: the bytes of each row."""
    portion: list[Item] = []
    heavy = 0
    for key, weight in weights.items():
        if portion and (len(portion) == _PORTION or heavy + weight > _HEAVIEST):
            yield portion
            portion, heavy = [], 0
        portion.append(key)
        heavy += weight
    if portion:
        yield portion
