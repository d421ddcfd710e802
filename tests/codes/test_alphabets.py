"""Character sets and the length that has room."""

import pytest

from app.codes.alphabets import (
    CHARACTER_SETS,
    RFID_NUMERIC,
    InvalidFill,
    UnknownCharacterSet,
    alphabet_named,
    capacity,
    smallest_length,
    space_size,
)
from app.codes.code_space import CodeSpace, InvalidAlphabet
from app.codes.serial_text import CSET_82

ALPHABETS = {name: text for name, text in CHARACTER_SETS.items() if name != RFID_NUMERIC}
SIZES = {
    "alphanumeric": 62,
    "alphanumeric_upper": 36,
    "alphanumeric_lower": 36,
    "numeric": 10,
    "alpha": 52,
    "alpha_upper": 26,
    "alpha_lower": 26,
    "hex": 16,
    "unambiguous": 50,
}


def test_sizes_of_the_character_sets():
    assert {name: len(alphabet) for name, alphabet in ALPHABETS.items()} == SIZES


@pytest.mark.parametrize("name", ALPHABETS)
def test_alphabet_is_in_ascii_order_and_legal_in_a_serial(name):
    alphabet = alphabet_named(name)
    assert list(alphabet) == sorted(set(alphabet))
    assert set(alphabet) <= CSET_82


def test_unambiguous_is_the_evrythng_alphabet():
    evrythng = "abcdefghkmnpqrstwxyABCDEFGHKMNPQRSTUVWXY0123456789"
    assert CHARACTER_SETS["unambiguous"] == "".join(sorted(evrythng))


def test_unknown_name_is_refused_with_the_known_ones():
    with pytest.raises(UnknownCharacterSet, match=r"alphanumeric, .*got 'emoji'"):
        alphabet_named("emoji")


@pytest.mark.parametrize(
    ("quantity", "fill", "length"),
    [(1, 1.0, 6), (10**6, 1.0, 6), (10**6 + 1, 1.0, 7), (500_001, 0.5, 7), (100, 0.0001, 6),
     (101, 0.0001, 7), (0, 0.5, 6)],
)  # fmt: skip
def test_smallest_length_holds_the_quantity_and_no_shorter_one_does(quantity, fill, length):
    assert smallest_length("0123456789", quantity, fill) == length


def test_fill_is_the_number_that_was_written():
    # As a binary fraction 0.0001 is a bit more, and 0.07 a bit less, than what it says.
    assert capacity("0123456789", 6, 0.0001) == 100
    assert capacity("0123456789", 6, 0.07) == 70_000


@pytest.mark.parametrize("fill", [0, -0.5, 1.5])
def test_fill_outside_of_0_to_1_is_refused(fill):
    with pytest.raises(InvalidFill):
        capacity("01", 6, fill)


def test_one_symbol_is_no_alphabet():
    with pytest.raises(UnknownCharacterSet):
        smallest_length("0", 10, 0.5)


@pytest.mark.parametrize(
    ("length", "size"),
    [(5, 90_000), (6, 900_000), (11, 90_000_000_000), (12, 174_877_906_944), (13, 0), (20, 0)],
)
def test_of_numbers_for_tags_only_those_count_that_fit(length, size):
    """TDS 14.6.1: no leading zero, below 2^38."""
    assert space_size(alphabet_named("rfid_numeric"), length) == size
    assert capacity(RFID_NUMERIC, length, 0.5) == size // 2


def test_numbers_for_tags_end_at_12_digits():
    assert smallest_length(RFID_NUMERIC, 450_000, 0.5) == 6
    assert smallest_length(RFID_NUMERIC, 450_001, 0.5) == 7
    assert smallest_length(RFID_NUMERIC, 10**11, 0.6) == 12
    with pytest.raises(UnknownCharacterSet, match="at most 87438953472 serials for 96 bits"):
        smallest_length(RFID_NUMERIC, 10**11, 0.5)


def test_its_name_is_no_alphabet():
    with pytest.raises(InvalidAlphabet):
        CodeSpace(bytes(32), RFID_NUMERIC, 8)
