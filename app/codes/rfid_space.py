"""A code space of serials that fit the 96 bits of a tag: numbers of one length, below 2^38.

FF1 permutes all numbers of so many bits, and how many we want is a power of nothing. So a position
is encrypted again until it is one of them: cycle walking (Black and Rogaway, Ciphers with Arbitrary
Finite Domains, 2002), still a permutation, and undone the same way. With the fewest bits that have
room more than half of the numbers are right, so it takes less than two rounds.
"""

import functools
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from app.codes.alphabets import DIGITS, rfid_numbers
from app.codes.code_space import ForeignSerial, halves, require_positions
from app.codes.ff1 import FF1, Halves, Words
from app.codes.spelling import spell


@dataclass(frozen=True)
class RfidSpace:
    """The numbers of `length` digits (6 to 12), permuted under `key` (16, 24 or 32 bytes).

    No leading zero, below 2^38: an SGTIN-96 or GRAI-96 has each. Raises UnsupportedDomain for a
    length that has less than half a million of them.

    >>> space = RfidSpace(bytes(32), 6)
    >>> serials = space.serials(0, 3)
    >>> sorted(space.position_of(serial) for serial in serials)
    [0, 1, 2]
    """

    key: bytes = field(repr=False)
    length: int

    def __post_init__(self) -> None:
        _ = self._ff1

    @functools.cached_property
    def _ff1(self) -> FF1:
        return FF1(self.key, 2, (self.size - 1).bit_length() if self.size else 0)

    @functools.cached_property
    def size(self) -> int:
        """How many serials there are."""
        return len(rfid_numbers(self.length))

    def mint(self, first: int, quantity: int) -> NDArray[np.uint8]:
        """The serials of positions `first` to `first + quantity - 1`, one a row, in byte order.

        Raises PositionOutOfRange.
        """
        require_positions(first, quantity, self.size)
        numbers = self._walk(halves(first, quantity, self._ff1), decrypt=False)
        numbers += np.uint64(rfid_numbers(self.length).start)
        numbers.sort()
        return spell(numbers, DIGITS, self.length)

    def serials(self, first: int, quantity: int) -> list[str]:
        """What `mint` makes, as strings. Raises PositionOutOfRange."""
        text = self.mint(first, quantity).tobytes().decode("ascii")
        return [text[at : at + self.length] for at in range(0, len(text), self.length)]

    def position_of(self, serial: str) -> int:
        """The position whose serial this is; below what was issued, it was issued.

        Raises ForeignSerial for another length, other symbols, a leading zero or 2^38 and more.
        """
        numbers = rfid_numbers(self.length)
        is_number = len(serial) == self.length and serial.isascii() and serial.isdecimal()
        if not is_number or int(serial) not in numbers:
            raise ForeignSerial(
                f"Expected a number from {numbers.start} to {numbers.stop - 1}, got {serial!r}."
            )
        return int(self._walk(halves(int(serial) - numbers.start, 1, self._ff1), decrypt=True)[0])

    def _walk(self, start: Halves, *, decrypt: bool) -> Words:
        """Each number encrypted (or decrypted) until it is below the size."""
        permute = self._ff1.decrypt if decrypt else self._ff1.encrypt
        left, right = permute(*start)
        while len(outside := np.flatnonzero(self._number(left, right) >= self.size)):
            left[outside], right[outside] = permute(left[outside], right[outside])
        return self._number(left, right)

    def _number(self, left: Words, right: Words) -> Words:
        return left * np.uint64(self._ff1.right_size) + right
