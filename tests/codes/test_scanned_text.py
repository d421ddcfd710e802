"""Whatever a scanner hands in is read as the one path it names, or refused in no time."""

import re
import time
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.codes import epc_binary, epc_plus
from app.codes.code_path import CodePath, of_key
from app.codes.element_string import GS, parse
from app.codes.epc_plus import EpcPlus
from app.codes.epc_uri import Epc, TagUri
from app.codes.errors import CodeError
from app.codes.grai import Grai
from app.codes.gtin import Sgtin
from app.codes.scanned_text import (
    LONGEST_TEXT,
    is_plain,
    other_path_of,
    path_of,
    path_of_key,
    path_of_link,
    paths_of,
)
from app.codes.sscc import Sscc
from tests.codes.conftest import serials

PROPERTY = settings(deadline=None, max_examples=300)
KEYS = st.from_type(Sgtin) | st.from_type(Sscc) | st.from_type(Grai)
HOSTS = st.sampled_from(
    ["id.example.com", "ID.Example.COM", "id.example.com.", "id.example.com:443", "h:80", "[::1]",
     "a.example.:443", "192.0.2.1", "localhost:8055", "user@a.example"]
)  # fmt: skip
SCHEMES = st.sampled_from(["https://", "http://", "HTTPS://", "Http://"])
STEMS = st.sampled_from(["", "/stem", "/some/stem", "/01/09312345551927/some", "/r"])
QUERIES = st.lists(
    st.sampled_from(["2026=1", "17=2712", "17=271231", "21=other", "21=", "=", "10=a b", "01=1",
                     "linkType=gs1:pip", "utm_source=%ZZ", "utm=%FF", "9999", "00=1;01=2"]),
    max_size=5,
).map("&".join)  # fmt: skip
AROUND = st.text(" \t\r\n\x00\x02\x03\x04\x1d\x1e\ufeff\xa0", max_size=4)
LOTS = st.sampled_from([None, "LOT-1", "a/b", "01", "21"])


def values_of(key):
    """Application identifiers of a key, and its values."""
    match key:
        case Sgtin(gtin, serial):
            return {"01": gtin.value, "21": serial}
        case Sscc(value):
            return {"00": value}
        case _:
            return {"8003": key.value}


@st.composite
def links(draw, key):
    values = values_of(key)
    if "01" in values:
        gtin = values["01"]
        lengths = [size for size in (8, 12, 13) if not gtin[:-size].strip("0")] + [14]
        values["01"] = gtin[-draw(st.sampled_from(lengths)) :]
        if lot := draw(LOTS):
            values = {"01": values["01"], "10": lot, "21": values["21"]}
    safe = draw(st.sampled_from(["-._~", "-._~!'()*,:;=", ""]))
    path = "".join(f"/{ai}/{quote(value, safe=safe)}" for ai, value in values.items())
    scheme = draw(SCHEMES | st.just(""))
    host = draw(HOSTS if scheme else HOSTS.filter(lambda host: host[0] != "["))
    query = draw(QUERIES)
    fragment = draw(st.sampled_from(["", "#", "#top", "#/21/x"]))
    slashes = draw(st.sampled_from(["", "/", "//"]))
    return f"{scheme}{host}{draw(STEMS)}{path}{slashes}{query and '?' + query}{fragment}"


@st.composite
def element_strings(draw, key):
    values = values_of(key)
    if lot := draw(LOTS):
        values["10"] = lot
    if draw(st.booleans()):
        values["17"] = "271231"
    if draw(st.booleans()):
        # A separator is needed behind what has no set length, and allowed behind all.
        fixed = draw(st.sampled_from(["", GS, " "]))
        row = "".join(
            ai + value + (fixed if ai in ("00", "01", "17") else GS) for ai, value in values.items()
        )
        return draw(st.sampled_from(["", "]d2", "]Q3", "]C1", "]e0", "]J1", GS, f"]d2{GS}"])) + row
    space = draw(st.sampled_from(["", " "]))
    escaped = {ai: value.replace("(", r"\(") for ai, value in values.items()}
    return space.join(f"({ai}){space}{value}" for ai, value in escaped.items())


@given(KEYS, st.data(), AROUND, AROUND)
@PROPERTY
def test_any_form_of_a_key_is_read_as_its_path(key, data, before, behind):
    form = data.draw(links(key) | element_strings(key))
    assert path_of(before + form + behind) == of_key(key).path


@given(st.from_type(Epc), st.integers(0, 7), st.booleans(), AROUND, st.sampled_from(["", "]d1"]))
@PROPERTY
def test_epcs_are_read_in_any_case(epc, filter_value, is_lower, around, symbology):
    hexes = [epc_binary.encode(epc, filter_value), epc_plus.encode(EpcPlus(epc.key, filter_value))]
    uris = [epc.pure_identity(), str(TagUri(epc, epc_binary.scheme_of(epc), filter_value))]
    opened = [re.sub("^urn:epc:(id|tag)", lambda found: found[0].upper(), uri) for uri in uris]
    forms = [text.lower() if is_lower else text for text in hexes] + uris + opened
    path = of_key(epc.key).path
    assert paths_of([around + symbology + form + around for form in forms]) == [path] * len(forms)


@given(
    st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="/"), min_size=1),
    SCHEMES,
    st.sampled_from(["Brand.example", "brand.example.", "BRAND.example:443", "brand.example.:80"]),
    QUERIES,
)
@PROPERTY
def test_any_form_of_a_short_code_is_read_as_its_path(code, scheme, host, query):
    path = f"brand.example/{code}"
    escaped = quote(code, safe="")
    assert path_of(f"{host}/{code}") == path
    assert path_of(f"{scheme}{host}/{escaped}/?{query}") == path
    assert path_of(f"{scheme}mintage.example/r/{host}/{escaped}?{query}") == path
    assert path_of_link(f"/r/{host}/{escaped}/") == path


@given(KEYS | st.builds(Sgtin.parse, st.just("96385074"), serials(20)))
@PROPERTY
def test_a_stored_path_is_taken_as_it_is(key):
    """Whatever its serial looks like: escapes, slashes, queries."""
    path = of_key(key).path
    assert path_of(path) == path == CodePath.parse(path).path


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("0109312345551927 21ABC", "/01/09312345551927/21/ABC"),
        ("01 09312345551927 21 ABC", "/01/09312345551927/21/ABC"),
        ("010931234555192721ABC", "/01/09312345551927/21/ABC"),
        ("010931234555192710L1\x1d21a/b", "/01/09312345551927/21/a/b"),
        ("010931234555192721a/b", "/01/09312345551927/21/a/b"),
        ("10L1\x1d010931234555192721ABC", "/01/09312345551927/21/ABC"),
        ("0109312345551927", "/01/09312345551927"),
        ("(01)9312345551927 (21) ABC", "/01/09312345551927/21/ABC"),
        ("(01)09312345551927(10)L(21)A(B)", "/01/09312345551927/21/A(B)"),
        ("(01)09312345551927(21)A(2026)1", "/01/09312345551927/21/A(2026)1"),
        ("(01)96385074(21)1", "/01/00000096385074/21/1"),
        ("]d20109312345551927999921ABC\x1d21X", "/01/09312345551927/21/X"),
        ("(00)106141412345678908", "/00/106141412345678908"),
        ("00106141412345678908", "/00/106141412345678908"),
        ("]C100106141412345678908", "/00/106141412345678908"),
        ("00106141412345678908(02)", None),
        ("(8003)00614141123452400", "/8003/00614141123452400"),
        ("800300614141123452400\x1d", "/8003/00614141123452400"),
        ("(8003)00614141123452", "/8003/00614141123452"),
        ("(01)09312345551925(21)x", "/01/09312345551925/21/x"),
        ("(01)09312345551927(21)A(21)B", None),
        ("(01)09312345551927(21)", None),
        ("(02)09312345551927(37)5", None),
        ("(21)ABC", None),
        ("(01)0931234555192(99)1", "/01/00931234555192"),
        ("(1)09312345551927", None),
        ("(01", None),
        ("]d2", None),
        ("]d2https://a.example/x", None),
        ("]Q1https://a.example/x", "a.example/x"),
        ("]Q1HTTPS://A.EXAMPLE/x", "a.example/x"),
        ("0123456789012345.example/x", "0123456789012345.example/x"),
        ("https://id.example.com/01/09312345551927?21=ABC", "/01/09312345551927"),
        ("id.example.com/01/09312345551927/21/ABC", "/01/09312345551927/21/ABC"),
        ("//01/09312345551927/21/ABC", "/01/09312345551927/21/ABC"),
        ("/01/96385074/21/1", "/01/00000096385074/21/1"),
        ("/01/9312345551927/10/L/21/%31/?17=", "/01/09312345551927/21/1"),
        ("https://user@brand.example/x", None),
        ("https://brand.example/a/b", None),
        ("https://brand.example:8443/x", "brand.example:8443/x"),
        ("urn:epc:raw:96.xD7BDCA03B80610826432DAD3", "urn:epc:raw:96.xD7BDCA03B80610826432DAD3"),
        ("urn:epc:id:sgtin:2012345.011111.1", None),
        ("EPC", None),
    ],
)
def test_a_text_and_its_path(text, path):
    assert paths_of([text]) == [path]


def test_element_strings_have_all_their_values():
    """GS1 General Specifications 7.8.5: which values end by themselves."""
    row = f"0109312345551927172712313103000250412501234123457610L1{GS}21A"
    assert parse(row) == {
        "01": "09312345551927", "17": "271231", "3103": "000250", "412": "5012341234576",
        "10": "L1", "21": "A",
    }  # fmt: skip


HOSTILE = st.one_of(
    st.builds(
        lambda opening, piece, times, end: opening + piece * times + end,
        st.sampled_from(["", "/", "/01/", "https://", "https://a/", "urn:epc:id:sgtin:", "30", "F7",
                         "(01)", "]d2", "01", "0109312345551927", "a.", "//", "https://a/01/"]),
        st.sampled_from(["a", "a.", ".", "/", "/01/", "(", "(21)", "\\(", "01", "21", "%", "%2F",
                         GS, " ", "0", "F", "-", "a-", ":", "&", "21\x1d", "?", "#", "é", "٣"]),
        st.integers(0, 2500),
        st.sampled_from(["", "!", "\n", "/", "\x00", "\x1d", ")", "."]),
    ),
    st.text(max_size=200),
)  # fmt: skip


@given(HOSTILE)
@PROPERTY
def test_no_text_takes_long_or_raises_anything_else(text):
    start = time.process_time()
    try:
        path = path_of(text)
    except CodeError:
        pass
    else:
        assert len(text) <= LONGEST_TEXT
        assert path_of(path) == path
    assert time.process_time() - start < 0.25


def test_what_is_longer_than_a_link_can_be_is_not_looked_at():
    with pytest.raises(CodeError, match="at most 2048 characters, got 4000000"):
        path_of("a" * 4_000_000)


@given(
    st.one_of(
        KEYS.map(path_of_key), st.text(max_size=40), st.from_regex(r"/01/[0-9]{14}/21/[ -~]{1,21}")
    )
)
def test_a_plain_key_is_nothing_else(text):
    if is_plain(text):
        assert path_of(text) == text
        assert other_path_of(text) is None
