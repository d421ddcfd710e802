"""The schema as one caller may read it: what it may not read is not there (directus.md 6.3).

Directus never tells what is forbidden from what does not exist; nor can readers that see only this.
"""

from collections.abc import Mapping

from app.access.caller import Caller
from app.access.permissions import EVERY_FIELD
from schema import Collection, Field, Schema


class View:
    """The readable part of a schema: a collection without permission has no fields."""

    def __init__(self, schema: Schema, caller: Caller) -> None:
        self.schema = schema
        self.caller = caller
        self._fields: dict[str, Mapping[str, Field]] = {}

    def __getitem__(self, name: str) -> Collection:
        return self.schema[name]

    def __contains__(self, name: str) -> bool:
        return name in self.schema and self.may_read(name)

    def may_read(self, name: str) -> bool:
        """Whether the caller may read anything of a collection."""
        collection = self.schema[name]
        if collection.internal:
            return False
        return self.caller.is_admin or bool(self.caller.permissions.of(name, "read"))

    def fields(self, collection: str) -> Mapping[str, Field]:
        """The fields of a collection that the caller may read, in wire order."""
        if collection not in self._fields:
            self._fields[collection] = self._readable(collection)
        return self._fields[collection]

    def _readable(self, name: str) -> Mapping[str, Field]:
        every = self.schema.fields(name)
        if not self.may_read(name):
            return {}
        if self.caller.is_admin:
            return every
        allowed: frozenset[str] = frozenset().union(
            *(permission.fields for permission in self.caller.permissions.of(name, "read"))
        )
        if EVERY_FIELD in allowed:
            return every
        return {name: field for name, field in every.items() if name in allowed}
