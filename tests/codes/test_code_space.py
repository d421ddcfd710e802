"""A code space gives distinct, sorted serials, and knows each one's position."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.codes.alphabets import CHARACTER_SETS, RFID_NUMERIC
from app.codes.code_space import CodeSpace, ForeignSerial, InvalidAlphabet, PositionOutOfRange
from app.codes.ff1 import UnsupportedDomain

KEY = bytes(range(32))
ALPHANUMERIC = CHARACTER_SETS["alphanumeric"]


@st.composite
def ranges(draw):
    alphabet = draw(st.sampled_from(sorted({*CHARACTER_SETS.values()} - {RFID_NUMERIC})))
    space = CodeSpace(draw(st.binary(min_size=32, max_size=32)), alphabet, draw(st.integers(6, 20)))
    quantity = draw(st.integers(0, 300))
    return space, draw(st.integers(0, space.size - quantity)), quantity


@given(ranges())
@settings(deadline=None, max_examples=200)
def test_serials_are_distinct_sorted_and_lead_back_to_their_positions(problem):
    space, first, quantity = problem
    serials = space.serials(first, quantity)
    assert len(set(serials)) == quantity
    assert serials == sorted(serials)
    assert all(len(serial) == space.length for serial in serials)
    positions = sorted(space.position_of(serial) for serial in serials)
    assert positions == list(range(first, first + quantity))


@pytest.mark.parametrize("length", [6, 7, 8, 10, 11, 12, 20])
def test_a_large_batch_is_distinct_and_sorted(length):
    rows = CodeSpace(KEY, ALPHANUMERIC, length).mint(10**9, 200_000)
    assert rows.shape == (200_000, length)
    assert rows.dtype == np.uint8
    texts = np.ascontiguousarray(rows).view(f"S{length}").reshape(-1)
    assert (texts[1:] > texts[:-1]).all()


def test_a_batch_is_the_sum_of_its_parts():
    space = CodeSpace(KEY, ALPHANUMERIC, 8)
    parts = space.serials(0, 500) + space.serials(500, 500)
    assert sorted(parts) == space.serials(0, 1000)


def test_equal_left_halves_are_sorted_by_the_right_one():
    # Half of 20 digits is 10^10, so that 50,000 strings hardly miss an equal pair of left halves.
    space = CodeSpace(KEY, CHARACTER_SETS["numeric"], 20)
    assert space.serials(0, 50_000) == sorted(space.serials(0, 50_000))
    wide = CodeSpace(KEY, "01", 64)
    assert wide.serials(0, 1000) == sorted(wide.serials(0, 1000))


def test_another_key_gives_other_serials():
    serials = {CodeSpace(bytes([n]) * 32, ALPHANUMERIC, 8).serials(0, 1)[0] for n in range(50)}
    assert len(serials) == 50


def test_a_whole_space_can_be_minted():
    rows = CodeSpace(KEY, "0123456789", 6).mint(0, 10**6)
    assert rows.tobytes() == "".join(f"{n:06d}" for n in range(10**6)).encode()


@pytest.mark.parametrize(("first", "quantity"), [(0, 10**6 + 1), (10**6, 1), (-1, 1), (5, -1)])
def test_positions_outside_of_the_space_are_refused(first, quantity):
    with pytest.raises(PositionOutOfRange, match="positions from 0 to 999999"):
        CodeSpace(KEY, "0123456789", 6).mint(first, quantity)


def test_the_last_positions_of_the_largest_space():
    space = CodeSpace(KEY, ALPHANUMERIC, 20)
    serials = space.serials(space.size - 3, 3)
    positions = sorted(space.position_of(serial) for serial in serials)
    assert positions == [space.size - 3, space.size - 2, space.size - 1]


@pytest.mark.parametrize("serial", ["", "12345", "1234567", "12345x", "12345é"])
def test_a_foreign_serial_has_no_position(serial):
    with pytest.raises(ForeignSerial):
        CodeSpace(KEY, "0123456789", 6).position_of(serial)


@pytest.mark.parametrize("alphabet", ["10", "0112", "01 ", "0é", "01\\", "9876543210"])
def test_an_alphabet_is_ascending_and_of_character_set_82(alphabet):
    with pytest.raises(InvalidAlphabet):
        CodeSpace(KEY, alphabet, 20)


def test_a_space_below_a_million_is_refused():
    with pytest.raises(UnsupportedDomain, match="1000000"):
        CodeSpace(KEY, "0123456789", 5)
