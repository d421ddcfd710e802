"""JSON from outside: 100 levels, whatever they are made of."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.json_text import DEEPEST, NotJson, TooDeep, TooMuch, is_deep, listed, read_json

values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(inner=values, objects=st.lists(st.booleans(), min_size=1, max_size=DEEPEST + 20))
def test_a_hundred_levels_are_read_and_no_more(inner, objects):
    value = inner
    for is_object in objects:
        value = {"a": value, "b": "[["} if is_object else [value, "{{"]
    levels = len(objects) + next(n for n in range(100) if not is_deep(inner, n))
    for text in (json.dumps(value), json.dumps(value).encode()):
        if levels <= DEEPEST:
            assert read_json(text) == value
        else:
            with pytest.raises(TooDeep):
                read_json(text)


@pytest.mark.parametrize("levels", [101, 1000, 1025, 100_000])
@pytest.mark.parametrize(("opened", "closed"), [("[", "]"), ('{"a":', "}"), ('[{"":[', "]}]")])
def test_deeper_ones_are_refused(levels, opened, closed):
    with pytest.raises(TooDeep if levels < 100_000 else (TooDeep, TooMuch)):
        read_json(opened * levels + "1" + closed * levels)


@pytest.mark.parametrize(("part", "count"), [("[],", 200_001), ("1,", 600_001), ("{},", 10**6)])
def test_more_than_is_read_is_refused(part, count):
    for text in (f"[{part * count}1]", f"[{part * count}1]".encode()):
        with pytest.raises(TooMuch):
            read_json(text)
    few = f"[{part * 2001}1]"
    assert read_json(few)
    if part != "1,":
        with pytest.raises(TooMuch):
            read_json(few, of_nobody=True)


def test_brackets_in_texts_and_side_by_side_are_no_levels():
    assert read_json('["' + "[{" * 500 + '"]') == ["[{" * 500]
    assert read_json("[" + "[]," * 500 + "[]]") == [[]] * 501


@pytest.mark.parametrize("text", ["", "{", "NaN", '"\\ud800"', b'"\xff"', "1e999", "[" * 50])
def test_what_is_no_json_is_refused(text):
    with pytest.raises(NotJson):
        read_json(text)


@pytest.mark.parametrize(
    ("value", "count"),
    [
        ({}, 0),
        ({"a": 1, "b": {"c": "x"}}, 0),
        ({"a": [1, "x", None]}, 3),
        ({"a": [{"b": [1, 2]}, [3], 4]}, 4),
        ({"rows": [{"a": 1}, {"a": 2}]}, 0),
    ],
)
def test_values_of_lists_are_counted_wherever_the_lists_are(value, count):
    assert listed(value) == count
