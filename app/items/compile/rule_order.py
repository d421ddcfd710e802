"""What of a caller's conditions may be computed of rows that its rule hides: next to nothing.

An operator that takes long, or fails, tells of the rows it is computed of. PostgreSQL computes the
conditions of a table in the order of their cost, equal ones as they are written, but `column =
constant` last of these; and all of them before it joins another table. So a rule is said once more
before a caller's conditions, in a CASE, that makes it no such equality. That is not enough for a
rule that costs more than one operator, or goes through a relation: there the caller's conditions
wait for it inside the CASE.

Left bare are a few conditions that an index may serve: they can't fail, and cost alike whatever a
row has (as operators that PostgreSQL calls leakproof). A prefix is a range of short texts; it is
bare where no join decides the rule, so that what it finds of hidden rows goes no further.
"""

from collections.abc import Callable, Iterator
from typing import TypeGuard

from app.items.query.conjuncts import conjuncts, leaves
from app.items.query.tree import Compare, Condition, Some, Value

TypeOf = Callable[[str], str | None]
"""The type of a field that is a column of the row as it is; None for what is computed or masked."""

MOST_BARE = 8
"""Conditions of a level that stay bare: a thousand would take their time after all."""

_ONE_OPERATOR = frozenset({"_eq", "_neq", "_lt", "_lte", "_gt", "_gte"})
_FREE = frozenset({"_null", "_nnull"})
_BARE = (_ONE_OPERATOR - {"_neq"}) | _FREE | {"_in"}
_PREFIX = frozenset({"_starts_with"})
_CONVERTED = frozenset({"float"})
"""Types whose constants are of another, so that PostgreSQL has more to compute than an operator."""
_LONG = frozenset({"text", "csv", "json"})
"""Types whose values may be so long that comparing them takes time."""


def comes_first(rule: Condition, type_of: TypeOf) -> bool:
    """Whether nothing that a caller adds is cheaper than any part of a rule."""
    return all(_costs_least(part, type_of) for part in conjuncts(rule))


def _costs_least(part: Condition, type_of: TypeOf) -> bool:
    """Whether a part of a rule has one operator at most, of a column and a constant of its type."""
    costs = [_cost(leaf, type_of) for leaf in leaves(part)]
    return None not in costs and sum(cost or 0 for cost in costs) <= 1


def _cost(leaf: Compare | Some, type_of: TypeOf) -> int | None:
    """The operators of a leaf; None where there may be many, or a relation."""
    if not _is_plain(leaf, type_of):
        return None
    if leaf.operator in _FREE:
        return 0
    is_one = leaf.operator in _ONE_OPERATOR and type_of(leaf.path[0]) not in _CONVERTED
    return 1 if is_one else None


def is_own(rule: Condition) -> bool:
    """Whether a rule looks at the row itself only: it is computed before the row is joined."""
    return all(isinstance(leaf, Compare) and _of_row(leaf) for leaf in leaves(rule))


def is_quick(type_: str | None) -> bool:
    """Whether all that may be computed of a field's values is soon done: they are short."""
    return type_ is not None and type_ not in _LONG


def is_bare(condition: Condition, type_of: TypeOf, *, with_prefixes: bool) -> bool:
    """Whether an index may serve a condition, and nothing of it takes time or fails."""
    if not _is_plain(condition, type_of):
        return False
    if not is_quick(type_of(condition.path[0])):
        return condition.operator in _FREE
    return condition.operator in (_BARE | _PREFIX if with_prefixes else _BARE)


def _is_plain(leaf: Condition, type_of: TypeOf) -> TypeGuard[Compare]:
    """Whether a leaf compares a column of the row itself with a constant."""
    return isinstance(leaf, Compare) and _of_row(leaf) and type_of(leaf.path[0]) is not None


def _of_row(leaf: Compare) -> bool:
    return len(leaf.path) == 1 and leaf.function is None and isinstance(leaf.value, Value)


def compared(condition: Condition) -> Iterator[tuple[str, ...]]:
    """The paths to every row whose values a condition looks at.

    Rows of a `Some` are looked at by themselves, and keys on the way are those of a join.
    """
    for leaf in leaves(condition):
        if isinstance(leaf, Compare):
            yield leaf.path[:-1]
