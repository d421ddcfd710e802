"""A code space: all serials of one alphabet and length, each one a position, encrypted.

FF1 is a permutation of the positions, so distinct positions have distinct serials, and without the
key the next serial can't be guessed from the earlier ones.
"""

import functools
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from app.codes.errors import CodeError
from app.codes.ff1 import FF1, Halves, Words
from app.codes.serial_text import CSET_82
from app.codes.spelling import number_of, spell

WORD_LIMIT = 1 << 63


class InvalidAlphabet(CodeError):
    """The alphabet is not an ascending run of GS1 characters."""


class PositionOutOfRange(CodeError):
    """A range of positions reaches outside the code space."""


class ForeignSerial(CodeError):
    """A string that is no serial of this code space."""


@dataclass(frozen=True)
class CodeSpace:
    """The serials of `length` symbols of `alphabet`, permuted under `key` (16, 24 or 32 bytes).

    Raises InvalidAlphabet when symbols are not in ASCII order, repeat, or are outside of GS1
    character set 82; UnsupportedDomain when the space has less than 1,000,000 serials.

    >>> space = CodeSpace(bytes(32), "0123456789", 6)
    >>> space.serials(0, 3)
    ['823530', '917680', '927129']
    >>> sorted(space.position_of(serial) for serial in space.serials(0, 3))
    [0, 1, 2]
    """

    key: bytes = field(repr=False)
    alphabet: str
    length: int

    def __post_init__(self) -> None:
        if list(self.alphabet) != sorted(set(self.alphabet)):
            raise InvalidAlphabet(
                f"Expected distinct symbols in ASCII order, got {self.alphabet!r}."
            )
        if foreign := set(self.alphabet) - CSET_82:
            raise InvalidAlphabet(
                f"Expected symbols of GS1 character set 82, got {''.join(sorted(foreign))!r}."
            )
        _ = self._ff1

    @functools.cached_property
    def _ff1(self) -> FF1:
        return FF1(self.key, len(self.alphabet), self.length)

    @functools.cached_property
    def size(self) -> int:
        """How many serials there are."""
        return int(len(self.alphabet) ** self.length)

    def mint(self, first: int, quantity: int) -> NDArray[np.uint8]:
        """The serials of positions `first` to `first + quantity - 1`, one a row, in byte order.

        Sorted, because a sorted chunk goes into an index twice as fast. Raises PositionOutOfRange.
        """
        require_positions(first, quantity, self.size)
        left, right = self._ff1.encrypt(*halves(first, quantity, self._ff1))
        if self.size <= WORD_LIMIT:
            left *= np.uint64(self._ff1.right_size)
            left += right
            left.sort()
            return spell(left, self.alphabet, self.length)
        order = _order(left, right)
        return np.hstack(
            (
                spell(left[order], self.alphabet, self._ff1.split),
                spell(right[order], self.alphabet, self.length - self._ff1.split),
            )
        )

    def serials(self, first: int, quantity: int) -> list[str]:
        """What `mint` makes, as strings. Raises PositionOutOfRange."""
        text = self.mint(first, quantity).tobytes().decode("ascii")
        return [text[at : at + self.length] for at in range(0, len(text), self.length)]

    def position_of(self, serial: str) -> int:
        """The position whose serial this is; below what was issued, it was issued.

        Raises ForeignSerial for another length or a symbol outside of the alphabet.
        """
        if len(serial) != self.length:
            raise ForeignSerial(f"Expected {self.length} symbols, got {len(serial)}.")
        if foreign := set(serial) - set(self.alphabet):
            raise ForeignSerial(
                f"Expected symbols of {self.alphabet!r}, got {''.join(sorted(foreign))!r}."
            )
        split = self._ff1.split
        halves = [number_of(half, self.alphabet) for half in (serial[:split], serial[split:])]
        left, right = self._ff1.decrypt(*(np.array([half], np.uint64) for half in halves))
        return int(left[0]) * self._ff1.right_size + int(right[0])


def require_positions(first: int, quantity: int, size: int) -> None:
    """Refuse a range of positions that reaches outside a space. Raises PositionOutOfRange."""
    if first < 0 or quantity < 0 or first + quantity > size:
        raise PositionOutOfRange(
            f"Expected positions from 0 to {size - 1}, got {first} to {first + quantity - 1}."
        )


def halves(first: int, quantity: int, ff1: FF1) -> Halves:
    """The numbers from `first` on as the two halves they are encrypted by."""
    left, right = divmod(first, ff1.right_size)
    rights = np.arange(quantity, dtype=np.uint64)
    rights += np.uint64(right)
    carries, rights = np.divmod(rights, np.uint64(ff1.right_size))
    carries += np.uint64(left)
    return carries, rights


def _order(left: Words, right: Words) -> NDArray[np.intp]:
    """The order by left half, then right; the second matters only to the few equal left halves."""
    order = np.argsort(left)
    ordered = left[order]
    if np.any(ordered[1:] == ordered[:-1]):
        return np.lexsort((right, left))
    return order
