"""The contract with graphql-core that `app.graphql.execution` builds on.

It overrides `complete_list_value` and `complete_object_value`, which are internal to graphql-core.
These tests fail when an update changes what they do.
"""

import asyncio
import inspect

import graphql
import orjson
from graphql import build_schema, execute, parse
from graphql.execution.executor import Executor

from app.graphql.execution import Compiled, CompiledExecutor, Context

SCHEMA = build_schema(
    """
    type Thing { id: ID! name: String! part: Thing }
    type Query {
      things: [Thing!]! thing: Thing must: Thing! plain: [Thing] count: Int fails: Thing
    }
    type Mutation { make: Thing }
    """
)


class Root:
    async def things(self, _info):
        return Compiled(b'[{"id":"1"}]')

    async def thing(self, _info):
        return Compiled(b'{"id":"1","name":null}')

    def must(self, _info):
        return Compiled(b'{"any":"JSON at all"}')

    def plain(self, _info):
        return [{"id": "2", "name": "ordinary"}]

    def count(self, _info):
        return 7

    async def fails(self, _info):
        await asyncio.sleep(0)
        raise ValueError("no")

    async def make(self, _info):
        return Compiled(b'{"id":"made"}')


async def run(document):
    answer = execute(SCHEMA, parse(document), Root(), executor_class=CompiledExecutor)
    result = await answer if inspect.isawaitable(answer) else answer
    return orjson.loads(orjson.dumps(result.data)), result.errors


def test_graphql_core_is_the_pinned_one():
    assert graphql.version_info[:2] == (3, 3)


def test_the_overridden_methods_are_there_with_these_parameters():
    names = "self return_type field_details_list info path result position_context".split()
    for method in ("complete_list_value", "complete_object_value"):
        assert list(inspect.signature(getattr(Executor, method)).parameters) == names
        assert list(inspect.signature(getattr(CompiledExecutor, method)).parameters) == names


async def test_compiled_values_pass_through_as_they_are():
    data, errors = await run("{ things { id name } thing { name } must { id } }")
    assert errors is None
    assert data == {
        "things": [{"id": "1"}],
        "thing": {"id": "1", "name": None},
        "must": {"any": "JSON at all"},
    }


async def test_ordinary_fields_aliases_and_typename_work_beside_them():
    data, errors = await run("{ a: things { id } plain { id name } b: count __typename }")
    assert errors is None
    assert data == {
        "a": [{"id": "1"}],
        "plain": [{"id": "2", "name": "ordinary"}],
        "b": 7,
        "__typename": "Query",
    }


async def test_one_failing_root_leaves_the_others():
    data, errors = await run("{ fails { id } things { id } }")
    assert data == {"fails": None, "things": [{"id": "1"}]}
    assert [error.path for error in errors] == [["fails"]]


async def test_mutations_pass_through_too():
    data, errors = await run("mutation { one: make { id } two: make { id } }")
    assert (data, errors) == ({"one": {"id": "made"}, "two": {"id": "made"}}, None)


async def test_introspection_is_left_alone():
    data, errors = await run('{ __type(name: "Thing") { fields { name } } }')
    assert errors is None
    assert [field["name"] for field in data["__type"]["fields"]] == ["id", "name", "part"]


async def test_the_executor_is_handed_to_the_context():
    """Resolvers read the selection with graphql-core's own collecting, which needs it."""
    context = Context(None, None, None)
    execute(
        SCHEMA, parse("{ count }"), Root(), context_value=context, executor_class=CompiledExecutor
    )
    assert isinstance(context.executor, CompiledExecutor)
