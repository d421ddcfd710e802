"""Queries with long lists of values: read beside what others ask for.

A text that is to be a code's key may be any of a dozen forms, so a list of 20,000 takes half a
second to read.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from app.access.caller import Caller
from app.json_text import listed
from app.pools import QUERIES, Asker

T = TypeVar("T")

_AT_ONCE = 200
"""Values in lists."""


async def read_in_turn(caller: Caller, said: Mapping[str, Any], read: Callable[[], T]) -> T:
    """What `read` makes of what a caller said; of long lists in a thread, when it is its turn.

    Raises what `read` raises, and TooManyAtOnce.
    """
    if listed(said) <= _AT_ONCE:
        return read()
    return await QUERIES.run(Asker(caller.share), read)
