"""What a read may cost at most, by its limits alone: how many rows its relations can repeat.

Going down from list to list shows each row once, whatever the limits: that costs no more than the
tables hold, like a list without relations. What multiplies is going up to one row and down to its
list again, and the same relation under several names: limit times limit times limit.
"""

from dataclasses import dataclass, field

from app.errors import InvalidQuery
from app.items.query.relations import Readable, step
from app.items.query.tree import Leaf, Nested, Parts, Query

_ENDLESS = 1_000
"""What a list without a limit counts as."""
_COUNTED = 100
"""What counting a row's list counts as: it shows none of them."""

Path = tuple[str, ...]


def require_affordable(
    schema: Readable, query: Query, most: int | None, rows: int | None = None
) -> None:
    """Raises InvalidQuery for a read that may repeat more than `most` rows, and says where.

    `rows`: how many the first level has, where its limit does not say so.
    """
    if most is None or not any(isinstance(node, Nested) for node in query.selection):
        return
    first = _limit(query) if rows is None else rows
    bill = _Bill()
    _add(schema, query, first, (), (), bill, repeats=False)
    if bill.total > most:
        names = ".".join(bill.place)
        raise InvalidQuery(
            f"It may show {bill.total} rows of relations more than once, and {most} are the most: "
            f'set a smaller limit of "{names}", or of a list above it'
        )


@dataclass(slots=True)
class _Bill:
    """What has been added up, the place that adds most, and the relations that were seen."""

    total: int = 0
    most: int = 0
    place: Path = ()
    seen: set[Path] = field(default_factory=set)

    def add(self, rows: int, place: Path) -> None:
        self.total += rows
        if rows > self.most:
            self.most, self.place = rows, place


def _add(
    schema: Readable,
    query: Query,
    rows: int,
    path: Path,
    place: Path,
    bill: _Bill,
    *,
    repeats: bool,
) -> None:
    """Add what the relations of a level may repeat. `path` names fields, `place` says their keys.

    `repeats`: whether the rows of the level may be there more than once.
    """
    for node in query.selection:
        if isinstance(node, Nested):
            below, at = (*path, node.field), (*place, node.key)
            leads = step(schema, query.collection, node.field)
            is_list = leads is not None and leads.many
            shown = rows * _limit(node.query) if is_list else rows
            # Several rows may lead up to the same one.
            again = repeats or below in bill.seen
            if again and (is_list or below in bill.seen):
                bill.add(shown, at)
            bill.seen.add(below)
            _add(schema, node.query, shown, below, at, bill, repeats=again or not is_list)
        elif repeats and _counts(schema, query.collection, node):
            bill.add(rows * _COUNTED, (*place, node.key))


def _limit(query: Query) -> int:
    limit = None if query.limit is None else query.limit.value
    return _ENDLESS if limit is None else int(limit)


def _counts(schema: Readable, collection: str, node: object) -> bool:
    """Whether a node counts the rows of a list."""
    if isinstance(node, Leaf) and node.function != "count":
        return False
    if not isinstance(node, Leaf | Parts):
        return False
    leads = step(schema, collection, node.field)
    return leads is not None and leads.many
