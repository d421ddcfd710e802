"""GTIN, SSCC and GRAI: their check digits, parts, and what is refused."""

import numpy as np
import pytest
from biip.checksums import gs1_standard_check_digit
from hypothesis import given, settings
from hypothesis import strategies as st

from app.codes.check_digit import InvalidCheckDigit, NotDigits, check_digit
from app.codes.company_prefix import InvalidCompanyPrefix
from app.codes.grai import Grai
from app.codes.gtin import Gtin, Sgtin, normalise
from app.codes.serial_text import InvalidSerial
from app.codes.sscc import Sscc, SsccRangeExhausted, sscc_capacity, sscc_rows

PROPERTY = settings(deadline=None)


@given(st.text("0123456789", min_size=1, max_size=20))
@PROPERTY
def test_check_digit_equals_biip(payload):
    assert check_digit(payload) == str(gs1_standard_check_digit(payload))


@given(st.from_type(Gtin), st.integers(4, 12))
@PROPERTY
def test_gtin_is_built_from_its_parts(gtin, prefix_length):
    assert Gtin.build(int(gtin.indicator), *gtin.split(prefix_length)) == gtin
    assert Gtin.parse(gtin.value) == gtin


@given(st.from_type(Sscc), st.integers(4, 12))
@PROPERTY
def test_sscc_is_built_from_its_parts(sscc, prefix_length):
    prefix, reference = sscc.split(prefix_length)
    assert Sscc.build(int(sscc.extension_digit), prefix, int(reference)) == sscc


@given(st.from_type(Grai), st.integers(4, 12))
@PROPERTY
def test_grai_is_built_from_its_parts(grai, prefix_length):
    assert Grai.build(*grai.split(prefix_length), grai.serial) == grai
    assert Grai.parse(grai.value) == grai


@pytest.mark.parametrize(
    ("gtin", "gtin14"),
    [
        ("96385074", "00000096385074"),
        ("614141123452", "00614141123452"),
        ("6291041500213", "06291041500213"),
        ("98765432109213", "98765432109213"),
    ],
)
def test_gtin_of_any_length_has_14_digits(gtin, gtin14):
    assert normalise(gtin) == gtin14


@pytest.mark.parametrize("value", ["", "123", "9638507X", "९६३८५०७४", "963850741", "-6385074"])
def test_gtin_of_another_shape_is_refused(value):
    with pytest.raises(NotDigits):
        normalise(value)


def test_messages_say_what_was_expected():
    with pytest.raises(NotDigits, match=r"Expected 18 digits, got 3\."):
        Sscc.parse("123")
    with pytest.raises(InvalidCheckDigit, match=r"digit 7 in 5901234123458, got 8\."):
        normalise("5901234123458")


# The vectors of the generation rules.
@pytest.mark.parametrize(
    ("extension", "prefix", "serial", "sscc"),
    [
        (0, "0614141", 0, "006141410000000005"),
        (0, "0614141", 1, "006141410000000012"),
        (3, "0614141", 234567890, "306141412345678902"),
        (1, "0712132", 1, "107121320000000014"),
        (9, "952123456789", 9999, "995212345678999990"),
    ],
)
def test_sscc_of_a_serial_reference(extension, prefix, serial, sscc):
    assert Sscc.build(extension, prefix, serial).value == sscc
    assert sscc_rows(extension, prefix, serial, 1).tobytes() == sscc.encode()


def test_grai_of_prefix_and_type():
    grai = Grai.build("0614141", "12345", "400")
    assert (grai.asset_type, grai.value) == ("00614141123452", "00614141123452400")


@given(st.integers(0, 9), st.integers(4, 12), st.data())
@PROPERTY
def test_sscc_rows_equal_the_single_ones(extension, prefix_length, data):
    prefix = data.draw(st.text("0123456789", min_size=prefix_length, max_size=prefix_length))
    first = data.draw(st.integers(0, sscc_capacity(prefix) - 50))
    expected = [Sscc.build(extension, prefix, first + n).value for n in range(50)]
    assert sscc_rows(extension, prefix, first, 50).tobytes() == "".join(expected).encode()


def test_sscc_rows_have_18_digits_each():
    rows = sscc_rows(3, "0614141", 0, 100_000)
    assert (rows.shape, rows.dtype) == ((100_000, 18), np.uint8)
    assert sscc_rows(3, "0614141", 0, 0).shape == (0, 18)


@pytest.mark.parametrize(("first", "quantity"), [(9999, 2), (10_000, 1), (-1, 1)])
def test_sscc_never_wraps(first, quantity):
    with pytest.raises(SsccRangeExhausted, match="from 0 to 9999 after company prefix"):
        sscc_rows(9, "952123456789", first, quantity)


@pytest.mark.parametrize("prefix", ["123", "1234567890123", "06141x1", ""])
def test_company_prefix_has_4_to_12_digits(prefix):
    with pytest.raises(InvalidCompanyPrefix):
        sscc_rows(0, prefix, 0, 1)


@pytest.mark.parametrize("extension", [-1, 10])
def test_extension_is_one_digit(extension):
    with pytest.raises(NotDigits):
        sscc_rows(extension, "0614141", 0, 1)


@pytest.mark.parametrize("serial", ["", "x" * 21, "a#b", "a b", "é"])
def test_serial_is_1_to_20_characters_of_set_82(serial):
    with pytest.raises(InvalidSerial):
        Sgtin.parse("614141123452", serial)


@pytest.mark.parametrize("value", ["10614141123459", "0061414112345", "00614141123453"])
def test_grai_starts_with_0_and_has_a_right_check_digit(value):
    with pytest.raises((NotDigits, InvalidCheckDigit)):
        Grai.parse(value)


def test_grai_serial_has_at_most_16_characters():
    with pytest.raises(InvalidSerial, match="1 to 16 characters, got 17"):
        Grai.parse("00614141123452" + "x" * 17)
