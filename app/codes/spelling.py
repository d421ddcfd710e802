"""Numbers spelt in an alphabet, a column of numbers at a time."""

import functools

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]
Rows = NDArray[np.uint8]

# Numbers spelt at a time: few enough that numbers, quotients and symbols stay in the cache.
LANE = 8192


def spell(numbers: Words, alphabet: str, length: int) -> Rows:
    """Rows of `length` ASCII symbols, the most significant first, for numbers that fit in them.

    >>> spell(np.array([0, 61, 62], np.uint64), "0123456789", 3).tobytes()
    b'000061062'
    """
    pairs = _pairs(alphabet)
    # An odd length is spelt with one symbol too many, which is a leading zero and is cut off.
    symbols = np.empty((len(numbers), (length + 1) // 2), np.uint16)
    for start in range(0, len(numbers), LANE):
        _spell_lane(numbers[start : start + LANE], pairs, symbols[start : start + LANE])
    rows = symbols.view(np.uint8)
    return rows if length % 2 == 0 else np.ascontiguousarray(rows[:, 1:])


def _spell_lane(numbers: Words, pairs: NDArray[np.uint16], symbols: NDArray[np.uint16]) -> None:
    radix = np.uint64(len(pairs))
    spare = np.empty_like(numbers)
    for column in range(symbols.shape[1] - 1, -1, -1):
        quotients = np.floor_divide(numbers, radix)
        np.multiply(quotients, radix, out=spare)
        np.subtract(numbers, spare, out=spare)
        symbols[:, column] = pairs.take(spare.view(np.int64), mode="wrap")
        numbers = quotients


@functools.lru_cache(maxsize=64)
def _pairs(alphabet: str) -> NDArray[np.uint16]:
    """Both symbols of every two-digit number, so that a look-up yields two."""
    symbols = np.frombuffer(alphabet.encode("ascii"), np.uint8)
    table = np.empty((len(symbols), len(symbols), 2), np.uint8)
    table[:, :, 0] = symbols[:, np.newaxis]
    table[:, :, 1] = symbols
    pairs = table.reshape(-1, 2).view(np.uint16).reshape(-1)
    pairs.flags.writeable = False
    return pairs


def number_of(text: str, alphabet: str) -> int:
    """The number that `text` spells; every symbol must be one of the alphabet.

    >>> number_of("061", "0123456789")
    61
    """
    number = 0
    for symbol in text:
        number = number * len(alphabet) + alphabet.index(symbol)
    return number
