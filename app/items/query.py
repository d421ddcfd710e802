"""The query tree: what every surface asks for, and what the compiler turns into one statement.

Two queries that differ only in bound values are equal (`Value` compares equal to every `Value`),
so a query is its own cache key: one compiled statement serves every value of its shape.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, Literal, Union

Surface = Literal["rest", "graphql"]
"""How values are shown: REST sends decimals as strings, GraphQL as numbers and keys as strings."""


class Value:
    """A value that is bound, never printed into the statement. Not part of a query's shape."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Value)

    def __hash__(self) -> int:
        return 1

    def __repr__(self) -> str:
        return f"Value({self.value!r})"


@dataclass(frozen=True, slots=True)
class Leaf:
    """A field, or a date part of it, as the caller's `key`."""

    key: str
    field: str
    function: str | None = None


@dataclass(frozen=True, slots=True)
class Constant:
    """A fixed text as the caller's `key`: GraphQL's __typename."""

    key: str
    text: str


@dataclass(frozen=True, slots=True)
class Parts:
    """Parts of a date as an object: GraphQL's `date_created_func { year }`.

    `functions` are pairs of key and function; `=text` stands for a constant.
    """

    key: str
    field: str
    functions: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Nested:
    """A related item as an object, or null."""

    key: str
    field: str
    query: "Query"


Node = Leaf | Constant | Parts | Nested


@dataclass(frozen=True, slots=True)
class Compare:
    """One condition: the field at the end of `path` (through relations), an operator, a value.

    `function` is a date part applied to the field first.
    """

    path: tuple[str, ...]
    operator: str
    value: Value
    function: str | None = None


@dataclass(frozen=True, slots=True)
class All:
    """Every condition holds. Empty: always true."""

    conditions: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one condition holds."""

    conditions: tuple["Condition", ...]


Condition = Union[Compare, All, AnyOf]  # noqa: UP007 - `|` can't join forward references


@dataclass(frozen=True, slots=True)
class Sort:
    """An order: the field at the end of `path`, or a date part of it."""

    path: tuple[str, ...]
    descending: bool = False
    function: str | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """A list of items (or one): which, in what order, and what of each."""

    collection: str
    selection: tuple[Node, ...]
    filter: Condition | None = None
    search: Condition | None = None
    sort: tuple[Sort, ...] = ()
    limit: Value | None = None
    offset: Value | None = None
    surface: Surface = "rest"


@dataclass(frozen=True, slots=True)
class Group:
    """A grouping field, or a date part of one; `key` is its name in the answer."""

    key: str
    field: str
    function: str | None = None


@dataclass(frozen=True, slots=True)
class Aggregate:
    """An operation over fields, e.g. `count` of `id`. No fields: over rows.

    `fields` are pairs of key and field; `=text` stands for a constant.
    """

    key: str
    operation: str
    fields: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class AggregateQuery:
    """Aggregates over the matching items, by group. GraphQL nests the group under `group_key`."""

    collection: str
    aggregates: tuple[Aggregate, ...]
    groups: tuple[Group, ...] = ()
    group_key: str | None = None
    constants: tuple[Constant, ...] = ()
    filter: Condition | None = None
    search: Condition | None = None
    sort: tuple[Sort, ...] = ()
    limit: Value | None = None
    offset: Value | None = None
    surface: Surface = "rest"


def values(query: Query | AggregateQuery) -> Iterator[Value]:
    """Every bound value of a query, in an order that depends on its shape alone."""
    if isinstance(query, Query):
        for node in query.selection:
            if isinstance(node, Nested):
                yield from values(node.query)
    for condition in (query.filter, query.search):
        if condition is not None:
            yield from _condition_values(condition)
    for value in (query.limit, query.offset):
        if value is not None:
            yield value


def _condition_values(condition: Condition) -> Iterator[Value]:
    if isinstance(condition, Compare):
        yield condition.value
        return
    for part in condition.conditions:
        yield from _condition_values(part)


def shape(node: Any) -> Any:
    """The same tree with empty values: equal to it, and holding on to none of them."""
    if isinstance(node, Value):
        return Value(None)
    if isinstance(node, tuple):
        return tuple(shape(part) for part in node)
    if is_dataclass(node) and not isinstance(node, type):
        return replace(node, **{f.name: shape(getattr(node, f.name)) for f in fields(node)})
    return node
