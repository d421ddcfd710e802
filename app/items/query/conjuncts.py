"""Which parts of a condition look at the same to-many rows, and which at none (directus.md 3.2).

Conditions that share a path through a to-many apply to the same row of it. Parts of a conjunction
that share none are independent, so each can be a statement's condition of its own: the database may
use an index for it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from app.items.query.tree import All, AnyOf, Compare, Condition, Some

Path = tuple[str, ...]
IsMany = Callable[[Path], bool]

_HOLDS_FOR_NULL = frozenset({"_null", "_empty"})


@dataclass(frozen=True, slots=True)
class Group:
    """A part of a conjunction, and the to-many paths it goes through (shortest first).

    `needs_a_row`: it can't hold for a parent that has no row at the end of the one path.
    """

    condition: Condition
    through: tuple[Path, ...] = ()
    needs_a_row: bool = False


def groups_of(condition: Condition, is_many: IsMany) -> list[Group]:
    """The independent parts of a condition. `is_many` tells whether a path ends in a to-many."""
    alone: list[Condition] = []
    sharing: list[tuple[list[Condition], set[Path]]] = []
    for part in conjuncts(condition):
        paths = {path for leaf in leaves(part) for path in _through(leaf, is_many)}
        if not paths:
            alone.append(part)
            continue
        parts = [part]
        for other in [entry for entry in sharing if entry[1] & paths]:
            sharing.remove(other)
            parts, paths = other[0] + parts, other[1] | paths
        sharing.append((parts, paths))
    groups = [Group(part) for part in alone]
    for parts, paths in sharing:
        joint = parts[0] if len(parts) == 1 else All(tuple(parts))
        ordered = tuple(sorted(paths, key=lambda path: (len(path), path)))
        first = ordered[0]
        one_branch = all(path[: len(first)] == first for path in ordered)
        groups.append(Group(joint, ordered, one_branch and _rejects_null(joint, first)))
    return groups


def conjuncts(condition: Condition) -> Iterator[Condition]:
    """The parts of a condition that all have to hold."""
    if isinstance(condition, All):
        for part in condition.conditions:
            yield from conjuncts(part)
    else:
        yield condition


def leaves(condition: Condition) -> Iterator[Compare | Some]:
    """What a condition asks of values and of rows; not what it asks of the rows of a `Some`."""
    if isinstance(condition, Compare | Some):
        yield condition
        return
    for part in condition.conditions:
        yield from leaves(part)


def _through(leaf: Compare | Some, is_many: IsMany) -> Iterator[Path]:
    """The prefixes of a leaf's path that end in a to-many. (Its last name is what is compared.)"""
    for length in range(1, len(leaf.path)):
        if is_many(leaf.path[:length]):
            yield leaf.path[:length]


def _rejects_null(condition: Condition, path: Path) -> bool:
    """Whether a condition is false where all that `path` leads to is null."""
    match condition:
        case Compare():
            below = condition.path[: len(path)] == path
            return below and condition.operator not in _HOLDS_FOR_NULL and not condition.function
        case Some():
            return False
        case All():
            return any(_rejects_null(part, path) for part in condition.conditions)
        case AnyOf():
            return bool(condition.conditions) and all(
                _rejects_null(part, path) for part in condition.conditions
            )
