"""Digital Links come back to their values, and equal biip's."""

import pytest
from biip.gs1_application_identifiers import _GS1_APPLICATION_IDENTIFIERS
from biip.gs1_digital_link_uris import GS1DigitalLinkURI
from hypothesis import given, settings
from hypothesis import strategies as st

from app.codes import digital_link
from app.codes.application_identifiers import InvalidApplicationIdentifier, check_value, is_known
from app.codes.check_digit import InvalidCheckDigit
from app.codes.digital_link import InvalidDigitalLink
from app.codes.errors import CodeError
from app.codes.grai import Grai
from app.codes.gtin import Gtin
from app.codes.serial_text import CSET_82
from app.codes.sscc import Sscc

PROPERTY = settings(deadline=None, max_examples=300)
TEXTS = st.text(sorted(CSET_82), min_size=1, max_size=20)
KEYS = (
    st.from_type(Gtin).map(lambda gtin: ("01", gtin.value))
    | st.from_type(Sscc).map(lambda sscc: ("00", sscc.value))
    | st.from_type(Grai).map(lambda grai: ("8003", grai.value))
)


@st.composite
def values(draw):
    ai, value = draw(KEYS)
    others = ("22", "10", "21", "240", "99") if ai == "01" else ("10", "21", "99")
    pairs = [(name, draw(TEXTS)) for name in others if draw(st.booleans())]
    return dict(draw(st.permutations([(ai, value), *pairs])))


@given(values())
@PROPERTY
def test_a_link_comes_back_and_is_canonical(given_values):
    uri = digital_link.build(given_values)
    link = digital_link.parse(uri)
    assert link.values == given_values
    assert digital_link.canonical(uri) == uri
    assert digital_link.canonical(link.uri("http://brand.example/a/stem/")) == uri


@given(values())
@PROPERTY
def test_a_link_equals_biip(given_values):
    uri = digital_link.build(given_values)
    theirs = GS1DigitalLinkURI.parse(uri)
    assert theirs.as_canonical_uri() == uri
    assert {item.ai.ai: item.value for item in theirs.element_strings} == given_values


def test_application_identifiers_equal_biip():
    assert {f"{n:0{width}d}" for width in (2, 3, 4) for n in range(10**width)
            if is_known(f"{n:0{width}d}")} == set(_GS1_APPLICATION_IDENTIFIERS)  # fmt: skip


@pytest.mark.parametrize(
    ("ai", "value"),
    [
        ("17", "22063"),
        ("17", "22063x"),
        ("10", ""),
        ("10", "x" * 21),
        ("10", "a#b"),
        ("8003", "10614141123452"),
        ("3100", "12345"),
        ("8010", "abc"),
        ("18", "1"),
    ],
)
def test_a_value_outside_of_its_format_is_refused(ai, value):
    with pytest.raises(CodeError):
        check_value(ai, value)


@pytest.mark.parametrize(
    ("ai", "value"),
    [("3105", "123456"), ("3935", "978123"), ("7007", "220630220701"), ("8010", "AB-1/#"),
     ("7258", "1/2"), ("4330", "000100-"), ("253", "4012345000009ABC"), ("99", "x" * 90)],
)  # fmt: skip
def test_a_value_of_its_format_is_taken(ai, value):
    assert check_value(ai, value) == value


@pytest.mark.parametrize(
    "uri",
    [
        "https://a/01/12312312312333/",
        "https://a/01/12312312312333/21",
        "https://a/01/12312312312333/21/",
        "https://a/01/12312312312333/21/A/10/B",
        "https://a/01/12312312312333/21/A/235/B",
        "https://a/01/12312312312333/21/A/21/B",
        "https://a/01/12312312312333?21=A",
        "https://a/01/12312312312333?01=12312312312333",
        "https://a/01/12312312312333?99=A&99=B",
        "https://a/01/12312312312333?99=A+B",
        "https://a/01/12312312312333/21/%FF",
        "https://a/01/12312312312333/21/%C3%A9",
        "https://a/00/106141412345678908/21/A",
        "https://a/",
        "https://a",
        "ftp://a/01/12312312312333",
        "https:///01/12312312312333",
        "https://[/01/12312312312333",
        "https://a/01/123123\n12312333",
        " https://a/01/12312312312333",
        "/01/12312312312333",
    ],
)
def test_malformed_link_is_refused(uri):
    with pytest.raises(CodeError):
        digital_link.parse(uri)


def test_a_wrong_check_digit_is_refused_unless_allowed():
    uri = "https://a/01/12312312312334/21/A"
    with pytest.raises(InvalidCheckDigit, match="AI 01: Expected check digit 3"):
        digital_link.parse(uri)
    assert digital_link.parse(uri, check_digits=False).key == ("01", "12312312312334")


def test_the_last_key_in_the_path_counts():
    link = digital_link.parse("https://a/01/12312312312326/00/106141412345678908")
    assert link.key == ("00", "106141412345678908")


def test_a_value_that_looks_like_a_key_is_a_value():
    link = digital_link.parse("https://a/01/12312312312333/10/01/21/00")
    assert link.qualifiers == {"10": "01", "21": "00"}


def test_unknown_names_in_the_query_are_dropped_and_the_fragment_too():
    link = digital_link.parse("https://a/01/12312312312333?linkType=all&99=A#top")
    assert link.query == (("99", "A"),)


def test_a_link_needs_a_key():
    with pytest.raises(InvalidDigitalLink, match="Expected a key, got only 21"):
        digital_link.build({"21": "A"})


def test_build_refuses_what_parse_would():
    with pytest.raises(InvalidApplicationIdentifier):
        digital_link.build({"01": "12312312312333", "21": "a b"})
    with pytest.raises(InvalidDigitalLink):
        digital_link.build({"01": "12312312312333", "21": "a", "235": "b"})
