"""What policies allow: permissions by collection and action (directus.md 6.1, 6.3)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import orjson

Action = Literal["create", "read", "update", "delete", "share"]

EVERY_FIELD = "*"


@dataclass(frozen=True, slots=True)
class Permission:
    """One permission: an action on a collection, as one policy allows it.

    `rule` is a filter (empty: all rows); `validation` a filter written items have to pass;
    `presets` are values put under what is written; `fields` what it allows, `*` for all.
    """

    collection: str
    action: Action
    fields: frozenset[str] = frozenset({EVERY_FIELD})
    rule: Mapping[str, Any] = field(default_factory=dict)
    validation: Mapping[str, Any] = field(default_factory=dict)
    presets: Mapping[str, Any] = field(default_factory=dict)

    def allows(self, name: str) -> bool:
        """Whether it covers the field."""
        return EVERY_FIELD in self.fields or name in self.fields


class Permissions:
    """The permissions of a caller, in the order of its policies."""

    __slots__ = ("_by_place", "moving")

    def __init__(self, permissions: Iterable[Permission] = ()) -> None:
        self._by_place: dict[tuple[str, str], tuple[Permission, ...]] = {}
        self.moving = False
        """Whether a rule depends on the moment: the same caller sees other rows a second later."""
        for permission in permissions:
            self.moving = self.moving or b"$NOW" in orjson.dumps(permission.rule, default=str)
            place = (permission.collection, permission.action)
            self._by_place[place] = (*self._by_place.get(place, ()), permission)

    def of(self, collection: str, action: Action) -> tuple[Permission, ...]:
        """What allows the action on the collection; empty: it is forbidden."""
        return self._by_place.get((collection, action), ())

    def collections(self, action: Action) -> frozenset[str]:
        """The collections the action is allowed on."""
        return frozenset(name for name, allowed in self._by_place if allowed == action)


NOTHING = Permissions()
"""No permission at all."""
