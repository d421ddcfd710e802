"""Documents are freed as soon as nobody needs them: nobody has to look for them."""

import gc

import pytest

from app.graphql.documents import Documents
from tests.graphql.test_schema import OURS

ROOTS = " ".join(f'a{n}:account(filter:{{id:{{_eq:"x"}}}}){{id}}' for n in range(90))


def _roots(arguments):
    return "{" + " ".join(f"a{n}:account({arguments}){{id}}" for n in range(90)) + "}"


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
    "of nothing": "{}",
    "of nothing below": "{...{}} query B{account{}}",
    "of wrong literals": _roots("filter:{id:{_eq:1}}"),
    "of wrong numbers": _roots('limit:"x"'),
    "of too large numbers": _roots("limit:99999999999"),
    "of wrong objects": _roots("filter:[[1]]"),
    "of wrong names in objects": _roots("filter:{nope:{_eq:1}}"),
    "of numbers that no double holds": "mutation{"
    + " ".join(f"a{n}:create_account_item(data:{{scm_data:1e400}}){{id}}" for n in range(40))
    + "}",
    "of wrong values in mutations": "mutation{"
    + " ".join(f"a{n}:create_account_item(data:{{account_name:1}}){{id}}" for n in range(40))
    + "}",
    "of wrong defaults": "query(" + "".join(f'$a{n}:Int="x"' for n in range(50)) + "){account{id}}",
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
        assert _garbage() == set()
    finally:
        gc.enable()


def _garbage():
    """The types of what has to be looked for. What prints a literal is one object, and small."""
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        gc.collect()
        return {type(one).__name__ for one in gc.garbage} - {"PrintBuffer"}
    finally:
        gc.set_debug(0)
        gc.garbage.clear()


REQUESTS = {
    "refused fields": {"query": _roots('filter:{id:{_eq:"x"}}').replace("account(", "nope(")},
    "wrong variables": {
        "query": "query(" + ",".join(f"$a{n}:Int" for n in range(50)) + "){account{id}}",
        "variables": {f"a{n}": "x" for n in range(50)},
    },
    "wrong lists": {
        "query": "query($f:account_filter){account(filter:$f){id}}",
        "variables": {"f": {"_and": [{"id": {"_eq": 1}}] * 90}},
    },
    "refused roots": {"query": _roots('sort:["nope"]')},
    "refused writes": {
        "query": "mutation{"
        + " ".join(f'a{n}:create_product_item(data:{{id:"x{n}"}}){{id}}' for n in range(20))
        + "}"
    },
}


@pytest.mark.parametrize("body", REQUESTS.values(), ids=REQUESTS)
async def test_no_request_leaves_errors_with_their_frames(client, body):
    for _ in range(2):
        await client.post("/graphql", json=body)
    gc.collect()
    gc.disable()
    try:
        answer = await client.post("/graphql", json=body)
        assert "errors" in answer.json()
        left = _garbage()
    finally:
        gc.enable()
    assert not left & {"frame", "traceback", "GraphQLError", "ValidationContext", "DocumentNode"}


def test_a_document_that_is_kept_has_no_list_of_tokens():
    tree = Documents(OURS, tokens=5000).read(TEXTS["valid"]).tree
    assert tree is not None
    assert tree.loc.start_token.next is None
    assert tree.loc.end_token.prev is None
