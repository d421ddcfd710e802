"""The SQL functions of computed fields equal the Python ones for any code."""

from pathlib import Path

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import app
from app.codes import epc_binary
from app.codes.check_digit import check_digit
from app.codes.code_epc import epc_of, extended_id
from app.codes.code_path import CodeKind, CodePath, of_key
from app.codes.company_prefix import is_restricted
from app.codes.digital_link import percent_encode
from app.codes.epc_uri import Epc
from app.codes.grai import Grai
from app.codes.gtin import Sgtin
from app.codes.sscc import Sscc
from tests.codes.conftest import serials

FUNCTIONS = Path(app.__file__).parent / "database" / "functions.sql"
PROPERTY = settings(deadline=None, max_examples=300)
SHORT_CODES = st.text("abcXYZ019-_.~!%?#&", min_size=1, max_size=20).map(
    lambda serial: CodePath(CodeKind.SHORT_CODE, "brand.example/", serial)
)


@pytest.fixture(scope="module")
def sql(database_url):
    """Run one expression; the functions live in a transaction that is never committed."""
    with psycopg.connect(database_url.replace("+psycopg", "")) as connection:
        connection.execute("CREATE SCHEMA codes_functions; SET search_path TO codes_functions")
        connection.execute(FUNCTIONS.read_text())
        yield lambda expression, *values: connection.execute(
            f"SELECT {expression}", values
        ).fetchone()
        connection.rollback()


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
@PROPERTY
def test_percent_encoding(sql, text):
    assert sql("gs1_percent_encode(%s)", text) == (percent_encode(text),)


@given(st.from_type(Epc).map(lambda epc: of_key(epc.key)) | SHORT_CODES)
@PROPERTY
def test_digital_link(sql, code):
    url = code.url("host.example")
    assert sql("gs1_digital_link(%s, 'host.example')", code.path) == (url,)


@given(st.from_type(Epc), st.integers(0, 7))
@PROPERTY
def test_epc_uri_and_hex(sql, epc, filter_value):
    path, length = of_key(epc.key).path, epc.prefix_length
    found = sql("gs1_epc_uri(%s, %s), gs1_epc_hex(%s, %s, %s)",
                path, length, path, length, filter_value)  # fmt: skip
    assert found == (epc.pure_identity(), epc_binary.encode(epc, filter_value))


PATHS = st.from_type(Sgtin) | st.from_type(Sscc) | st.from_type(Grai)
# Any digits: of ten check digits nine are wrong, of company prefixes a quarter is restricted.
DIGITS = st.one_of(
    st.text("0123456789", min_size=14, max_size=14),
    st.sampled_from(["02", "04", "20", "29", "977", "980", "984", "99", "0001", "0008", "000002"])
    .map(lambda prefix: f"0{prefix}".ljust(13, "3"))
    .map(lambda payload: payload + check_digit(payload)),
)
ODD = st.one_of(
    st.builds("/01/{}/21/{}".format, DIGITS, serials(20)),
    st.builds("/8003/{}{}".format, DIGITS, serials(16)),
    st.builds("/00/{}{}".format, DIGITS, st.integers(1000, 9999)),
    st.builds("/01/{}".format, DIGITS),
    st.builds("/8003/{}".format, DIGITS),
    st.sampled_from(["/01/", "/01/1/21/x", "/00/1", "/414/9501234123457", "", "x", "/"]),
    SHORT_CODES.map(lambda code: code.path),
)
LENGTHS = st.none() | st.integers(4, 13)


@given(PATHS.map(lambda key: of_key(key).path) | ODD, LENGTHS)
@settings(deadline=None, max_examples=1000)
def test_what_has_an_epc_and_what_has_not(sql, path, length):
    """GTIN-8s, wrong check digits, restricted prefixes, lengths nobody knows: SQL as Python."""
    found = sql("gs1_epc_uri(%s, %s), gs1_epc_hex(%s, %s, 0), gs1_extended_id(%s, %s)",
                *[path, length] * 3)  # fmt: skip
    epc = epc_of(path, length)
    forms = (None, None) if epc is None else (epc.pure_identity(), epc_binary.encode(epc))
    assert found == (*forms, extended_id(path, length))


def test_the_restricted_prefixes_are_those_of_python(sql):
    """TDS 2.3, 7.3.3 to 7.3.8: every company prefix of 4 digits, and those behind five zeros."""
    prefixes = [f"{n:04d}" for n in range(10_000)] + [f"0000{n:04d}" for n in range(1000)]
    (found,) = sql("(SELECT array_agg(p) FROM unnest(%s::text[]) AS p WHERE gs1_is_restricted(p))",
                   prefixes)  # fmt: skip
    assert found == [prefix for prefix in prefixes if is_restricted(prefix)]


@pytest.mark.parametrize(
    ("path", "length", "uri", "name"),
    [
        ("/01/00000096385074/21/1", None, "urn:epc:id:sgtin:00000963.08507.1",
         "30100001E1884EC000000001"),
        ("/01/00000096385074/21/1", 7, "urn:epc:id:sgtin:00000963.08507.1",
         "30100001E1884EC000000001"),
        ("/01/09312345551925/21/bad2", 7, None, None),
        ("/00/106141412345678909", 7, None, None),
        ("/8003/00614141123453400", 7, None, None),
        ("/01/02012345678903/21/1", 7, None, None),
        ("/01/00000020123455/21/1", 7, None, None),
        ("/01/09312345551927/21/x", None, None, "/01/09312345551927/21/x"),
        ("/01/09312345551925/21/x", None, None, None),
        ("/01/09312345551927", 7, None, "/01/09312345551927"),
        ("brand.example/x7Kp", None, None, "brand.example/x7Kp"),
        ("urn:epc:raw:96.xD7BDCA03B80610826432DAD3", 7, None,
         "urn:epc:raw:96.xD7BDCA03B80610826432DAD3"),
        (None, 7, None, None),
    ],
)  # fmt: skip
def test_names_of_codes(sql, path, length, uri, name):
    found = sql("gs1_epc_uri(%s, %s), gs1_extended_id(%s, %s)", *[path, length] * 2)
    assert found == (uri, name)
    if path is not None:
        assert extended_id(path, length) == name


@pytest.mark.parametrize(
    ("path", "prefix_length", "filter_value"),
    [
        ("/01/09312345551927/21/x", None, 0),
        ("/01/09312345551927/21/x", 5, 0),
        ("/01/09312345551927/21/x", 13, 0),
        ("/01/09312345551927/21/", 7, 0),
        ("/01/09312345551927/21/a b", 7, 0),
        ("/01/09312345551927/21/é", 7, 0),
        ("/01/09312345551927/21/xxxxxxxxxxxxxxxxxxxxx", 7, 0),
        ("/01/09312345551927", 7, 0),
        ("/00/10712132100000001", 7, 0),
        ("/8003/00614141123452", 7, 0),
        ("/8003/10614141123452x", 7, 0),
        ("/414/9501234123457", 7, 0),
        ("brand.example/x7Kp", 7, 0),
        ("", 7, 0),
        (None, 7, 0),
    ],
)
def test_what_has_no_epc_is_null(sql, path, prefix_length, filter_value):
    found = sql("gs1_epc_uri(%s, %s), gs1_epc_hex(%s, %s, %s)",
                path, prefix_length, path, prefix_length, filter_value)  # fmt: skip
    assert found == (None, None)


@pytest.mark.parametrize("filter_value", [None, -1, 8])
def test_bits_need_a_filter_of_0_to_7(sql, filter_value):
    assert sql("gs1_epc_hex('/00/107121321000000011', 7, %s)", filter_value) == (None,)


@pytest.mark.parametrize(
    ("path", "host", "link"),
    [
        ("/01/09312345551927", "h.example", "https://h.example/01/09312345551927"),
        ("brand.example/x7Kp", None, "https://brand.example/x7Kp"),
        ("/01/09312345551927/21/x", None, None),
        (None, "h.example", None),
        ("/414/9501234123457", "h.example", None),
        ("brand.example/", "h.example", None),
        ("x7Kp", "h.example", None),
    ],
)
def test_digital_link_of_other_paths(sql, path, host, link):
    assert sql("gs1_digital_link(%s, %s)", path, host) == (link,)


def test_every_function_is_immutable_and_parallel_safe(sql):
    assert sql("""bool_and(provolatile = 'i' AND proparallel = 's') FROM pg_proc
                  WHERE pronamespace = 'codes_functions'::regnamespace""") == (True,)
