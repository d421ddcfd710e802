"""Rows of one request in slices: between two of them the process answers others."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import TypeVar

Item = TypeVar("Item")

_SLICE = 500
"""Rows. To look at so many takes some milliseconds."""


async def sliced(rows: Sequence[Item]) -> AsyncIterator[Sequence[Item]]:
    """The rows, 500 at a time. What looks at each row of a request goes through this."""
    for start in range(0, len(rows), _SLICE):
        if start:
            await asyncio.sleep(0)
        yield rows[start : start + _SLICE]
