"""What the caller may see, put into a query: row rules, field rules, tenancy (directus.md 6.3).

DESIGN.md section 9: rules are compiled into the statement, never applied afterwards. A row of
another account behaves exactly like a missing row, whatever the policies say.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from app.access.caller import Caller
from app.access.permissions import Action, Permission
from app.errors import Forbidden, InvalidQuery
from app.items.policy.readable_schema import View
from app.items.query.filter import FilterReader
from app.items.query.relations import step
from app.items.query.tree import (
    AggregateQuery,
    All,
    AnyOf,
    Compare,
    Condition,
    Constant,
    Leaf,
    Nested,
    Parts,
    Query,
    ReadRule,
    Some,
)
from schema import Schema

logger = logging.getLogger(__name__)

AnyQuery = TypeVar("AnyQuery", Query, AggregateQuery)

_DEEPEST_RULE = 100
"""Rules are written by admins: their paths are not bounded like a caller's."""


class Restrictor:
    """Restricts queries to what one caller may see."""

    def __init__(self, schema: Schema, caller: Caller) -> None:
        self.schema = schema
        self.caller = caller
        self.filters = FilterReader(schema, caller, _DEEPEST_RULE)

    def restricted(self, query: AnyQuery) -> AnyQuery:
        """The query with the caller's rules for every collection it touches."""
        if self.caller.is_admin and self.caller.account is None:
            return query
        touched = sorted(set(self.touched(query)))
        rules = tuple(self._rule(name) for name in touched)
        return replace(self._with_rows(query), rules=rules)

    def within(self, restricted: AnyQuery, condition: Condition) -> AnyQuery:
        """A restricted query, of rows the server picks: whoever may read what they are by."""
        if any(rule.collection == restricted.collection for rule in restricted.rules):
            return replace(restricted, rows=_both(restricted.rows, condition))
        return replace(restricted, filter=_both(restricted.filter, condition))

    def rows(
        self, collection: str, action: Action, fields: Iterable[str] | None = None
    ) -> Condition | None:
        """The rows the action is allowed on; None: all of them.

        Of several permissions each allows its own rows. With `fields`, those permissions count
        that cover one of them.
        """
        own = self.tenancy(collection, action)
        if self.caller.is_admin:
            return own
        names = None if fields is None else set(fields)
        relevant = [
            permission
            for permission in self.caller.permissions.of(collection, action)
            if not names or any(permission.allows(name) for name in names)
        ]
        return _both(own, self._any_of(collection, relevant))

    def tenancy(self, collection: str, action: Action = "update") -> Condition | None:
        """The rows of the caller's account, where it has one and the rows belong to accounts.

        To `read` (and to refer to), some collections have rows for all accounts besides.
        """
        found = self.schema[collection]
        tenancy = (found.readable if action == "read" else None) or found.tenancy
        if self.caller.account is None or tenancy is None:
            return None
        return self.filters.read(collection, dict(tenancy))

    def rule_of(self, collection: str, permission: Permission) -> Condition | None:
        """The rows of one permission; None: all. None at all of a rule that can't be understood."""
        try:
            return self.filters.read_rule(collection, dict(permission.rule))
        except (InvalidQuery, Forbidden) as error:
            logger.warning("a permission of %s allows no row: %s", collection, error)
            return AnyOf(())

    def _any_of(self, collection: str, permissions: Sequence[Permission]) -> Condition | None:
        conditions = [self.rule_of(collection, permission) for permission in permissions]
        known = [condition for condition in conditions if condition is not None]
        if len(known) < len(conditions):
            return None
        return known[0] if len(known) == 1 else AnyOf(tuple(known))

    def _rule(self, collection: str) -> ReadRule:
        return ReadRule(collection, self.rows(collection, "read"), self._masks(collection))

    def shows_every_row(self, collection: str) -> bool:
        """Whether the caller may read something of every row (of its account)."""
        if self.caller.is_admin:
            return True
        return self._any_of(collection, self.caller.permissions.of(collection, "read")) is None

    def shown_always(self, collection: str) -> set[str]:
        """The fields that the caller may read in every row it sees."""
        fields = set(View(self.schema, self.caller).fields(collection))
        return fields - {name for names, _ in self._masks(collection) for name in names}

    def _masks(self, collection: str) -> tuple[tuple[tuple[str, ...], Condition], ...]:
        """The fields that only some permissions cover, with the rows in which they are seen.

        Those that the same permissions cover are together: their condition is computed once.
        """
        permissions = self.caller.permissions.of(collection, "read")
        if self.caller.is_admin or len(permissions) < 2:  # noqa: PLR2004 - one covers what it covers
            return ()
        names: dict[tuple[int, ...], list[str]] = {}
        for field in self.schema[collection].fields:
            covering = tuple(n for n, item in enumerate(permissions) if item.allows(field.name))
            if 0 < len(covering) < len(permissions):
                names.setdefault(covering, []).append(field.name)
        masks: list[tuple[tuple[str, ...], Condition]] = []
        for covering, fields in names.items():
            seen = self._any_of(collection, [permissions[n] for n in covering])
            if seen is not None:
                masks.append((tuple(fields), seen))
        return tuple(masks)

    def _with_rows(self, query: AnyQuery) -> AnyQuery:
        """Each level with the rows that the fields it shows allow."""
        if isinstance(query, AggregateQuery):
            used = [group.field for group in query.groups]
            used += [field for item in query.aggregates for _, field in item.fields]
            named = [name for name in used if not name.startswith("=")]
            return replace(query, rows=self.rows(query.collection, "read", named))
        selection = tuple(
            replace(node, query=self._with_rows(node.query)) if isinstance(node, Nested) else node
            for node in query.selection
        )
        shown = [node.field for node in selection if not isinstance(node, Constant)]
        rows = self.rows(query.collection, "read", shown)
        return replace(query, selection=selection, rows=rows)

    def touched(self, query: Query | AggregateQuery, *, by_key: bool = True) -> Iterator[str]:
        """Every collection whose table the statement reads for the caller.

        Unless `by_key`, those of which it says no more than a key that other rows hold are left
        out.
        """
        yield query.collection
        for condition in (query.filter, query.search):
            if condition is not None:
                yield from self._of_condition(query.collection, condition, by_key)
        paths = [sort.path for sort in query.sort]
        if isinstance(query, AggregateQuery):
            paths = [path[-1:] for path in paths]  # of a group, or an operation and its field
            paths += [(field,) for item in query.aggregates for _, field in item.fields]
        else:
            paths += [(n.field,) for n in query.selection if isinstance(n, Leaf | Parts)]
            for node in query.selection:
                if isinstance(node, Nested):
                    yield from self.touched(node.query, by_key=by_key)
        for path in paths:
            yield from self._of_path(query.collection, path, by_key)

    def _of_condition(self, collection: str, condition: Condition, by_key: bool) -> Iterator[str]:
        match condition:
            case Compare():
                yield from self._of_path(collection, condition.path, by_key)
            case Some():
                names = list(self._of_path(collection, condition.path, by_key=True))
                yield from names
                yield from self._of_condition(names[-1], condition.condition, by_key)
            case All() | AnyOf():
                for part in condition.conditions:
                    yield from self._of_condition(collection, part, by_key)

    def _of_path(self, collection: str, path: tuple[str, ...], by_key: bool) -> Iterator[str]:
        for place, name in enumerate(path, 1):
            leads = step(self.schema, collection, name)
            if leads is None or not (by_key or leads.many or place < len(path)):
                return
            collection = leads.collection
            yield collection


def _both(first: Condition | None, second: Condition | None) -> Condition | None:
    if first is None or second is None:
        return first if second is None else second
    return All((first, second))
