"""From a link as it was printed back to the code (GS1 Digital Link URI Syntax; systems.md 7.1)."""

from urllib.parse import unquote

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.codes.errors import CodeError
from app.codes.serial_text import CSET_82
from app.domains.scan.scanned_key import ScannedKey, of_link_path, of_short_link, of_text

HOST = "id.example.com"
_SERIALS = st.text(sorted(CSET_82), min_size=1, max_size=20)
_DIGITS = st.text("0123456789", min_size=13, max_size=13)
_SHORT = st.text([chr(n) for n in range(0x21, 0x7F) if chr(n) != "/"], min_size=1, max_size=20)
KEYS = st.one_of(
    st.builds("/01/{}{}/21/{}".format, st.integers(0, 9), _DIGITS, _SERIALS),
    st.builds("/8003/0{}{}".format, _DIGITS, st.text(sorted(CSET_82), min_size=1, max_size=16)),
    st.builds("/00/{}{}".format, _DIGITS, st.integers(10000, 99999)),
    st.builds("go.example.com/{}".format, _SHORT),
)


@given(keys=st.lists(KEYS, min_size=20, max_size=60))
@settings(max_examples=40, deadline=None)
def test_every_link_the_database_computes_leads_back_to_its_code(domains_url, keys):
    """The same function as `unique_code.digital_link`, for all four types."""
    with psycopg.connect(domains_url) as connection:
        links = connection.execute(
            "SELECT key, gs1_digital_link(key, %s) FROM unnest(%s::text[]) AS key", [HOST, keys]
        ).fetchall()
    assert len(links) == len(keys)
    for key, link in links:
        host, _, path = link.removeprefix("https://").partition("/")
        assert not {"?", "#"} & set(path)
        is_short = host != HOST
        found = of_short_link(host, unquote(path)) if is_short else of_link_path(f"/{path}")
        assert found.key == of_text(link).key == key


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("/01/09312345551927", ScannedKey("/01/09312345551927", "/01/09312345551927")),
        ("/01/96385074", ScannedKey("/01/00000096385074", "/01/00000096385074")),
        ("/01/09312345551927//", ScannedKey("/01/09312345551927", "/01/09312345551927")),
        ("/r/GO.example.com./x7Kp/", ScannedKey("go.example.com/x7Kp", None, "x7Kp")),
        (
            "/01/614141123452/22/V/10/L/21/S",
            ScannedKey("/01/00614141123452/21/S", "/01/00614141123452", "S"),
        ),
        ("/8003/00614141123452", ScannedKey("/8003/00614141123452", "/8003/00614141123452")),
        (
            "/8003/00614141123452400",
            ScannedKey("/8003/00614141123452400", "/8003/00614141123452", "400"),
        ),
        (
            "/00/306141410000000018",
            ScannedKey("/00/306141410000000018", None, "306141410000000018"),
        ),
    ],
)
def test_paths_name_codes_and_products(path, key):
    assert of_link_path(path) == key
    assert key.is_product == (key.serial is None)


@pytest.mark.parametrize(
    "path",
    [
        "/01/",
        "/01/1/21/A",
        "/01/09312345551927/21/A/10/L",
        "/01/09312345551927/99/A",
        "/01/09312345551927/21/%C3%BC",
        "/414/9506000134352",
        "/r/go.example.com",
        "/r/go.example.com/",
        "/r/go.example.com/a%2Fb",
        "/r/go.example.com/a/b",
        "/x",
    ],
)
def test_what_names_nothing_is_refused(path):
    with pytest.raises(CodeError):
        of_link_path(path)


def test_a_key_longer_than_any_code_s_is_refused():
    with pytest.raises(CodeError, match="160"):
        of_short_link("go.example.com", "x" * 160)
