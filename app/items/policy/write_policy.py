"""What a caller may write: rows, fields, presets, validation, and its own account's rows only.

directus.md 6.3 and 6.4; tenancy: systems.md 6.1.5, where a row of another account is a missing row.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.access.caller import Caller
from app.access.permissions import Action, Permission
from app.database.session import WriteSession
from app.errors import AppError, FailedValidation, Forbidden, InvalidForeignKey, InvalidQuery
from app.items.cache.prepared import Statement
from app.items.compile.compiler import Compiler
from app.items.hooks import Row
from app.items.policy.payload_rules import RuleReader, broken
from app.items.policy.presets import resolved_presets
from app.items.policy.read_policy import Restrictor
from app.items.query.tree import All, Compare, Condition, Query, Value
from app.slices import sliced
from schema import Collection

logger = logging.getLogger(__name__)

OWNER = "account"
"""The field that says whose a row is."""
_MOST_ERRORS = 1000
"""After so many nobody reads on."""


class Grant:
    """The write permissions of one caller, inside one transaction."""

    def __init__(self, compiler: Compiler, session: WriteSession, caller: Caller) -> None:
        self.compiler = compiler
        self.schema = compiler.schema
        self.session = session
        self.caller = caller
        self.restrictor = Restrictor(compiler.schema, caller)

    def permissions(self, collection: Collection, action: Action) -> tuple[Permission, ...]:
        return self.caller.permissions.of(collection.name, action)

    async def created(self, collection: Collection, payloads: Sequence[Row]) -> list[Row]:
        """The payloads with presets under them.

        Raises Forbidden for a field not allowed, and for presets that can't be understood.
        """
        if self.caller.is_admin:
            return [dict(payload) for payload in payloads]
        permissions = self.permissions(collection, "create")
        self._require_fields(collection, "create", permissions, payloads)
        presets = _merged(await self._presets(collection, permissions))
        return [{**presets, **payload} for payload in payloads]

    async def validated(
        self, collection: Collection, action: Action, written: Mapping[Any, Row]
    ) -> list[AppError]:
        """What rows, as they are now, break of every permission's validation and every field's.

        `written`: what was submitted of each, by key. Raises Forbidden for a rule that can't be
        understood: then nobody may write.
        """
        raw = [field.validation for field in collection.fields if field.validation]
        if not self.caller.is_admin:
            raw += [item.validation for item in self.permissions(collection, action)]
        if not any(raw):
            return []
        reader = RuleReader(self.restrictor.filters, collection.name)
        try:
            rules = [reader.read(one) for one in raw if one]
        except (InvalidQuery, Forbidden) as error:
            logger.warning("a validation of %s can't be understood: %s", collection.name, error)
            raise Forbidden from error
        submitted = set().union(*written.values())
        asked = [
            test
            for rule in rules
            for test in rule.tests()
            if test.condition is not None and test.field in submitted
        ]
        found: list[AppError] = []
        async for keys in sliced(list(written)):
            holding = await self._all_holding(collection, keys, [test.condition for test in asked])
            for key in keys:
                held = dict(zip(map(id, asked), holding[key], strict=True))
                for rule in rules:
                    found += broken(rule, written[key], held)
            if len(found) >= _MOST_ERRORS:
                break
        return found

    def changing(self, collection: Collection, patches: Iterable[Row]) -> set[str]:
        """The fields that the patches and presets under them may change, of whatever rows.

        Raises Forbidden for a field that no permission covers.
        """
        fields: set[str] = set().union(*patches)
        if self.caller.is_admin:
            return fields
        permissions = self.permissions(collection, "update")
        self._require_fields(collection, "update", permissions, [dict.fromkeys(fields)])
        return fields.union(*(item.presets for item in permissions))

    def among(self, collection: Collection, action: Action, keys: list[Any]) -> Statement | None:
        """A statement of those of the keys whose rows the action is allowed on; None: all are."""
        rows = self.restrictor.rows(collection.name, action)
        if rows is None:
            return None
        chosen = Compare((collection.primary_key.name,), "_in", Value(keys))
        return self.compiler.keys(Query(collection.name, (), filter=All((chosen, rows))))

    async def updated(
        self, collection: Collection, patches: dict[Any, Row], locked: Mapping[Any, Any]
    ) -> dict[Any, Row]:
        """The patches with presets under them, of the rows that the caller may touch now that
        they are locked.

        Raises Forbidden when a row may not be touched at all, or not in one of its fields. To an
        admin, rows that are not there are left out, and those of other accounts are not.
        """
        if self.caller.is_admin:
            seen = await self.visible(collection, list(locked))
            return {key: patch for key, patch in patches.items() if key in seen}
        if any(key not in locked for key in patches):
            raise Forbidden
        permissions = self.permissions(collection, "update")
        rules = [self.restrictor.rule_of(collection.name, item) for item in permissions]
        holding = await self._holding(collection, list(patches), rules)
        presets = await self._presets(collection, permissions)
        result = {}
        async for part in sliced(list(patches.items())):
            for key, patch in part:
                holds = holding.get(key, ())
                own = [item for item, it_does in zip(permissions, holds, strict=False) if it_does]
                if not own:
                    raise Forbidden
                self._require_fields(collection, "update", own, [patch])
                under = [row for row, it_does in zip(presets, holds, strict=False) if it_does]
                result[key] = {**_merged(under), **patch}
        return result

    async def deletable(
        self, collection: Collection, keys: list[Any], locked: Iterable[Any]
    ) -> list[Any]:
        """Those of the keys whose rows may be deleted now that they are locked.

        Raises Forbidden when one may not; to an admin, it is missing (see `updated`).
        """
        held = list(locked)
        if self.caller.is_admin:
            allowed = await self.visible(collection, held)
        else:
            allowed = await self.touchable(collection, "delete", held)
            if not keys or not allowed.issuperset(keys):
                raise Forbidden
        return [key for key in held if key in allowed]

    async def touchable(self, collection: Collection, action: Action, keys: list[Any]) -> set[Any]:
        """Those of the keys whose rows the action is allowed on."""
        rows = self.restrictor.rows(collection.name, action)
        holding = await self._holding(collection, keys, [rows], action)
        return {key for key, (holds,) in holding.items() if holds}

    async def visible(
        self, collection: Collection, keys: list[Any], action: Action = "update"
    ) -> set[Any]:
        """Those of the keys that the caller's tenancy lets exist; all, without one."""
        tenancy = self.restrictor.tenancy(collection.name, action)
        if tenancy is None or not keys:
            return set(keys)
        return await self.there(collection, keys, action)

    async def there(
        self, collection: Collection, keys: list[Any], action: Action = "update"
    ) -> set[Any]:
        """Those of the keys that rows have, within the caller's tenancy."""
        return set(await self._holding(collection, keys, (), action))

    async def _holding(
        self,
        collection: Collection,
        keys: list[Any],
        conditions: Sequence[Condition | None],
        action: Action = "update",
    ) -> dict[Any, tuple[bool, ...]]:
        """Which of the conditions hold for each row there is of the keys, within the tenancy."""
        if not keys:
            return {}
        tenancy = self.restrictor.tenancy(collection.name, action)
        statement = self.compiler.holding(collection.name, keys, tuple(conditions), tenancy)
        rows = await self.session.fetch_all(statement.sql, statement.values)
        return {row.pop("key"): tuple(bool(value) for value in row.values()) for row in rows}

    def own(self, collection: Collection, rows: Iterable[Row]) -> None:
        """Rows made by a caller with an account belong to it. Raises InvalidForeignKey for others.

        Before anything else is judged: whether there is such an account, nothing tells.
        """
        if self._has_owner(collection):
            for row in rows:
                if row.get(OWNER) is None:
                    row[OWNER] = self.caller.account
                elif row[OWNER] != self.caller.account:
                    raise InvalidForeignKey(collection.name, OWNER, row[OWNER])

    def counted(self, collection: Collection, rows: Iterable[Row]) -> list[AppError]:
        """What is wrong with rows that bring a key which the database counts."""
        key = collection.primary_key
        if key.generated != "sequence" or (self.caller.is_admin and self.caller.account is None):
            return []
        if all(row.get(key.name) is None for row in rows):
            return []
        detail = (
            "The database counts this key: leave it out. Only the admin of the installation may "
            "give one."
        )
        return [FailedValidation(key.name, "null", detail)]

    def kept(self, collection: Collection, patches: Iterable[Row]) -> list[AppError]:
        """A row can't be given away: what is wrong with patches that try."""
        if not self._has_owner(collection):
            return []
        wrong = {patch[OWNER] for patch in patches if OWNER in patch} - {self.caller.account}
        if None in wrong:
            return [FailedValidation(OWNER, "nnull", "Value can't be null.")]
        return [InvalidForeignKey(collection.name, OWNER, value) for value in wrong]

    async def _all_holding(
        self, collection: Collection, keys: Sequence[Any], conditions: Sequence[Condition | None]
    ) -> dict[Any, tuple[bool, ...]]:
        """As `_holding`, of rows of whatever account."""
        if not conditions:
            return dict.fromkeys(keys, ())
        statement = self.compiler.holding(collection.name, list(keys), tuple(conditions), None)
        rows = await self.session.fetch_all(statement.sql, statement.values)
        return {row.pop("key"): tuple(bool(value) for value in row.values()) for row in rows}

    def _has_owner(self, collection: Collection) -> bool:
        return self.caller.account is not None and OWNER in self.schema.fields(collection.name)

    async def require_links(self, collection: Collection, rows: list[Row]) -> None:
        """A key of another account's row is an unknown key. Raises InvalidForeignKey."""
        if self.caller.account is None:
            return
        for field in collection.fields:
            if field.relation is None:
                continue
            keys = list({row[field.name] for row in rows if row.get(field.name) is not None})
            if not keys or self.restrictor.tenancy(field.relation.to, "read") is None:
                continue
            seen = await self.visible(self.schema[field.relation.to], keys, "read")
            for key in keys:
                if key not in seen:
                    raise InvalidForeignKey(collection.name, field.name, key)

    async def require_own(self, collection: Collection, keys: list[Any]) -> None:
        """What was written is the account's own. Raises Forbidden: the write is undone."""
        if len(await self.visible(collection, keys)) < len(set(keys)):
            raise Forbidden

    def _require_fields(
        self,
        collection: Collection,
        action: Action,
        permissions: Sequence[Permission],
        payloads: Iterable[Row],
    ) -> None:
        """Raises Forbidden for fields that no permission covers; in updates, for unknown ones."""
        names = {name for payload in payloads for name in payload}
        known = self.schema.fields(collection.name)
        refused = [
            name
            for name in sorted(names)
            if not any(permission.allows(name) for permission in permissions)
            or (action == "update" and name not in known)
        ]
        if refused:
            raise Forbidden.fields(refused, collection.name)

    async def _presets(
        self, collection: Collection, permissions: Sequence[Permission]
    ) -> list[Row]:
        """The presets of each permission. Raises Forbidden for what can't be understood."""
        try:
            return await resolved_presets(self.session, self.compiler, self.caller, permissions)
        except InvalidQuery as error:
            logger.warning("a preset of %s can't be understood: %s", collection.name, error)
            raise Forbidden from error


def _merged(rows: Iterable[Row]) -> Row:
    """Presets of several permissions: those of later ones win."""
    merged: Row = {}
    for row in rows:
        merged |= row
    return merged
