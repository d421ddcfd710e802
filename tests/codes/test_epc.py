"""EPC URIs and bits come back to their key, and equal two other implementations."""

import string
from datetime import date

import pytest
from epc.utils import decode_epc
from epcpy.epc_schemes.grai import GRAI, GRAIFilterValue
from epcpy.epc_schemes.sgtin import SGTIN, SGTINFilterValue
from epcpy.epc_schemes.sscc import SSCC, SSCCFilterValue
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from app.codes import epc_binary, epc_plus, plus_serial
from app.codes.bits import BitReader, BitWriter
from app.codes.check_digit import check_digit
from app.codes.code_path import CodePath
from app.codes.company_prefix import RestrictedPrefix
from app.codes.epc_plus import DATE_KINDS, EpcPlus
from app.codes.epc_uri import TAG_SCHEMES, Epc, InvalidEpc, TagUri
from app.codes.errors import CodeError
from app.codes.grai import Grai
from app.codes.gtin import Gtin, Sgtin
from app.codes.serial_text import CSET_82
from app.codes.sscc import Sscc

PROPERTY = settings(deadline=None, max_examples=300)
FILTERS = st.integers(0, 7)
EPCPY = {"sgtin": SGTIN, "sscc": SSCC, "grai": GRAI}
FILTER_NAMES = {"sgtin": SGTINFilterValue, "sscc": SSCCFilterValue, "grai": GRAIFilterValue}


@given(st.from_type(Epc), FILTERS)
@PROPERTY
def test_every_form_comes_back(epc, filter_value):
    assert Epc.parse(epc.pure_identity()) == epc
    tag = TagUri(epc, epc_binary.scheme_of(epc), filter_value)
    assert TagUri.parse(str(tag)) == tag
    assert epc_binary.decode(epc_binary.encode(epc, filter_value)) == tag


@given(st.from_type(Epc), FILTERS)
@PROPERTY
def test_96_bits_equal_epcpy(epc, filter_value):
    assume(epc_binary.scheme_of(epc).endswith("-96"))
    other = EPCPY[epc.scheme]
    text = epc_binary.encode(epc, filter_value)
    assert other.from_hex(text).epc_uri == epc.pure_identity()
    scheme = other.BinaryCodingScheme(f"{epc.scheme}-96")
    their_filter = FILTER_NAMES[epc.scheme](str(filter_value))
    their_hex = other(epc.pure_identity()).hex(
        binary_coding_scheme=scheme, filter_value=their_filter
    )
    assert their_hex.upper() == text


@given(st.from_type(Epc), FILTERS)
@PROPERTY
def test_text_serials_equal_epc_encoding_utils(epc, filter_value):
    assume(not isinstance(epc.key, Sscc))
    text = epc_binary.encode(epc, filter_value)
    other = decode_epc(text)
    assert hex(other).removeprefix("0x").upper() == text
    assert other.values["filter"] == filter_value
    assert other.values["company_prefix"] == epc.company_prefix
    assert str(other.values["serial_number"]) == epc.serial


@given(st.from_type(Epc), FILTERS, st.booleans())
@PROPERTY
def test_plus_schemes_come_back(epc, filter_value, has_data):
    plus = EpcPlus(epc.key, filter_value, has_data=has_data)
    assert epc_plus.decode(epc_plus.encode(plus)) == plus


@given(st.sampled_from(sorted(DATE_KINDS)), st.dates(date(2000, 1, 1), date(2099, 12, 31)))
@PROPERTY
def test_every_kind_of_date_comes_back(ai, day):
    """TDS 14.5.3: seven kinds; in the Digital Link each has its own application identifier."""
    plus = EpcPlus(Sgtin.parse("79521141123453", "A-1"), 3, day.strftime("%y%m%d"), ai)
    text = epc_plus.encode(plus)
    assert (text[:3], int(text[3], 16)) == ("FB3", DATE_KINDS[ai])
    assert epc_plus.decode(text) == plus
    assert plus.digital_link().endswith(f"/21/A-1?{ai}={day:%y%m%d}")


@pytest.mark.parametrize("day", ["221301", "220001", "220230", "220431", "2206", "22063x"])
def test_a_day_that_is_none_is_refused(day):
    with pytest.raises(CodeError):
        EpcPlus(Sgtin.parse("79521141123453", "1"), 0, day)


def test_a_date_may_be_a_month():
    """GS1 General Specifications 3.4.7: day 00 where only year and month are known."""
    plus = EpcPlus(Sgtin.parse("79521141123453", "1"), 0, "220200", "15")
    assert epc_plus.decode(epc_plus.encode(plus)) == plus


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("FB00379F0931234555192705181C8", "/01/09312345551927/21/12345"),
        ("F7009312345551927A60694ADB9", "/01/09312345551927/21/ABC-12"),
    ],
)
def test_tags_of_others_are_read(text, path):
    """A production date; URN Code 40, written by another program."""
    assert CodePath.parse(text).path == path


def put_by(method, serial):
    """The serial as another writer may have it, who takes this method."""
    bits = BitWriter()
    bits.put(method, 3)
    bits.put(len(serial), 5)
    if method == 0:
        bits.put(int(serial), (10 ** len(serial) - 1).bit_length())
    elif method == 5:
        for start in range(0, len(serial), 3):
            places = [plus_serial.CODE_40.index(symbol) for symbol in serial[start : start + 3]]
            first, second, third = [*places, 0, 0][:3]
            bits.put(1600 * first + 40 * second + third + 1, 16)
    else:
        width = {1: 4, 2: 4, 3: 6, 4: 7}[method]
        for symbol in serial:
            bits.put(plus_serial.SYMBOLS[method].index(symbol), width)
    return bits.hex(multiple=4)


ALPHABETS = {0: string.digits, **plus_serial.SYMBOLS, 4: "".join(CSET_82),
             5: plus_serial.CODE_40[1:]}  # fmt: skip


@given(st.sampled_from(sorted(ALPHABETS)), st.data())
@PROPERTY
def test_every_method_is_read_and_the_shortest_written(method, data):
    """TDS 14.5.6: a less efficient method is allowed; leading zeros stay."""
    serial = data.draw(st.text(ALPHABETS[method], min_size=1, max_size=20))
    theirs = put_by(method, serial)
    assert plus_serial.take_serial(BitReader(theirs)) == serial
    bits = BitWriter()
    plus_serial.put_serial(bits, serial)
    assert len(bits.hex(multiple=4)) <= len(theirs) or serial.startswith("0")


@pytest.mark.parametrize(
    "text",
    [
        "A60000ADB9",  # three symbols of number 0
        "A60694FFFF",  # above 40 * 40 * 40
        "A506940694",  # padded within the length, or too long
        "A20694",  # one symbol more than its length
        "A100010000",  # a filler for a symbol
        "0A3FF",  # a number of more digits than it says
        "C0",
        "E0",
    ],
)
def test_what_is_no_serial_is_refused(text):
    with pytest.raises(CodeError):
        epc_plus.decode(f"F7009312345551927{text}")


@pytest.mark.parametrize(
    ("serial", "encoded"),
    [
        ("0", "010"),
        ("9876", "049A50"),
        ("0123", "240123"),
        ("ABC", "23ABC"),
        ("abc", "43ABC"),
        ("A_z", "6303FCC"),
        ("A-1", "A30A98"),
        ("ABC-12", "A60694ADB9"),
    ],
)
def test_plus_serial_takes_the_shortest_encoding(serial, encoded):
    text = epc_plus.encode(EpcPlus(Sgtin.parse("79521141123453", serial)))
    assert text == f"F7079521141123453{encoded}"


def test_sscc_plus_is_its_digits():
    sscc = Sscc.parse("106141412345678908")
    assert epc_plus.encode(EpcPlus(sscc, 2)) == "F92106141412345678908"
    assert EpcPlus(sscc).digital_link() == "https://id.gs1.org/00/106141412345678908"


@pytest.mark.parametrize("serial", ["0123", str(2**38), "12A", "00"])
def test_sgtin_96_refuses_what_is_no_number_below_2_to_the_38(serial):
    epc = Epc(Sgtin.parse("80614141123458", serial), 7)
    assert epc_binary.scheme_of(epc) == "sgtin-198"
    with pytest.raises(InvalidEpc, match=r"below 2\^38 without leading zeros"):
        epc_binary.encode(epc, scheme="sgtin-96")


def test_sgtin_96_takes_the_largest_number():
    epc = Epc(Sgtin.parse("80614141123458", str(2**38 - 1)), 7)
    assert int(epc_binary.encode(epc), 16) % 2**38 == 2**38 - 1


@pytest.mark.parametrize("prefix_length", [4, 5, 13])
def test_epc_needs_a_prefix_of_6_to_12_digits(prefix_length):
    with pytest.raises(CodeError, match="6 to 12 digits"):
        Epc(Sgtin.parse("80614141123458", "1"), prefix_length)


@pytest.mark.parametrize(
    "uri",
    [
        "urn:epc:id:sgtin:0614141.812345",
        "urn:epc:id:sgtin:0614141.81234.1",
        "urn:epc:id:sgtin:0614141.812345.",
        "urn:epc:id:sgtin:0614141.812345.a/b",
        "urn:epc:id:sgtin:0614141.812345.a%2",
        "urn:epc:id:sgtin:0614141.812345.a%E9",
        "urn:epc:id:sgtin:0614141.81234x.1",
        "urn:epc:id:sscc:0614141.123456789",
        "urn:epc:id:giai:0614141.1",
        "urn:epc:tag:sgtin-96:3.0614141.812345.1",
        "0614141.812345.1",
    ],
)
def test_malformed_pure_identity_is_refused(uri):
    with pytest.raises(CodeError):
        Epc.parse(uri)


@pytest.mark.parametrize(
    "uri",
    [
        "urn:epc:tag:sgtin-96:8.0614141.812345.1",
        "urn:epc:tag:sgtin-96:0614141.812345.1",
        "urn:epc:tag:giai-96:0.0614141.1",
        "urn:epc:tag:sgtin-97:0.0614141.812345.1",
    ],
)
def test_malformed_tag_uri_is_refused(uri):
    with pytest.raises(CodeError):
        TagUri.parse(uri)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("3074257BF7194E4000001A8", "24 digits of sgtin-96, got 23"),
        ("0074257BF7194E4000001A85", "EPC header"),
        ("307C257BF7194E4000001A85", "partition from 0 to 6, got 7"),
        ("3174257BF4499602D2000001", "zero bits"),
        ("3077FFFFFF194E4000001A85", "at most"),
        ("30 4257BF7194E4000001A85", "hexadecimal"),
        ("", "hexadecimal"),
        ("3674257BF6B7A659B2C2BF100000000000000000000000000001", "zeros after"),
        ("3674257BF6B7A659B2C2BF000000000000000000000000000002", "zeros after"),
    ],
)
def test_malformed_hex_is_refused(text, reason):
    with pytest.raises(CodeError, match=reason):
        epc_binary.decode(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("F73A9521141123453", "decimal digit"),
        ("F7379521141123453C5", "method 0 to 5, got 6"),
        ("F737952114112345385", "bits more"),
        ("FB372CDE79521141123453010", "kind 0 to 6, got kind 7"),
        ("30", "EPC header"),
    ],
)
def test_malformed_plus_hex_is_refused(text, reason):
    with pytest.raises(CodeError, match=reason):
        epc_plus.decode(text)


def test_a_class_of_assets_has_no_epc():
    with pytest.raises(InvalidEpc, match="asset class"):
        Epc(Grai.parse("00614141123452"), 7)
    with pytest.raises(InvalidEpc, match="asset class"):
        EpcPlus(Grai.parse("00614141123452"))


def test_a_scheme_of_another_key_is_refused():
    with pytest.raises(InvalidEpc, match="tag scheme of sscc, got 'sgtin-96'"):
        epc_binary.encode(Epc(Sscc.parse("106141412345678908"), 7), scheme="sgtin-96")


def test_tag_schemes_are_the_binary_ones():
    assert tuple(epc_binary.SCHEMES) == TAG_SCHEMES


@pytest.mark.parametrize("filter_value", [-1, 8])
def test_filter_is_0_to_7(filter_value):
    with pytest.raises(InvalidEpc, match="filter from 0 to 7"):
        epc_binary.encode(Epc(Sscc.parse("106141412345678908"), 7), filter_value)


@pytest.mark.parametrize("indicator", range(9))
@pytest.mark.parametrize("prefix_length", [6, 7, 8, 12])
def test_a_gtin_8_stands_behind_five_zeros(indicator, prefix_length):
    """TDS 7.3.2, whatever length of a company prefix is known; also of a case of GTIN-8s."""
    payload = f"{indicator}000009638507"
    epc = Epc(Sgtin.parse(payload + check_digit(payload), "1"), prefix_length)
    assert epc.pure_identity() == f"urn:epc:id:sgtin:00000963.{indicator}8507.1"
    assert epc_binary.decode(epc_binary.encode(epc)).epc == epc
    if indicator == 0:
        assert epc_binary.encode(epc) == "30100001E1884EC000000001"


@pytest.mark.parametrize(
    ("body", "clause"),
    [
        ("000000012345", "7.3.3"), ("000002012345", "7.3.3"), ("000100012345", "7.3.4"),
        ("000712345678", "7.3.4"), ("040000000000", "7.3.4"), ("020000000000", "7.3.5"),
        ("200000000000", "7.3.5"), ("299999999999", "7.3.5"), ("977123456789", "7.3.8.2"),
        ("980123456789", "7.3.7"), ("981123456789", "7.3.6"), ("984123456789", "7.3.6"),
        ("990123456789", "7.3.6"), ("999123456789", "7.3.6"),
    ],
)  # fmt: skip
def test_numbers_of_no_company_have_no_epc(body, clause):
    """TDS 2.3, 7.3.3 to 7.3.8; as URI and on tags they are refused, too."""
    gtin = Gtin(f"0{body}" + check_digit(f"0{body}"))
    with pytest.raises(RestrictedPrefix):
        Epc(Sgtin(gtin, "1"), 7)
    with pytest.raises(RestrictedPrefix):
        EpcPlus(Sgtin(gtin, "1"))
    with pytest.raises(CodeError):
        CodePath.parse(f"urn:epc:id:sgtin:{body[:7]}.0{body[7:]}.1")
    assert CodePath.parse(f"/01/{gtin.value}/21/1").kind == "sgtin", clause


@pytest.mark.parametrize(
    "body",
    ["000001012345", "000009012345", "000010012345", "000812345678", "003012345678",
     "010000000000", "030000000000", "050000000000", "199999999999", "300000000000",
     "976123456789", "978123456789", "979123456789", "985123456789", "952123456789"],
)  # fmt: skip
def test_numbers_next_to_those_have_one(body):
    assert Epc(Sgtin(Gtin(f"0{body}" + check_digit(f"0{body}")), "1"), 7).pure_identity()
