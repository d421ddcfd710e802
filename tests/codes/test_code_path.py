"""Every form of a code leads to its one path."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.codes import epc_binary, epc_plus
from app.codes.code_path import (
    CodeKind,
    CodePath,
    grai_prefix,
    of_key,
    sgtin_prefix,
    short_code_prefix,
    sscc_prefix,
)
from app.codes.epc_plus import EpcPlus
from app.codes.epc_uri import Epc, TagUri
from app.codes.errors import CodeError
from app.codes.scanned_text import UnknownCodePath

PROPERTY = settings(deadline=None, max_examples=300)


@given(st.from_type(Epc), st.integers(0, 7))
@PROPERTY
def test_every_form_of_a_gs1_key_has_one_path(epc, filter_value):
    code = of_key(epc.key)
    tag = TagUri(epc, epc_binary.scheme_of(epc), filter_value)
    forms = [
        code.path,
        code.url("brand.example"),
        epc.pure_identity(),
        str(tag),
        epc_binary.encode(epc, filter_value),
        epc_plus.encode(EpcPlus(epc.key, filter_value)),
    ]
    assert {CodePath.parse(form) for form in forms} == {code}
    assert code.key == epc.key


@given(
    st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="/"), min_size=1)
)
@PROPERTY
def test_a_short_code_comes_back(serial):
    code = CodePath(CodeKind.SHORT_CODE, "brand.example/", serial)
    assert CodePath.parse(code.path) == code
    assert CodePath.parse(code.url("elsewhere.example")) == code


@given(
    st.sampled_from(
        [
            "",
            "/",
            "/01/",
            "/8003/",
            "https://",
            "https://[",
            "https://a/01/",
            "urn:epc:id:sgtin:",
            "urn:epc:tag:grai-170:",
            "30",
            "F7",
            "FB34",
            "a.example/",
        ]
    ),
    st.text() | st.text("0123456789ABCDEF.:/%?&=[]", max_size=60),
)
@PROPERTY
def test_any_text_has_a_path_or_a_refusal_of_ours(opening, rest):
    try:
        code = CodePath.parse(opening + rest)
    except CodeError:
        return
    assert CodePath.parse(code.path) == code


@pytest.mark.parametrize(
    ("text", "kind", "prefix", "serial"),
    [
        ("/01/09312345551927/21/17DZfpiY", "sgtin", "/01/09312345551927/21/", "17DZfpiY"),
        ("/01/09312345551927/21/a/b%2F", "sgtin", "/01/09312345551927/21/", "a/b%2F"),
        ("/00/107121321000000011", "sscc", "/00/", "107121321000000011"),
        ("/8003/00614141123452400", "grai", "/8003/00614141123452", "400"),
        ("brand.example/x7Kp", "short_code", "brand.example/", "x7Kp"),
        ("Localhost:8055/x7Kp", "short_code", "localhost:8055/", "x7Kp"),
        ("https://Brand.example/x7Kp?utm=1#a", "short_code", "brand.example/", "x7Kp"),
        ("HTTP://brand.example/x7Kp", "short_code", "brand.example/", "x7Kp"),
        ("https://a.example/s/01/614141123452/10/L/21/x?17=220630", "sgtin",
         "/01/00614141123452/21/", "x"),
    ],
)  # fmt: skip
def test_a_form_is_taken_apart(text, kind, prefix, serial):
    code = CodePath.parse(text)
    assert (code.kind, code.prefix, code.serial) == (kind, prefix, serial)
    assert code.path == prefix + serial


def test_a_path_with_a_wrong_check_digit_still_names_its_row():
    link = "https://brand.example/01/09312345551386/21/x"
    assert CodePath.parse(link) == CodePath.parse("/01/09312345551386/21/x")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x7Kp",
        "/",
        "/01/09312345551927",
        "/01/09312345551927/21/",
        "/01/931234555192721/21/x",
        "/01/09312345551927/10/x",
        "/00/10712132100000001",
        "/00/1071213210000000111",
        "/8003/00614141123452",
        "/8003/10614141123452x",
        "/414/9501234123457",
        "a b.example/x",
        "brand.example/",
        "brand.example/a/b",
        "brand.example/a b",
        "-brand.example/x",
        "https://brand.example/",
        "https://brand.example",
        "https://brand.example/a/b",
        "https://brand.example/01/09312345551927",
        "https://brand.example/8003/00614141123452",
        "https://brand.example/414/9501234123457",
        "https://user@brand.example/x7Kp",
        "urn:epc:id:giai:0614141.1",
        "urn:epc:tag:sgtin-96:3",
        "3074257BF7194E4000001A8",
        "F73795211411234",
        "/01/09312345551927/21/a\nb",
    ],
)
def test_a_text_in_no_form_is_refused(text):
    with pytest.raises(CodeError):
        CodePath.parse(text)


def test_the_refusal_lists_the_forms():
    with pytest.raises(UnknownCodePath, match=r"Digital Link, an EPC URI .* got 'x7Kp'"):
        CodePath.parse("x7Kp")


def test_prefixes():
    assert sgtin_prefix("09312345551927") == "/01/09312345551927/21/"
    assert grai_prefix("00614141123452") == "/8003/00614141123452"
    assert sscc_prefix(1, "0712132") == "/00/10712132"
    assert short_code_prefix("Brand.Example") == "brand.example/"


@pytest.mark.parametrize(
    ("build", "arguments"),
    [
        (sgtin_prefix, ["614141123452"]),
        (grai_prefix, ["0061414112345"]),
        (sscc_prefix, [10, "0712132"]),
        (sscc_prefix, [1, "071"]),
        (short_code_prefix, ["brand.example/"]),
    ],
)
def test_malformed_prefix_is_refused(build, arguments):
    with pytest.raises(CodeError):
        build(*arguments)
