"""Documents are freed as soon as nobody needs them: nobody has to look for them."""

import gc

import pytest

from app.graphql.documents import Documents
from tests.graphql.test_schema import OURS

ROOTS = " ".join(f'a{n}:account(filter:{{id:{{_eq:"x"}}}}){{id}}' for n in range(90))
TEXTS = {
    "valid": f"{{{ROOTS}}}",
    "fragments": f"{{...f}} fragment f on Query{{{ROOTS}}}",
    "variables": f"query($f:account_filter){{{ROOTS} account(filter:$f){{...g}}}}"
    " fragment g on account{id}",
    "of unknown fields": "{" + " ".join(f"a{n}:account{{idd}}" for n in range(90)) + "}",
    "of too many errors": f"{{{ROOTS}{'account{idd ie if}' * 28} a:account{{{'x ' * 20}}}}}",
    "of fields that differ": "{"
    + "".join(f"a{n}:account(limit:1){{id}} a{n}:account{{id}}" for n in range(40))
    + "}",
    "of unused variables": "query(" + "".join(f"$a{n}:Int" for n in range(150)) + "){account{id}}",
    "cut off": f"{{{ROOTS}",
    "of a wrong character": f"{{{ROOTS} ?",
    "of too many tokens": f"{{{ROOTS * 4}}}",
    "of comments": "#x\n" * 6000 + "{account{id}}",
    "of too many aliases": "{" + " ".join(f"a{n}:account{{id}}" for n in range(101)) + "}",
    "nested too deeply": "{a" * 500,
    "of relations too deep": "{account{" + "identifier_job{account{" * 11 + "id" + "}" * 24,
    "of one thing again and again": "{account{" + "id " * 40 + "}}",
    "of a fragment in itself": f"{{...f {ROOTS}}} fragment f on Query{{...f}}",
    "of no document": "type A{a:Int}",
}


@pytest.fixture(autouse=True, scope="module")
def _little_to_look_through():
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("of_nobody", [True, False])
def test_no_document_leaves_garbage(text, of_nobody):
    """A token refers to the one before it and the one after: a megabyte for each long document."""
    documents = Documents(OURS, tokens=5000, keep=0)
    documents.read(text, of_nobody=of_nobody)  # what is looked up once
    gc.collect()
    gc.disable()
    try:
        for _ in range(3):
            documents.read(text, of_nobody=of_nobody)
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_a_document_that_is_kept_has_no_list_of_tokens():
    tree = Documents(OURS, tokens=5000).read(TEXTS["valid"]).tree
    assert tree is not None
    assert tree.loc.start_token.next is None
    assert tree.loc.end_token.prev is None
