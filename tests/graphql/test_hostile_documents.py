"""Documents that once stopped the server, or told strangers the names of fields."""

import time

import pytest
from graphql import GraphQLError, get_introspection_query, parse

from app.graphql.nesting import require_shallow_text, require_shallow_tree
from tests.installation import client_of


@pytest.fixture
async def anonymous(app, installation):
    async with client_of(app, headers={}) as client:
        yield client


DEEP = {
    "selections": "{" + "a{" * 900 + "a" + "}" * 900 + "}",
    "relations": "{product{" + "parent_product{" * 11 + "id" + "}" * 11 + "}}",
    "wrong relations": "{product{" + "nothing{" * 11 + "id" + "}" * 11 + "}}",
    "inline fragments": "{product{" + "...{" * 900 + "id" + "}" * 900 + "}}",
    "relations in inline fragments": "{product{"
    + "...{parent_product{" * 11
    + "id"
    + "}}" * 11
    + "}}",
    "a chain of fragments": "{product{...f0}}"
    + "".join(f" fragment f{n} on product{{...f{n + 1}}}" for n in range(600))
    + " fragment f600 on product{id}",
    "a chain looked at from its end": "".join(
        f" query q{n}{{product{{...f{max(0, 540 - 90 * n)}}}}}" for n in range(8)
    )
    + "".join(f" fragment f{n} on product{{...f{n + 1}}}" for n in range(550))
    + " fragment f550 on product{id}",
    "relations by fragments": "{product{...f0}}"
    + "".join(f" fragment f{n} on product{{parent_product{{...f{n + 1}}}}}" for n in range(11))
    + " fragment f11 on product{id}",
    "lists": "{product(filter:{_and:" + "[" * 900 + "]" * 900 + "}){id}}",
    "objects": "{product(filter:" + "{_and:" * 1500 + "{}" + "}" * 1500 + "){id}}",
    "types": "query($a:" + "[" * 900 + "Int" + "]" * 900 + "){product{id}}",
}


@pytest.mark.parametrize("document", DEEP.values(), ids=DEEP)
async def test_deep_documents_are_refused(client, document):
    start = time.thread_time()
    for path in ("/graphql", "/graphql/system"):
        response = await client.post(path, json={"query": document})
        assert response.status_code == 400
        [error] = response.json()["errors"][0]["extensions"]["errors"]
        assert "nested more than" in error["message"] or "relational depth" in error["message"]
    assert time.thread_time() - start < 1.0


async def test_what_is_as_deep_as_may_be_runs(client):
    text = "{product{" + "parent_product{" * 10 + "id" + "}" * 10 + "}}"
    assert "errors" not in await client.graphql(text)
    text = "{product(filter:" + "{_and:[" * 47 + "{}" + "]}" * 47 + "){id}}"
    assert "errors" not in await client.graphql(text)
    chain = "".join(f" fragment f{n} on product{{...f{n + 1}}}" for n in range(90))
    text = "{product{...f0}}" + chain + " fragment f90 on product{id}"
    assert "errors" not in await client.graphql(text)
    deep = "{a:" * 95 + "[1]" + "}" * 95
    row = f'{{id:"/01/09312345551934" product_name:"x" nutrients:{deep}}}'
    text = f"mutation{{create_product_item(data:{row}){{nutrients}}}}"
    assert "errors" not in await client.graphql(text)


async def test_a_fragment_that_spreads_itself_is_refused(anonymous):
    text = "{product{...a}} fragment a on product{...b} fragment b on product{id ...a}"
    response = await anonymous.post("/graphql", json={"query": text})
    [error] = response.json()["errors"][0]["extensions"]["errors"]
    assert error["message"].startswith("Cannot spread fragment")


def test_brackets_in_texts_and_comments_are_no_levels():
    text = '{product(search:"' + "{" * 500 + '"){id}} #' + "{" * 500
    require_shallow_text(text, 5000)
    require_shallow_text('{product(search:"""' + "[" * 500 + '"""){id}}', 5000)


def test_heights_are_looked_at_once_for_each_fragment():
    """Twice as many paths with every fragment: 2 to the 90."""
    text = "{product{...f0}}" + "".join(
        f" fragment f{n} on product{{...f{n + 1} ...f{n + 1}}}" for n in range(90)
    )
    start = time.thread_time()
    require_shallow_tree(parse(text + " fragment f90 on product{id}"), 10)
    assert time.thread_time() - start < 0.5


@pytest.mark.parametrize("relations", [0, 1, 5])
def test_a_document_has_so_many_relations(relations):
    require_shallow_tree(parse("{p{" + "a{" * relations + "id" + "}" * relations + "}}"), relations)
    more = relations + 1
    with pytest.raises(GraphQLError):
        require_shallow_tree(parse("{p{" + "a{" * more + "id" + "}" * more + "}}"), relations)


async def test_the_schema_itself_may_be_asked_for_as_tools_do(client):
    assert "errors" not in await client.graphql(get_introspection_query(specified_by_url=True))


NAMES = [
    ("/graphql", "{ product { idd } }", {}),
    ("/graphql", "{ produc { id } }", {}),
    ("/graphql", "{ product(limitt: 1) { id } }", {}),
    ("/graphql", "{ product(filter: {idd: {_eq: 1}}) { id } }", {}),
    ("/graphql", "query($f: product_filter) { product(filter: $f) { id } }", {"f": {"idd": {}}}),
    ("/graphql", "query($f: product_filte) { product(filter: $f) { id } }", {}),
    ("/graphql/system", "{ userss { id } }", {}),
    ("/graphql/system", "{ server_specs_graphql(scope: item) }", {}),
]


@pytest.mark.parametrize(("path", "query", "variables"), NAMES)
async def test_names_are_suggested_to_callers_with_a_token_only(
    client, anonymous, path, query, variables
):
    body = {"query": query, "variables": variables}
    for _ in range(2):  # documents are kept: one caller's are not another's
        assert "Did you mean" in (await client.post(path, json=body)).text
        told = await anonymous.post(path, json=body)
        assert told.json()["errors"]
        assert "Did you mean" not in told.text


@pytest.mark.parametrize(
    "query",
    [
        "{product{" + "account{id} " * 1200 + "}}",
        "{" + "product(limit:1){id} " * 480 + "}",
        "#" + "x" * 900_000 + "\n{product{id}}",
        "{product{" + "...q " * 400 + "}} fragment q on product{id}",
    ],
    ids=["fields", "roots", "comment", "spreads"],
)
async def test_a_long_document_leaves_the_event_loop_alone(client, query):
    start = time.thread_time()
    response = await client.post("/graphql", json={"query": query})
    assert response.status_code in {200, 400}
    assert time.thread_time() - start < 0.5
    too_long = await client.post("/graphql", json={"query": "#" * 1_000_001})
    assert too_long.status_code == 400


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        ("query ($a: [String]) { product(filter: {id: {_in: $a}}) { id } }", {"a": ["a"] * 20_001}),
        ("query ($a: [String]) { product(filter: {id: {_in: $a}}) { id } }", {"a": [1] * 20_001}),
        (
            "mutation ($a: [ID]!, $b: [ID]!) { delete_brand_items(ids: $a) { ids } }",
            {"a": ["a"] * 10_001, "b": ["a"] * 10_000},
        ),
        (
            "query ($f: product_filter) { product(filter: $f) { id } }",
            {"f": {"_or": [{"id": {"_in": ["a"] * 1001}}] * 20}},
        ),
    ],
)
async def test_lists_of_variables_have_so_many_values_in_all(client, query, variables):
    """Each is looked at by itself before anybody knows what it is for."""
    answer = await client.post("/graphql", json={"query": query, "variables": variables})
    assert answer.status_code == 400
    assert "The lists of the variables have more than 20000 values" in answer.text


async def test_fragments_that_double_are_counted_while_they_are_read(client):
    """Each spreads the next twice under two relations: 2 to the ninth, of some hundred tokens."""
    spread = "id parent_product{{...f{0}}} a:parent_product{{...f{0}}}"
    chain = "".join(f" fragment f{n} on product{{{spread.format(n + 1)}}}" for n in range(10))
    leaves = " fragment f10 on product{id product_name sku}"
    answer = await client.graphql("{product(limit:1){...f0}}" + chain + leaves)
    assert "more than 2500 fields" in answer["errors"][0]["message"]
    few = chain.replace("a:parent_product", "parent_product")
    assert "errors" not in await client.graphql("{product(limit:1){...f0}}" + few + leaves)
