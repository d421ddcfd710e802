"""Writing sets of items: defaults, rules, validation, nested relations, one transaction.

The steps follow directus.md 1.4 to 1.8; DESIGN.md section 4 asks for sets, never row by row.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import orjson
import psycopg

from app.access.caller import Caller
from app.database.session import WriteSession
from app.errors import AppError, ErrorList, InvalidForeignKey, InvalidPayload
from app.items import statements
from app.items.operands import is_uuid
from app.items.rules import Row, Update, rules_of
from app.items.validation import check_changed, check_created, refuse
from app.items.values import stored, stored_row
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
        rows = await self._accepted(collection, payloads)
        for row in rows:
            self._fill(collection, row)
        errors: list[AppError] = []
        try:
            await rules_of(name).before_create(self.session, self.caller, rows)
        except ErrorList as refused:
            errors += refused.errors
        for row in rows:
            errors += check_created(collection, row)
        refuse(errors)
        await self._check_links(collection, rows)
        keys = await self._insert(collection, rows)
        await rules_of(name).after_create(self.session, self.caller, rows)
        return keys

    async def update(self, name: str, patches: list[tuple[Any, Any]]) -> list[Any]:
        """Apply each patch to the row of its key; the keys of the rows there were."""
        collection = self.schema[name]
        wanted = {self._key(collection, key): patch for key, patch in patches}
        known = [key for key in wanted if key is not None]
        before = await self._locked(collection, known)
        keys = [key for key in known if key in before]
        accepted = await self._accepted(collection, [wanted[key] for key in keys])
        updates = [
            Update(key, before[key], self._without_key(collection, patch))
            for key, patch in zip(keys, accepted, strict=True)
        ]
        errors: list[AppError] = []
        try:
            await rules_of(name).before_update(self.session, self.caller, updates)
        except ErrorList as refused:
            errors += refused.errors
        for change in updates:
            errors += check_changed(collection, change.patch)
        refuse(errors)
        await self._check_links(collection, [change.patch for change in updates])
        await self._apply(collection, updates)
        await rules_of(name).after_update(self.session, self.caller, updates)
        return keys

    async def delete(self, name: str, keys: list[Any]) -> list[Any]:
        """Delete the rows of the keys; the keys of the rows there were."""
        collection = self.schema[name]
        known = [key for key in (self._key(collection, key) for key in keys) if key is not None]
        found = list(await self._locked(collection, known))
        if not found:
            return []
        await rules_of(name).before_delete(self.session, self.caller, found)
        await self._unlink(collection, found)
        await self._run(collection, statements.delete(collection), {"keys": found}, [])
        await rules_of(name).after_delete(self.session, self.caller, found)
        return found

    def _key(self, collection: Collection, key: Any) -> Any:
        """A key as stored, or None when it can't be one: a malformed key is a missing row."""
        kind = collection.primary_key.type
        if kind == "uuid":
            return key.lower() if is_uuid(key) else None
        if kind in {"integer", "bigInteger"}:
            return int(key) if str(key).lstrip("-").isdecimal() else None
        return str(key)

    async def _locked(self, collection: Collection, keys: list[Any]) -> dict[Any, Row]:
        if not keys:
            return {}
        name = collection.primary_key.name
        rows = await self.session.fetch_all(statements.lock(collection), {"keys": keys})
        return {row[name]: row for row in rows}

    async def _accepted(self, collection: Collection, payloads: list[Any]) -> list[Row]:
        """The writable part of each payload, values as stored, related objects as keys.

        Unknown and read-only fields are dropped, as Directus does for admins.
        """
        for payload in payloads:
            if not isinstance(payload, dict):
                raise InvalidPayload("Each item has to be an object")
        fields = {
            name: field
            for name, field in self.schema.fields(collection.name).items()
            if not field.readonly
        }
        rows = [{n: v for n, v in payload.items() if n in fields} for payload in payloads]
        await self._save_related(fields.values(), rows)
        errors: list[AppError] = []
        converted = [stored_row(collection.name, fields, row, errors) for row in rows]
        refuse(errors)
        return converted

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
        collection = self.schema[target]
        key_name = collection.primary_key.name
        named = [self._key(collection, o[key_name]) for o in objects if o.get(key_name) is not None]
        there = await self._locked(collection, [key for key in named if key is not None])
        keys = [
            key if (key := self._given_key(collection, item)) in there else None for item in objects
        ]
        patches = [
            (key, item)
            for key, item in zip(keys, objects, strict=True)
            if key is not None and len(item) > 1
        ]
        if patches:
            await self.update(target, patches)
        fresh = [item for key, item in zip(keys, objects, strict=True) if key is None]
        made = iter(await self.create(target, fresh))
        return [next(made) if key is None else key for key in keys]

    def _given_key(self, collection: Collection, item: Row) -> Any:
        given = item.get(collection.primary_key.name)
        return None if given is None else self._key(collection, given)

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
        made = await self._run(collection, sql, {"rows": _json(rows)}, rows)
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
            patches = [change.patch for change in updates]
            sql = statements.update(collection, columns)
            await self._run(collection, sql, {"rows": _json(rows)}, patches)

    async def _run(
        self, collection: Collection, sql: str, values: dict[str, Any], rows: list[Row]
    ) -> list[Row]:
        try:
            cursor = await self.session.run(sql, values)
            return await cursor.fetchall() if cursor.description is not None else []
        except psycopg.Error as error:
            refused = as_app_error(error, collection.name, rows)
            if refused is None:
                raise
            raise refused from error


def _json(rows: list[Row]) -> str:
    return orjson.dumps(rows).decode()
