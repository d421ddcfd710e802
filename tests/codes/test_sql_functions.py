"""The SQL functions of computed fields equal the Python ones for any code."""

from pathlib import Path

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import app
from app.codes import epc_binary
from app.codes.code_path import CodeKind, CodePath, of_key
from app.codes.digital_link import percent_encode
from app.codes.epc_uri import Epc

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
