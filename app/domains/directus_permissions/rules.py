"""Refuses permissions whose rules say nothing that can be judged (directus.md 6.3)."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from app.access.caller import Caller
from app.database.session import WriteSession
from app.errors import AppError, ErrorList, FailedValidation, Forbidden, InvalidQuery
from app.items.hooks import Row, Rules, Update
from app.items.policy.payload_rules import RuleReader
from app.items.policy.presets import check_presets
from app.items.query.filter import FilterReader
from app.json_text import loaded
from schema import Schema

_DEEPEST = 100
"""Rules are written by admins: their paths are not bounded like a caller's."""


class DirectusPermissionRules(Rules):
    """Reads the filters of a permission as they will be read, and refuses those that can't be.

    What is stored and not understood allows nothing (`read_policy` and `write_policy` in
    `app.items.policy`).
    """

    long_fields = frozenset({"permissions", "validation", "presets"})

    def __init__(self, schema: Schema) -> None:
        self.schema = schema

    async def before_create(self, session: WriteSession, caller: Caller, rows: list[Row]) -> None:
        """Raises ErrorList, of all rows."""
        self._judge(caller, rows)

    async def before_update(
        self, session: WriteSession, caller: Caller, updates: list[Update]
    ) -> None:
        """Raises ErrorList, of all rows."""
        said = {"collection", "permissions", "validation", "presets"}
        changed = [update for update in updates if not said.isdisjoint(update.patch)]
        self._judge(caller, [{**update.before, **update.patch} for update in changed])

    def _judge(self, caller: Caller, rows: list[Row]) -> None:
        filters = FilterReader(self.schema, caller, _DEEPEST)
        if found := [error for row in rows for error in _faults(filters, row)]:
            raise ErrorList(found)


def _faults(filters: FilterReader, row: Row) -> Iterator[AppError]:
    collection = str(row.get("collection"))
    if collection not in filters.schema:
        return  # of what is not served there is nothing to allow
    readers: Mapping[str, Callable[[Any], object]] = {
        "permissions": lambda raw: filters.read_rule(collection, raw),
        "validation": RuleReader(filters, collection).read,
        "presets": lambda raw: check_presets(filters.schema, filters.caller, raw),
    }
    for name, read in readers.items():
        raw = row.get(name)
        if raw is None:
            continue
        try:
            read(loaded(raw) if isinstance(raw, bytes) else raw)  # bytes: as it was stored
        except (InvalidQuery, Forbidden) as error:
            yield FailedValidation(name, "rule", f"It can't be understood: {error.message}")
