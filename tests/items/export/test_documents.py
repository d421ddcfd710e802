"""YAML is written by two writers: to the reader they are one."""

import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from app.items.export import documents

TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs"])) | st.text(
    alphabet="ab c:-#'\"\n", max_size=200
)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=8), inner)
)
ROWS = st.dictionaries(st.text("abcde_1", min_size=1, max_size=20), VALUES, min_size=1)


@given(ROWS)
@example({"a": "\U00010000"})
@example({"a": {"": None}})
@example({"a": "\x85"})
def test_the_fast_writer_writes_what_the_other_does(row):
    slow = yaml.dump(
        [row],
        Dumper=documents._Dumper,
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=False,
        width=80,
    )
    assert documents.yaml_item(row) == slow
