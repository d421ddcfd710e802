"""The query tree: what every surface asks for, and what the compiler turns into one statement.

Two queries that differ only in bound values are equal (`Value` compares equal to every `Value`),
so a query is its own cache key: one compiled statement serves every value of its shape.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields, is_dataclass, replace
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
class Current:
    """A value that belongs to the caller: `$CURRENT_USER.role.name`.

    Read from the row `key` of `collection`, inside the statement; `many`: of several rows.
    """

    collection: str
    path: tuple[str, ...]
    key: Value
    many: bool = False


@dataclass(frozen=True, slots=True)
class Leaf:
    """A field, or a function of it, as the caller's `key`. `argument`: the path of `json`."""

    key: str
    field: str
    function: str | None = None
    argument: str | None = None


@dataclass(frozen=True, slots=True)
class Constant:
    """A fixed text as the caller's `key`: GraphQL's __typename."""

    key: str
    text: str


@dataclass(frozen=True, slots=True)
class Parts:
    """Functions of a field as an object: GraphQL's `date_created_func { year }`.

    `functions` are pairs of key and function; `=text` stands for a constant.
    """

    key: str
    field: str
    functions: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Nested:
    """Related items: an object or null, of a to-many a list; `bare`: a list of keys."""

    key: str
    field: str
    query: "Query"
    bare: bool = False


Node = Leaf | Constant | Parts | Nested


@dataclass(frozen=True, slots=True)
class Compare:
    """One condition: the field at the end of `path` (through relations), an operator, a value.

    `function` is applied to the field first; `argument` is the path of `json`. A path through a
    to-many holds if it does for any of the rows; conditions of one filter look at the same row.
    """

    path: tuple[str, ...]
    operator: str
    value: Value | Current
    function: str | None = None
    argument: str | None = None


@dataclass(frozen=True, slots=True)
class Some:
    """A row of the to-many at the end of `path` fulfils the condition; `none`: no row does."""

    path: tuple[str, ...]
    condition: "Condition"
    none: bool = False


@dataclass(frozen=True, slots=True)
class All:
    """Every condition holds. Empty: always true."""

    conditions: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one condition holds."""

    conditions: tuple["Condition", ...]


Condition = Union[Compare, Some, All, AnyOf]  # noqa: UP007 - `|` can't join forward references


@dataclass(frozen=True, slots=True)
class Sort:
    """An order: the field at the end of `path`, or a function of it."""

    path: tuple[str, ...]
    descending: bool = False
    function: str | None = None


@dataclass(frozen=True, slots=True)
class ReadRule:
    """What of a collection the caller sees: which rows, and which fields only in some of them.

    `masks`: fields that the same permissions cover, with the rows in which these are seen.
    """

    collection: str
    rows: Condition | None
    masks: tuple[tuple[tuple[str, ...], Condition], ...] = ()


@dataclass(frozen=True, slots=True)
class Query:
    """A list of items (or one): which, in what order, and what of each.

    `rules` restrict every table the statement touches, `rows` this level in place of its rule.
    `app.items.policy.read_policy` sets both; a surface never does. `order`: the keys as they were
    asked for, which is the order of the columns of a CSV, and nothing else.
    """

    collection: str
    selection: tuple[Node, ...]
    filter: Condition | None = None
    search: Condition | None = None
    sort: tuple[Sort, ...] = ()
    limit: Value | None = None
    offset: Value | None = None
    surface: Surface = "rest"
    rows: Condition | None = None
    rules: tuple[ReadRule, ...] = ()
    order: tuple[str, ...] = field(default=(), compare=False)


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
    rows: Condition | None = None
    rules: tuple[ReadRule, ...] = ()


def values(query: Query | AggregateQuery) -> Iterator[Value]:
    """Every bound value of a query, in an order that depends on its shape alone."""
    if isinstance(query, Query):
        for node in query.selection:
            if isinstance(node, Nested):
                yield from values(node.query)
    for condition in (query.filter, query.search, query.rows, *_rule_conditions(query)):
        if condition is not None:
            yield from _condition_values(condition)
    for value in (query.limit, query.offset):
        if value is not None:
            yield value


def _rule_conditions(query: Query | AggregateQuery) -> Iterator[Condition | None]:
    for rule in query.rules:
        yield rule.rows
        yield from (condition for _, condition in rule.masks)


def comparisons(condition: Condition | None) -> int:
    """How many comparisons a condition has, those of rows in it among them."""
    return 0 if condition is None else sum(1 for _ in _condition_values(condition))


def _condition_values(condition: Condition) -> Iterator[Value]:
    if isinstance(condition, Compare):
        value = condition.value
        yield value.key if isinstance(value, Current) else value
        return
    if isinstance(condition, Some):
        yield from _condition_values(condition.condition)
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
