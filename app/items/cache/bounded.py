"""What was made before, kept by what it was made from, within bounds.

What callers send decides how many there are and how large: a bound of the number alone would let
a few thousand large ones fill the memory.
"""

from collections.abc import Hashable, Iterator
from threading import Lock
from typing import Generic, TypeVar

Thing = TypeVar("Thing")


class BoundedCache(Generic[Thing]):
    """At most so many things, of at most so many characters together; the oldest goes first.

    Threads may share one.
    """

    def __init__(self, most: int, characters: int) -> None:
        self._most = most
        self._characters = characters
        self._held = 0
        self._putting = Lock()
        self._things: dict[Hashable, tuple[Thing, int]] = {}

    def get(self, key: Hashable) -> Thing | None:
        found = self._things.get(key)
        return None if found is None else found[0]

    def put(self, key: Hashable, thing: Thing, size: int) -> None:
        """Keep a thing of `size` characters. One that would take the place of all is not kept."""
        if size > self._characters:
            return
        with self._putting:
            _, before = self._things.pop(key, (thing, 0))
            self._held += size - before
            self._things[key] = (thing, size)
            while len(self._things) > self._most or self._held > self._characters:
                _, freed = self._things.pop(next(iter(self._things)))
                self._held -= freed

    def __iter__(self) -> Iterator[Hashable]:
        """What there is, the oldest first."""
        return iter(self._things)
