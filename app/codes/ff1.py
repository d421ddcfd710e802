"""FF1 format-preserving encryption, a whole batch of numeral strings at a time.

NIST SP 800-38G, algorithms 7 (encrypt) and 8 (decrypt), with the smallest domain of Revision 1.

The two halves of each string are columns of unsigned 64-bit integers. The PRF is a CBC-MAC, and
all its blocks but the last are the same for every string of a batch: only the last one holds the
round number and the half. So a round costs one AES-ECB call over the batch, whatever the tweak.
"""

import functools
from dataclasses import dataclass, field

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, algorithms, modes
from numpy.typing import NDArray

from app.codes.errors import CodeError

Words = NDArray[np.uint64]
Halves = tuple[Words, Words]

ROUNDS = 10
SMALLEST_DOMAIN = 1_000_000
SMALLEST_RADIX = 2
LARGEST_RADIX = 1 << 16
LARGEST_HALF = 1 << 63
SHORTEST = 2
LONGEST_TWEAK = (1 << 32) - 1
KEY_SIZES = (16, 24, 32)
BLOCK = 16
# Strings worked on at a time: few enough that all the columns of a round stay in the cache.
LANE = 8192


class UnsupportedDomain(CodeError):
    """The radix, length, key or tweak is outside what FF1, or this implementation, allows."""


@dataclass(frozen=True)
class FF1:
    """One permutation of the numeral strings of `length` numerals below `radix`.

    A string travels as its two halves: `left` is the number spelt by the first `length // 2`
    numerals, `right` by the rest, most significant numeral first.

    Raises UnsupportedDomain when radix ** length is below 1,000,000 (SP 800-38G Rev. 1), when a
    half does not fit in 63 bits, or when the key or tweak has a wrong size.
    """

    key: bytes = field(repr=False)
    radix: int
    length: int
    tweak: bytes = b""

    def __post_init__(self) -> None:
        if len(self.key) not in KEY_SIZES:
            raise UnsupportedDomain(f"Expected a key of 16, 24 or 32 bytes, got {len(self.key)}.")
        if not SMALLEST_RADIX <= self.radix <= LARGEST_RADIX:
            raise UnsupportedDomain(f"Expected a radix from 2 to 65536, got {self.radix}.")
        if self.length < SHORTEST or self.radix**self.length < SMALLEST_DOMAIN:
            raise UnsupportedDomain(
                f"Expected at least {SMALLEST_DOMAIN} strings, got {self.radix}^{self.length}."
            )
        if self.right_size > LARGEST_HALF:
            raise UnsupportedDomain(
                f"Expected halves of at most 63 bits, got {self.radix}^{self.length - self.split}."
            )
        if len(self.tweak) > LONGEST_TWEAK:
            raise UnsupportedDomain(f"Expected a tweak below 2^32 bytes, got {len(self.tweak)}.")

    @property
    def split(self) -> int:
        """How many numerals the left half has (`u` of the standard)."""
        return self.length // 2

    @functools.cached_property
    def left_size(self) -> int:
        return int(self.radix**self.split)

    @functools.cached_property
    def right_size(self) -> int:
        return int(self.radix ** (self.length - self.split))

    @functools.cached_property
    def half_bytes(self) -> int:
        """Bytes that hold the longer half (`b` of the standard)."""
        return ((self.right_size - 1).bit_length() + 7) // 8

    def encrypt(self, left: Words, right: Words) -> Halves:
        """The encrypted halves, in new arrays. Algorithm 7."""
        return self._permute(left, right, decrypt=False)

    def decrypt(self, left: Words, right: Words) -> Halves:
        """The halves that encrypt to these, in new arrays. Algorithm 8."""
        return self._permute(left, right, decrypt=True)

    def encrypt_numerals(self, numerals: NDArray[np.integer]) -> NDArray[np.uint16]:
        """Rows of `length` numerals, encrypted row by row.

        >>> ff1 = FF1(bytes.fromhex("2B7E151628AED2A6ABF7158809CF4F3C"), 10, 10)
        >>> ff1.encrypt_numerals(np.arange(10)[np.newaxis])[0].tolist()
        [2, 4, 3, 3, 4, 7, 7, 4, 8, 4]
        """
        return self._join(self.encrypt(*self._halve(numerals)))

    def decrypt_numerals(self, numerals: NDArray[np.integer]) -> NDArray[np.uint16]:
        """Rows of `length` numerals, decrypted row by row."""
        return self._join(self.decrypt(*self._halve(numerals)))

    def _permute(self, left: Words, right: Words, *, decrypt: bool) -> Halves:
        lefts, rights = np.array(left, np.uint64), np.array(right, np.uint64)
        # Made anew for each call: a cipher context must not be shared between threads.
        rounds = _Rounds(self, min(LANE, len(lefts)))
        run = rounds.decrypt if decrypt else rounds.encrypt
        for start in range(0, len(lefts), LANE):
            run(lefts[start : start + LANE], rights[start : start + LANE])
        return lefts, rights

    def _halve(self, numerals: NDArray[np.integer]) -> Halves:
        return (
            _number(numerals[:, : self.split], self.radix),
            _number(numerals[:, self.split :], self.radix),
        )

    def _join(self, halves: Halves) -> NDArray[np.uint16]:
        numerals = np.empty((len(halves[0]), self.length), np.uint16)
        for half, columns in zip(halves, np.hsplit(numerals, [self.split]), strict=True):
            rest = half
            for column in range(columns.shape[1] - 1, -1, -1):
                rest, columns[:, column] = np.divmod(rest, np.uint64(self.radix))
        return numerals

    @functools.cached_property
    def _last_block(self) -> tuple[int, int]:
        """The last PRF block without round and half, already chained to the blocks before it."""
        tweak_size, half_bytes = len(self.tweak), self.half_bytes
        p = b"\x01\x02\x01" + self.radix.to_bytes(3) + bytes((ROUNDS, self.split % 256))
        p += self.length.to_bytes(4) + tweak_size.to_bytes(4)
        q = self.tweak + bytes((-tweak_size - half_bytes - 1) % BLOCK + half_bytes + 1)
        encryptor = Cipher(algorithms.AES(self.key), modes.CBC(bytes(BLOCK))).encryptor()
        chained = encryptor.update(p + q[:-BLOCK])[-BLOCK:]
        block = int.from_bytes(chained) ^ int.from_bytes(q[-BLOCK:])
        return block >> 64, block & 0xFFFF_FFFF_FFFF_FFFF

    def round_words(self, round_number: int) -> tuple[np.uint64, np.uint64]:
        """Both words of the last PRF block of a round, before the half is put in."""
        high, low = self._last_block
        place = round_number << (8 * self.half_bytes)
        return np.uint64(high ^ (place >> 64)), np.uint64(low ^ (place & 0xFFFF_FFFF_FFFF_FFFF))


class _Rounds:
    """The ten rounds over one lane of strings, in place, with the buffers they share."""

    def __init__(self, ff1: FF1, lane: int) -> None:
        # FF1 is built from the bare block cipher; no message is ever encrypted in this mode.
        mode = modes.ECB()  # noqa: S305
        self.cipher: CipherContext = Cipher(algorithms.AES(ff1.key), mode).encryptor()
        self.words = [ff1.round_words(number) for number in range(ROUNDS)]
        self.sizes = (ff1.left_size, ff1.right_size)
        # 4 * ceil(b / 4) + 4 bytes of PRF output make the round number: 8, or 12 for wide halves.
        self.wide = ff1.half_bytes > 4  # noqa: PLR2004
        self.blocks = np.empty((lane, 2), ">u8")
        # The cipher wants room for one block less a byte beyond what it writes.
        self.output = np.empty((lane + 1, 2), ">u8")
        self.scratch = np.empty(lane, np.uint64)
        self.digest = np.empty(lane, np.uint64)

    def encrypt(self, left: Words, right: Words) -> None:
        for number in range(ROUNDS):
            size = self.sizes[number % 2]
            change = self._change(number, right, size)
            np.add(left, change, out=left)
            # Below zero an unsigned number wraps to a huge one, so the minimum is the remainder.
            np.subtract(left, np.uint64(size), out=change)
            np.minimum(left, change, out=left)
            left, right = right, left

    def decrypt(self, left: Words, right: Words) -> None:
        for number in range(ROUNDS - 1, -1, -1):
            size = self.sizes[number % 2]
            change = self._change(number, left, size)
            np.subtract(right, change, out=right)
            np.add(right, np.uint64(size), out=change)
            np.minimum(right, change, out=right)
            left, right = right, left

    def _change(self, number: int, half: Words, size: int) -> Words:
        """The round function: the PRF of `half`, modulo the size of the other half."""
        count = len(half)
        blocks, output = self.blocks[:count], self.output[: count + 1]
        high, low = self.words[number]
        blocks[:, 0] = high
        scratch, digest = self.scratch[:count], self.digest[:count]
        blocks[:, 1] = np.bitwise_xor(half, low, out=scratch)
        self.cipher.update_into(_octets(blocks), _octets(output))
        digest[:] = output[:count, 0]
        _reduce(digest, size, scratch)
        if self.wide:
            self._append_low_bits(digest, output[:count, 1], size, scratch)
        return digest

    @staticmethod
    def _append_low_bits(digest: Words, second: NDArray[np.void], size: int, spare: Words) -> None:
        """Go on from 64 to 96 bits of PRF output, as many bits a step as a word has room for."""
        bits_left = 32
        low = np.right_shift(second, np.uint64(32), dtype=np.uint64)
        while bits_left:
            step = min(bits_left, 64 - (size - 1).bit_length())
            bits_left -= step
            np.left_shift(digest, np.uint64(step), out=digest)
            np.right_shift(low, np.uint64(bits_left), out=spare)
            np.bitwise_and(spare, np.uint64((1 << step) - 1), out=spare)
            np.bitwise_or(digest, spare, out=digest)
            _reduce(digest, size, spare)


def _reduce(numbers: Words, size: int, spare: Words) -> None:
    """Replace numbers by their remainders; by division, which numpy vectorises, unlike `%`."""
    np.floor_divide(numbers, np.uint64(size), out=spare)
    np.multiply(spare, np.uint64(size), out=spare)
    np.subtract(numbers, spare, out=numbers)


def _octets(words: NDArray[np.void]) -> memoryview:
    return words.view(np.uint8).reshape(-1).data


def _number(numerals: NDArray[np.integer], radix: int) -> Words:
    total = np.zeros(len(numerals), np.uint64)
    for column in range(numerals.shape[1]):
        total = total * np.uint64(radix) + numerals[:, column].astype(np.uint64)
    return total
