"""Query strings with brackets (directus.md 0)."""

import pytest

from app.errors import InvalidQuery
from app.rest.params import parse


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", {}),
        ("a=1", {"a": "1"}),
        ("a", {"a": ""}),
        ("a=", {"a": ""}),
        ("a=1&a=2", {"a": ["1", "2"]}),
        ("a[]=1", {"a": ["1"]}),
        ("a[]=1&a[]=2", {"a": ["1", "2"]}),
        ("a[0]=1&a[1]=2", {"a": ["1", "2"]}),
        ("a[1]=2&a[0]=1", {"a": ["1", "2"]}),
        ("a[1]=2&a[15]=3", {"a": ["2", "3"]}),
        ("a[1]=2&a[500]=3", {"a": {"1": "2", "500": "3"}}),
        ("a[1]=2&a[b]=3", {"a": {"1": "2", "b": "3"}}),
        ("a[b]=1", {"a": {"b": "1"}}),
        ("a[b][c]=1&a[b][d]=2", {"a": {"b": {"c": "1", "d": "2"}}}),
        ("a[b][]=1&a[b][]=2", {"a": {"b": ["1", "2"]}}),
        ("a[0][b]=1&a[0][c]=2&a[1][b]=3", {"a": [{"b": "1", "c": "2"}, {"b": "3"}]}),
        ("filter%5Ba%5D%5B_eq%5D=x%26y", {"filter": {"a": {"_eq": "x&y"}}}),
        ("a=b+c%20d", {"a": "b c d"}),
        ("a=%ff", {"a": "\ufffd"}),
        ("a[b=1", {"a": "1"}),
        ("=1", {"": "1"}),
    ],
)
def test_names_become_structure(text, wanted):
    assert parse(text) == wanted


def test_long_lists_become_objects_by_index():
    text = "&".join(f"a[{n}]={n}" for n in range(501))
    assert isinstance(parse(text)["a"], dict)
    assert isinstance(parse(text.rpartition("&")[0])["a"], list)


def test_depth_is_limited():
    parse("a" + "[b]" * 10 + "=1")
    with pytest.raises(InvalidQuery, match="nested deeper than 10 levels"):
        parse("a" + "[b]" * 11 + "=1")
