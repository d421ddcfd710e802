"""FF1 equals NIST's samples and two other implementations, and is a permutation."""

import json
from pathlib import Path

import fastfpe
import ffx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.codes.ff1 import FF1, LANE, UnsupportedDomain

SAMPLES = json.loads((Path(__file__).parents[1] / "data" / "ff1_vectors.json").read_text())
SYMBOLS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
PROPERTY = settings(deadline=None, max_examples=200)


def matrix(rows):
    return np.array(rows, np.uint16)


@st.composite
def problems(draw):
    """A permutation inside the limits of this implementation, and some strings for it."""
    radix = draw(st.integers(2, 62))
    shortest = next(n for n in range(2, 64) if radix**n >= 1_000_000)
    longest = next(n for n in range(126, 1, -1) if radix ** (n - n // 2) <= 2**63)
    length = draw(st.integers(shortest, longest))
    key = draw(st.sampled_from([16, 24, 32]).flatmap(lambda n: st.binary(min_size=n, max_size=n)))
    tweak = draw(st.binary(max_size=40))
    row = st.lists(st.integers(0, radix - 1), min_size=length, max_size=length)
    return FF1(key, radix, length, tweak), draw(st.lists(row, min_size=1, max_size=4))


@pytest.mark.parametrize("sample", SAMPLES["vectors"], ids=lambda sample: str(sample["sample"]))
def test_nist_sample_both_ways(sample):
    plain, cipher = sample["plaintext_numerals"], sample["ciphertext_numerals"]
    key, tweak = bytes.fromhex(sample["key"]), bytes.fromhex(sample["tweak"])
    ff1 = FF1(key, sample["radix"], len(plain), tweak)
    assert ff1.encrypt_numerals(matrix([plain])).tolist() == [cipher]
    assert ff1.decrypt_numerals(matrix([cipher])).tolist() == [plain]


@given(problems())
@PROPERTY
def test_equals_libffx_and_comes_back(problem):
    ff1, rows = problem
    alphabet = SYMBOLS[: ff1.radix]
    other = ffx.FF1(ff1.key, alphabet=alphabet)
    ours = ff1.encrypt_numerals(matrix(rows))
    for row, encrypted in zip(rows, ours, strict=True):
        text = "".join(alphabet[numeral] for numeral in row)
        assert "".join(alphabet[numeral] for numeral in encrypted) == other.encrypt(
            text, tweak=ff1.tweak
        )
    assert ff1.decrypt_numerals(ours).tolist() == rows


@given(problems())
@PROPERTY
def test_equals_fastfpe(problem):
    ff1, rows = problem
    alphabet = SYMBOLS[: ff1.radix]
    for row, encrypted in zip(rows, ff1.encrypt_numerals(matrix(rows)), strict=True):
        text = "".join(alphabet[numeral] for numeral in row)
        theirs = fastfpe.ff1.encrypt(ff1.key.hex(), ff1.tweak.hex(), alphabet, text)
        assert "".join(alphabet[numeral] for numeral in encrypted) == theirs


@pytest.mark.parametrize(
    ("radix", "length"), [(65536, 2), (65536, 6), (256, 3), (2, 126), (1000, 2)]
)
def test_extreme_domains_come_back(radix, length):
    ff1 = FF1(bytes(range(16)), radix, length)
    rows = np.random.default_rng(1).integers(0, radix, (1000, length), np.uint16, endpoint=False)
    rows[0], rows[1] = 0, radix - 1
    encrypted = ff1.encrypt_numerals(rows)
    assert encrypted.max() < radix
    assert np.array_equal(ff1.decrypt_numerals(encrypted), rows)


def test_a_whole_domain_is_permuted():
    ff1 = FF1(b"k" * 32, 100, 3)
    lefts, rights = np.divmod(np.arange(10**6, dtype=np.uint64), np.uint64(ff1.right_size))
    left, right = ff1.encrypt(lefts, rights)
    codes = np.sort(left * np.uint64(ff1.right_size) + right)
    assert np.array_equal(codes, np.arange(10**6))


def test_a_batch_equals_its_strings_one_by_one_across_lanes():
    ff1 = FF1(b"k" * 16, 62, 8)
    positions = np.arange(LANE - 3, LANE + 3, dtype=np.uint64)
    zeros = np.zeros(2 * LANE, np.uint64)
    left, right = ff1.encrypt(zeros, np.arange(2 * LANE, dtype=np.uint64))
    for position in positions:
        alone = ff1.encrypt(zeros[:1], np.array([position]))
        assert (left[position], right[position]) == (alone[0][0], alone[1][0])


def test_the_input_is_left_alone_and_may_be_empty():
    ff1 = FF1(b"k" * 16, 62, 8)
    left = np.zeros(3, np.uint64)
    ff1.encrypt(left, left)
    assert not left.any()
    assert [len(half) for half in ff1.encrypt(left[:0], left[:0])] == [0, 0]


@pytest.mark.parametrize(
    ("key", "radix", "length", "message"),
    [
        (15, 10, 6, "16, 24 or 32 bytes, got 15"),
        (16, 1, 6, "radix from 2 to 65536, got 1"),
        (16, 65537, 6, "got 65537"),
        (16, 10, 5, r"at least 1000000 strings, got 10\^5"),
        (16, 65536, 1, "at least 1000000 strings"),
        (16, 62, 22, r"at most 63 bits, got 62\^11"),
    ],
)
def test_outside_of_the_domain_is_refused(key, radix, length, message):
    with pytest.raises(UnsupportedDomain, match=message):
        FF1(bytes(key), radix, length)


def test_the_key_is_not_printed():
    assert "key" not in repr(FF1(bytes(16), 10, 6))
