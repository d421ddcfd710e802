"""The rules of a collection: what a domain does when its rows are written.

`app.items` calls them inside the transaction of the write; a rule refuses by raising an AppError
(or ErrorList), and changes what is stored by changing the rows it is given.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import ColumnElement, FromClause

from app.access.caller import Caller
from app.access.permissions import Action
from app.database.session import WriteSession
from schema import Collection, Schema

Row = dict[str, Any]


@dataclass(slots=True)
class Update:
    """One row about to change: its key, the stored row (locked), and the patch to apply.

    Of fields that may be long the stored row has those that the patches change, and what the rules
    of the collection name in `long_fields`.
    """

    key: Any
    before: Row
    patch: Row

    @property
    def changes(self) -> Row:
        """The part of the patch that really changes something, as far as the stored row is here."""
        return {
            name: value
            for name, value in self.patch.items()
            if name not in self.before or self.before[name] != value
        }


class Rules:
    """No rules. A domain overrides what it needs; rows come as sets, never one by one.

    Values are as Python holds them: uuids as strings, timestamps as datetimes or ISO strings. A
    very large set comes in parts.
    """

    long_fields: frozenset[str] = frozenset()
    """Texts and JSON of the stored rows that an update looks at though it may not change them."""

    async def before_create(self, session: WriteSession, caller: Caller, rows: list[Row]) -> None:
        """Before validation and insert. Rows carry defaults and specials; change them freely."""

    async def after_create(self, session: WriteSession, caller: Caller, rows: list[Row]) -> None:
        """After the insert. Rows carry their keys."""

    async def before_update(
        self, session: WriteSession, caller: Caller, updates: list[Update]
    ) -> None:
        """Before the update; the stored rows are locked."""

    async def after_update(
        self, session: WriteSession, caller: Caller, updates: list[Update]
    ) -> None:
        """After the update; `before` is still what was stored."""

    async def before_delete(self, session: WriteSession, caller: Caller, keys: list[Any]) -> None:
        """Before the delete. The rows are locked."""

    async def after_delete(self, session: WriteSession, caller: Caller, keys: list[Any]) -> None:
        """After the delete, in the same transaction."""


Expression = Callable[[FromClause], ColumnElement[Any]]
"""Builds a field's value from the row it belongs to (the collection's table, aliased)."""


class Listener(Protocol):
    """Who is told what happens, inside the transaction that it happens in."""

    async def written(
        self,
        session: WriteSession,
        caller: Caller,
        schema: Schema,
        collection: Collection,
        action: Action,
        keys: Sequence[Any],
    ) -> None:
        """A caller has written items, or is about to delete them."""
        ...

    async def happened(
        self,
        session: WriteSession,
        collection: str,
        what: str,
        key: str,
        account: str | None,
        user: str | None = None,
    ) -> None:
        """Something has become of one item: `what` says it in a word, such as `ready`."""
        ...


_rules: dict[str, Rules] = {}
_expressions: dict[tuple[str, str], Expression] = {}
_listeners: list[Listener] = []


def register_rules(collection: str, rules: Rules) -> None:
    _rules[collection] = rules


def rules_of(collection: str) -> Rules:
    return _rules.get(collection) or Rules()


def register_expression(collection: str, field: str, expression: Expression) -> None:
    """A computed field reads as `expression`; so does a stored one with a computed default."""
    _expressions[collection, field] = expression


def expression_of(collection: str, field: str) -> Expression | None:
    return _expressions.get((collection, field))


def register_listener(listener: Listener) -> None:
    _listeners.append(listener)


def listeners() -> Sequence[Listener]:
    """None where no domain listens."""
    return _listeners


async def tell(
    session: WriteSession,
    caller: Caller,
    schema: Schema,
    collection: Collection,
    action: Action,
    keys: Sequence[Any],
) -> None:
    """Tell the listeners what a caller has written, or is about to delete."""
    if keys:
        for listener in _listeners:
            await listener.written(session, caller, schema, collection, action, keys)


def forget() -> None:
    """No rules, expressions and listeners: before other domains are hooked in."""
    _rules.clear()
    _expressions.clear()
    _listeners.clear()
