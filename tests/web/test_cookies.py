"""Cookies: the first of a name, out of whatever a browser sends along."""

from hypothesis import given
from hypothesis import strategies as st

from app.web.cookies import cookie

NAME = "session"
PIECES = st.sampled_from(["session", "=", ";", " ", "\t", '"', "a", "xsession", "session=1", "; "])


def meant(said):
    for pair in said.split(";"):
        name, equals, value = pair.partition("=")
        if equals and name.lstrip() == NAME:
            return value.strip().strip('"')
    return None


@given(st.lists(PIECES, max_size=12).map("".join))
def test_the_first_of_a_name_is_found(said):
    assert cookie({"headers": [(b"cookie", said.encode())]}, NAME) == meant(said)


def test_there_may_be_none():
    assert cookie({"headers": []}, NAME) is None
