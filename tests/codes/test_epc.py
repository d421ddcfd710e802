"""EPC URIs and bits come back to their key, and equal two other implementations."""

import pytest
from epc.utils import decode_epc
from epcpy.epc_schemes.grai import GRAI, GRAIFilterValue
from epcpy.epc_schemes.sgtin import SGTIN, SGTINFilterValue
from epcpy.epc_schemes.sscc import SSCC, SSCCFilterValue
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from app.codes import epc_binary, epc_plus
from app.codes.epc_plus import EpcPlus
from app.codes.epc_uri import TAG_SCHEMES, Epc, InvalidEpc, TagUri
from app.codes.errors import CodeError
from app.codes.grai import Grai
from app.codes.gtin import Sgtin
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


@given(st.from_type(Sgtin) | st.from_type(Sscc) | st.from_type(Grai), FILTERS, st.booleans())
@PROPERTY
def test_plus_schemes_come_back(key, filter_value, has_data):
    epc = EpcPlus(key, filter_value, has_data=has_data)
    assert epc_plus.decode(epc_plus.encode(epc)) == epc


@pytest.mark.parametrize(
    ("serial", "encoded"),
    [
        ("0", "010"),
        ("9876", "049A50"),
        ("0123", "240123"),
        ("ABC", "23ABC"),
        ("abc", "43ABC"),
        ("A_z", "6303FCC"),
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
        ("3674257BF6B7A659B2C2BF100000000000000000000000000001", "zeros behind"),
        ("3674257BF6B7A659B2C2BF000000000000000000000000000002", "zeros behind"),
    ],
)
def test_malformed_hex_is_refused(text, reason):
    with pytest.raises(CodeError, match=reason):
        epc_binary.decode(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("F73A9521141123453", "decimal digit"),
        ("F7379521141123453A5", "method 0 to 4, got 5"),
        ("F737952114112345385", "bits more"),
        ("FB302CDE79521141123453010", "kind 4"),
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
