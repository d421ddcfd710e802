"""Lists of texts arrive as they are, whatever is in them."""

import psycopg
from hypothesis import given, settings
from hypothesis import strategies as st

from app.database.text_arrays import TextsDumper

TEXTS = st.lists(
    st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=5)
    | st.sampled_from(["null", "NULL", "", " ", ",", '"', "\\", "{", "}", "a b", "\xa0", "nullx"])
    | st.from_regex(r"/01/[0-9]{14}/21/[!-~]{1,9}", fullmatch=True)
)


@given(given_=TEXTS)
@settings(max_examples=300, deadline=None)
def test_texts_arrive_as_they_are(database_url, given_):
    with psycopg.connect(database_url) as connection:
        connection.adapters.register_dumper(list, TextsDumper)
        ask = "SELECT %s::text[], (SELECT count(*) FROM unnest(%s::text[]))"
        found, count = connection.execute(ask, [given_, given_]).fetchone()
    assert (found, count) == (given_, len(given_))


@given(given_=st.lists(st.text("a\x00", min_size=1), min_size=1))
@settings(max_examples=50, deadline=None)
def test_a_nul_is_no_separator(given_):
    dumper = TextsDumper(list)
    try:
        found = bytes(dumper.dump(given_))
    except psycopg.DataError:
        found = None
    assert (found is None) == any("\x00" in text for text in given_)
