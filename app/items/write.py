"""Writing sets of items: defaults, rules, validation, nested relations, one transaction.

The steps follow directus.md 1.4 to 1.8; DESIGN.md section 4 asks for sets, never row by row.
"""

from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import psycopg

from app.access.caller import Caller
from app.access.permissions import require
from app.database.session import WriteSession
from app.errors import AppError, ErrorList, InvalidForeignKey, InvalidPayload
from app.items import statements
from app.items.rules import Row, Update, rules_of
from app.items.validation import check_changed, check_created, refuse
from app.items.values import as_json, as_key, stored, stored_row
from app.items.violations import as_app_error
from schema import Collection, Field, Schema


class Writer:
    """Writes for one caller inside one transaction."""

    def __init__(self, schema: Schema, session: WriteSession, caller: Caller) -> None:
        self.schema = schema
        self.session = session
        self.caller = caller

    async def create(self, name: str, payloads: list[Any]) -> list[Any]:
        """Insert a row for every payload; the keys, in their order."""
        if not payloads:
            return []
        collection = self.schema[name]
        rows, refused = await self._accepted(collection, payloads)
        for row in rows:
            self._fill(collection, row)

        def rules() -> Awaitable[None]:
            return rules_of(name).before_create(self.session, self.caller, rows)

        await self._judge(rules, check_created, collection, rows, refused)
        await self._check_links(collection, rows)
        keys = await self._insert(collection, rows)
        await rules_of(name).after_create(self.session, self.caller, rows)
        return keys

    async def update(self, name: str, patches: list[tuple[Any, Any]]) -> list[Any]:
        """Apply each patch to the row of its key; the keys of the rows there were."""
        collection = self.schema[name]
        wanted = self._by_key(collection, patches)
        before = await self._locked(collection, list(wanted))
        keys = [key for key in wanted if key in before]
        accepted, refused = await self._accepted(collection, [wanted[key] for key in keys])
        updates = [
            Update(key, before[key], self._without_key(collection, patch))
            for key, patch in zip(keys, accepted, strict=True)
        ]
        rows = [change.patch for change in updates]

        def rules() -> Awaitable[None]:
            return rules_of(name).before_update(self.session, self.caller, updates)

        await self._judge(rules, check_changed, collection, rows, refused)
        await self._check_links(collection, rows)
        await self._apply(collection, updates)
        await rules_of(name).after_update(self.session, self.caller, updates)
        return keys

    async def delete(self, name: str, keys: list[Any]) -> list[Any]:
        """Delete the rows of the keys; the keys of the rows there were."""
        collection = self.schema[name]
        known = (as_key(collection.primary_key, key) for key in keys)
        found = list(await self._locked(collection, [key for key in known if key is not None]))
        if not found:
            return []
        await rules_of(name).before_delete(self.session, self.caller, found)
        await self._unlink(collection, found)
        await self._run(collection, statements.delete(collection), {"keys": found})
        await rules_of(name).after_delete(self.session, self.caller, found)
        return found

    async def _judge(
        self,
        rules: Callable[[], Awaitable[None]],
        check: Callable[[Collection, Row], list[AppError]],
        collection: Collection,
        rows: list[Row],
        refused: list[dict[str, AppError]],
    ) -> None:
        """Raise everything that is wrong, of every row and field at once.

        `refused` are the values that can't be stored, by field. The domain's rules see rows only
        when all of their values can be.
        """
        errors = [error for of_row in refused for error in of_row.values()]
        if not errors:
            try:
                await rules()
            except ErrorList as found:
                errors += found.errors
        for row, of_row in zip(rows, refused, strict=True):
            broken = check(collection, row)
            errors += [error for error in broken if error.extensions["field"] not in of_row]
        refuse(errors)

    def _by_key(self, collection: Collection, patches: list[tuple[Any, Any]]) -> dict[Any, Row]:
        """The patches by key as stored, several for one key as one."""
        merged: dict[Any, Row] = {}
        for given, patch in patches:
            _require_object(patch)
            key = as_key(collection.primary_key, given)
            if key is not None:
                merged[key] = {**merged.get(key, {}), **patch}
        return merged

    async def _locked(self, collection: Collection, keys: list[Any]) -> dict[Any, Row]:
        if not keys:
            return {}
        name = collection.primary_key.name
        rows = await self.session.fetch_all(statements.lock(collection), {"keys": keys})
        return {row[name]: row for row in rows}

    async def _accepted(
        self, collection: Collection, payloads: list[Any]
    ) -> tuple[list[Row], list[dict[str, AppError]]]:
        """The writable part of each payload, values as stored, related objects as keys.

        And for each the values that can't be stored, by field. Unknown and read-only fields are
        dropped, as Directus does for admins.
        """
        for payload in payloads:
            _require_object(payload)
        fields = {
            name: field
            for name, field in self.schema.fields(collection.name).items()
            if not field.readonly
        }
        rows = [{n: v for n, v in payload.items() if n in fields} for payload in payloads]
        await self._save_related(fields.values(), rows)
        converted = [stored_row(collection.name, fields, row) for row in rows]
        return [row for row, _ in converted], [refused for _, refused in converted]

    async def _save_related(self, fields: Iterable[Field], rows: list[Row]) -> None:
        """Replace related objects by keys: update the row they name, or create one (1.8)."""
        for field in fields:
            if field.relation is None:
                continue
            holders = [row for row in rows if isinstance(row.get(field.name), dict)]
            if not holders:
                continue
            objects = [row[field.name] for row in holders]
            keys = await self._saved(field.relation.to, objects)
            for row, key in zip(holders, keys, strict=True):
                row[field.name] = key

    async def _saved(self, target: str, objects: list[Row]) -> list[Any]:
        """The keys of related objects: what exists is updated, the rest created."""
        key_field = self.schema[target].primary_key
        given = [as_key(key_field, item.get(key_field.name)) for item in objects]
        there = await self._locked(self.schema[target], [key for key in given if key is not None])
        patches: list[tuple[Any, Row]] = []
        fresh: dict[Any, Row] = {}
        places: list[Any] = []
        for key, item in zip(given, objects, strict=True):
            # One object under many rows, or one key given twice, is one row.
            places.append(("new", id(item)) if key is None else key)
            if key not in there:
                fresh[places[-1]] = {**fresh.get(places[-1], {}), **item}
            elif len(item) > 1:
                patches.append((key, item))
        if patches:
            require(self.caller, "update", target)
            await self.update(target, patches)
        if fresh:
            require(self.caller, "create", target)
        made = dict(zip(fresh, await self.create(target, list(fresh.values())), strict=True))
        return [made.get(place, place) for place in places]

    def _without_key(self, collection: Collection, patch: Row) -> Row:
        """A key never changes (1.5); moments and users of the change are the server's."""
        patch.pop(collection.primary_key.name, None)
        for field in collection.fields:
            if "date-updated" in field.special:
                patch[field.name] = datetime.now(UTC).isoformat()
            elif "user-updated" in field.special:
                patch[field.name] = self.caller.user
        return patch

    def _fill(self, collection: Collection, row: Row) -> None:
        """Defaults and generating specials. Specials win over what the client sent."""
        for field in collection.fields:
            if "date-created" in field.special:
                row[field.name] = datetime.now(UTC).isoformat()
            elif "user-created" in field.special:
                row[field.name] = self.caller.user
            elif "uuid" in field.special and row.get(field.name) is None:
                row[field.name] = str(uuid4())
            elif field.name not in row and field.default is not None:
                row[field.name] = stored(collection.name, field, field.default)

    async def _check_links(self, collection: Collection, rows: list[Row]) -> None:
        """Unknown keys in the relations PostgreSQL does not check itself."""
        for field in collection.fields:
            if field.relation is None or field.relation.enforced:
                continue
            keys = list({row[field.name] for row in rows if row.get(field.name) is not None})
            if not keys:
                continue
            target = self.schema[field.relation.to]
            missing = await self.session.fetch_value(statements.absent(target), {"keys": keys})
            if missing is not None:
                raise InvalidForeignKey(collection.name, field.name, missing)

    async def _unlink(self, collection: Collection, keys: list[Any]) -> None:
        """What PostgreSQL does for enforced relations, done for the others."""
        for source, field in self.schema.references_to(collection.name):
            relation = field.relation
            if relation is None or relation.enforced:
                continue
            if relation.on_delete == "SET NULL":
                await self.session.execute(statements.unlink(source, field), {"keys": keys})
            elif relation.on_delete == "RESTRICT":
                sql = statements.referenced(source, field)
                held = await self.session.fetch_value(sql, {"keys": keys})
                if held is not None:
                    raise InvalidForeignKey(source.name, field.name, held)

    async def _insert(self, collection: Collection, rows: list[Row]) -> list[Any]:
        names = [field.name for field in collection.fields if not field.computed]
        columns = tuple(name for name in names if any(name in row for row in rows))
        sql = statements.insert(collection, columns or (collection.primary_key.name,))
        made = await self._run(collection, sql, {"rows": as_json(rows)})
        keys = [row["key"] for row in made]
        for row, key in zip(rows, keys, strict=True):
            row[collection.primary_key.name] = key
        return keys

    async def _apply(self, collection: Collection, updates: list[Update]) -> None:
        """One statement per set of changed columns."""
        key = collection.primary_key.name
        sets: dict[tuple[str, ...], list[Row]] = {}
        for change in updates:
            columns = tuple(sorted(change.patch))
            if columns:
                sets.setdefault(columns, []).append({**change.patch, key: change.key})
        for columns, rows in sets.items():
            sql = statements.update(collection, columns)
            await self._run(collection, sql, {"rows": as_json(rows)})

    async def _run(self, collection: Collection, sql: str, values: dict[str, Any]) -> list[Row]:
        try:
            cursor = await self.session.run(sql, values)
            return await cursor.fetchall() if cursor.description is not None else []
        except psycopg.Error as error:
            refused = as_app_error(error, collection.name)
            if refused is None:
                raise
            raise refused from error


def _require_object(payload: Any) -> None:
    if not isinstance(payload, dict):
        raise InvalidPayload("Each item has to be an object")
