"""Serials that fit 96 bits: distinct, within their bounds, and each one's position is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.codes.alphabets import RFID_NUMERIC, capacity, space_size
from app.codes.code_space import ForeignSerial, PositionOutOfRange
from app.codes.epc_binary import encode
from app.codes.epc_uri import Epc
from app.codes.ff1 import SMALLEST_DOMAIN, UnsupportedDomain
from app.codes.gtin import Sgtin
from app.codes.rfid_space import RfidSpace

KEY = bytes(range(32))
LENGTHS = range(6, 13)


@st.composite
def ranges(draw):
    space = RfidSpace(draw(st.binary(min_size=32, max_size=32)), draw(st.sampled_from(LENGTHS)))
    quantity = draw(st.integers(0, 60))
    return space, draw(st.integers(0, space.size - quantity)), quantity


@given(ranges())
@settings(deadline=None, max_examples=50)
def test_serials_are_distinct_sorted_and_lead_back_to_their_positions(problem):
    space, first, quantity = problem
    serials = space.serials(first, quantity)
    assert len(set(serials)) == quantity
    assert serials == sorted(serials)
    assert all(len(serial) == space.length and serial[0] != "0" for serial in serials)
    assert all(int(serial) < 2**38 for serial in serials)
    positions = sorted(space.position_of(serial) for serial in serials)
    assert positions == list(range(first, first + quantity))


@given(ranges(), st.integers(0, 60))
@settings(deadline=None, max_examples=50)
def test_a_batch_is_the_sum_of_its_parts(problem, cut):
    space, first, quantity = problem
    cut = min(cut, quantity)
    parts = space.serials(first, cut) + space.serials(first + cut, quantity - cut)
    assert sorted(parts) == space.serials(first, quantity)


@given(st.sampled_from(LENGTHS), st.data())
@settings(deadline=None, max_examples=100)
def test_every_number_has_a_position(length, data):
    space = RfidSpace(KEY, length)
    number = data.draw(st.integers(10 ** (length - 1), min(10**length, 2**38) - 1))
    position = space.position_of(str(number))
    assert space.serials(position, 1) == [str(number)]


def test_a_whole_space_can_be_minted():
    rows = RfidSpace(KEY, 6).mint(0, 900_000)
    assert rows.tobytes() == "".join(map(str, range(100_000, 1_000_000))).encode()


@pytest.mark.parametrize("length", LENGTHS)
def test_less_than_two_rounds_over_a_domain_of_a_million(length):
    """NIST SP 800-38G Rev. 1: FF1 needs 1,000,000 strings; walking them must not take long."""
    space = RfidSpace(KEY, length)
    domain = 2**space._ff1.length
    assert domain >= SMALLEST_DOMAIN
    assert space.size <= domain < 2 * space.size
    assert space.size == space_size(RFID_NUMERIC, length) == capacity(RFID_NUMERIC, length, 1)


@pytest.mark.parametrize("length", LENGTHS)
def test_each_has_an_epc_of_96_bits(length):
    space = RfidSpace(KEY, length)
    for serial in space.serials(space.size - 100, 100):
        assert len(encode(Epc(Sgtin.parse("9312345551927", serial), 7))) == 24


def test_a_large_batch_is_distinct_and_sorted():
    rows = RfidSpace(KEY, 12).mint(10**9, 200_000)
    texts = np.ascontiguousarray(rows).view("S12").reshape(-1)
    assert (texts[1:] > texts[:-1]).all()
    assert texts[-1] <= b"274877906943"


@pytest.mark.parametrize(("first", "quantity"), [(0, 900_001), (900_000, 1), (-1, 1), (5, -1)])
def test_positions_outside_of_the_space_are_refused(first, quantity):
    with pytest.raises(PositionOutOfRange, match="positions from 0 to 899999"):
        RfidSpace(KEY, 6).mint(first, quantity)


@pytest.mark.parametrize(
    "serial", ["", "12345", "012345", "1234567", "12345x", "12345é", "12345٣", "-12345", "+12345"]
)
def test_a_foreign_serial_has_no_position(serial):
    with pytest.raises(ForeignSerial):
        RfidSpace(KEY, 6).position_of(serial)


def test_the_largest_number_is_below_2_to_the_38():
    space = RfidSpace(KEY, 12)
    assert 0 <= space.position_of("274877906943") < space.size == 174_877_906_944
    with pytest.raises(ForeignSerial, match="to 274877906943"):
        space.position_of("274877906944")


@pytest.mark.parametrize("length", [1, 5, 13, 20])
def test_other_lengths_are_refused(length):
    with pytest.raises(UnsupportedDomain):
        RfidSpace(KEY, length)
