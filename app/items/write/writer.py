"""Writing sets of items: defaults, rules, validation, nested relations, one transaction.

The steps follow directus.md 1.4 to 1.8; DESIGN.md section 4 asks for sets, never row by row.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence, Sized
from typing import Any

import psycopg

from app.access.caller import Caller
from app.access.permissions import Action
from app.database.session import WriteSession
from app.errors import (
    AppError,
    ErrorList,
    FailedValidation,
    Forbidden,
    InvalidForeignKey,
    InvalidPayload,
    RecordNotUnique,
    Stored,
)
from app.items.compile.compiler import Compiler
from app.items.hooks import Row, Update, rules_of, tell
from app.items.policy.actions import may
from app.items.policy.write_policy import OWNER, Grant
from app.items.write import statements
from app.items.write.audit import History
from app.items.write.constraint_errors import as_app_error
from app.items.write.defaults import fill_changed, fill_created
from app.items.write.nested import taken_out
from app.items.write.one_account import require_one_account
from app.items.write.payloads import objects, weights
from app.items.write.refusal_details import reveal_details, without_reason
from app.items.write.related import Path, save_many_to_one, save_to_many
from app.items.write.validation import check_changed, check_created, refuse
from app.items.write.values import as_json, as_key, stored_row
from app.slices import portions, sliced
from schema import Collection, Field

MOST_ERRORS = 1000
"""Refusals that one request is told of."""


class Writer:
    """Writes for one caller inside one transaction. `most` bounds the rows of all its writes."""

    def __init__(
        self, compiler: Compiler, session: WriteSession, caller: Caller, most: int | None = None
    ) -> None:
        self.compiler = compiler
        self.schema = compiler.schema
        self.session = session
        self.caller = caller
        self.most = most
        self._grant = Grant(compiler, session, caller)
        self._history = History(compiler.schema, session, caller)
        self._written = 0

    async def create(self, name: str, payloads: list[Any], path: Path = ()) -> list[Any]:
        """Insert a row for every payload; the keys, in their order. `path`: where it is nested."""
        if not payloads:
            return []
        self._count(payloads)
        collection = self.schema[name]
        weights(payloads)
        payloads = await self._grant.created(collection, objects(payloads))
        rows, refused, below = await self._accepted(collection, payloads, path)
        fill_created(collection, rows, self.caller)
        self._grant.own(collection, rows)

        def rules() -> Awaitable[None]:
            return rules_of(name).before_create(self.session, self.caller, rows)

        await self._judge(rules, collection, rows, refused, path)
        await self._check_links(collection, rows)
        keys = await self._insert(collection, rows)
        await self._grant.require_own(collection, keys)
        await self._require_one_account(collection, keys, _given(rows))
        await save_to_many(self, collection, keys, below, path)
        await self._require_valid(
            collection, "create", dict(zip(keys, payloads, strict=True)), path
        )
        await rules_of(name).after_create(self.session, self.caller, rows)
        await tell(self.session, self.caller, self.schema, collection, "create", keys)
        return keys

    async def update(self, name: str, patches: list[tuple[Any, Any]], path: Path = ()) -> list[Any]:
        """Apply each patch to the row of its key; the keys of the rows there were."""
        if not patches:
            return []
        self._count(patches)
        written = weights(patch for _, patch in patches)
        collection = self.schema[name]
        given = await self._by_key(collection, patches)
        columns = self._looked_at(collection, self._grant.changing(collection, given.values()))
        locked = await self.locked(collection, "update", list(given), columns)
        wanted = await self._grant.updated(collection, given, locked)
        most = max(written)
        for part in portions({key: locked[key] + most for key in wanted}):
            await self._update(collection, {key: wanted[key] for key in part}, columns, path)
        await tell(self.session, self.caller, self.schema, collection, "update", list(wanted))
        return list(wanted)

    async def _update(
        self, collection: Collection, wanted: dict[Any, Row], columns: tuple[str, ...], path: Path
    ) -> None:
        """Apply patches to rows that are there and locked, a portion of all."""
        name, keys = collection.name, list(wanted)
        before = await self._stored(collection, keys, columns)
        given = list(wanted.values())
        accepted, refused, below = await self._accepted(collection, given, path)
        deltas = [dict(patch) for patch in accepted]
        fill_changed(collection, accepted, self.caller)
        updates = [
            Update(key, before[key], patch) for key, patch in zip(keys, accepted, strict=True)
        ]
        rows = [change.patch for change in updates]

        def rules() -> Awaitable[None]:
            return rules_of(name).before_update(self.session, self.caller, updates)

        await self._judge(rules, collection, rows, refused, path, keys)
        await self._check_links(collection, rows)
        await self._apply(collection, updates)
        await self._grant.require_own(collection, keys)
        changed = _given([update.changes for update in updates])
        await self._require_one_account(collection, keys, None if OWNER in changed else changed)
        await save_to_many(self, collection, keys, below, path)
        await self._require_valid(collection, "update", wanted, path)
        await self._history.updated(collection, dict(zip(keys, deltas, strict=True)))
        await rules_of(name).after_update(self.session, self.caller, updates)

    async def delete(self, name: str, keys: list[Any]) -> list[Any]:
        """Delete the rows of the keys; the keys of the rows there were."""
        self._count(keys)
        collection = self.schema[name]
        known = [as_key(collection.primary_key, key) for key in keys]
        if not self.caller.is_admin and None in known:
            raise Forbidden
        wanted = [key for key in known if key is not None]
        locked = await self.locked(collection, "delete", wanted)
        found = await self._grant.deletable(collection, wanted, locked)
        if not found:
            return []
        gone = statements.delete(collection, self._history.kept(collection))
        try:
            await rules_of(name).before_delete(self.session, self.caller, found)
            await tell(self.session, self.caller, self.schema, collection, "delete", found)
            await self._unlink(collection, found)
            await self._run(collection, gone, {"keys": found, **self._history.who})
        except InvalidForeignKey as refused:
            raise self._referred(collection, refused) from refused
        await rules_of(name).after_delete(self.session, self.caller, found)
        return found

    async def reveal_details(self, errors: list[AppError]) -> list[AppError]:
        """Refusals as the caller may know them, once what they refused is rolled back."""
        return await reveal_details(self.session, self.compiler, self.caller, errors)

    async def existing(self, collection: Collection, keys: list[Any]) -> set[Any]:
        """Those of the keys that rows have, as far as the caller's account can see.

        Locked are the rows that the caller may change. To refer to the others no lock of ours is
        needed, and who may change them is not held up.
        """
        if may(self.caller, "update", collection):
            locked = await self.locked(collection, "update", keys)
            if self._grant.restrictor.rows(collection.name, "update") is None:
                return set(locked)
        return await self._grant.there(collection, keys)

    async def locked(
        self,
        collection: Collection,
        action: Action,
        keys: list[Any],
        columns: tuple[str, ...] = (),
    ) -> dict[Any, int]:
        """Those of the keys that rows have which the caller may change so, locked.

        Each with its weight in long columns. Whoever had a row before may have changed it, and
        with it what the caller may do: that is judged once it is locked.
        """
        if not keys:
            return {}
        long = tuple(
            name for name in columns if _is_long(self.schema.fields(collection.name)[name])
        )
        among = self._grant.among(collection, action, keys)
        values: dict[str, Any] = {"keys": keys} if among is None else {**among.values, "keys": keys}
        sql = statements.lock(collection, long, None if among is None else among.sql)
        rows = await self.session.fetch_all(sql, values)
        return {row["key"]: row["weight"] for row in rows}

    def _count(self, rows: Sized) -> None:
        """Bound a request's writes, nested ones included (1.7)."""
        self._written += len(rows)
        if self.most is not None and self._written > self.most:
            raise InvalidPayload(f"Exceeded max batch mutation limit of {self.most}")

    async def _judge(
        self,
        rules: Callable[[], Awaitable[None]],
        collection: Collection,
        rows: list[Row],
        refused: list[dict[str, AppError]],
        path: Path,
        keys: Sequence[Any] | None = None,
    ) -> None:
        """Raise everything that is wrong, of every row and field at once.

        `refused` are the values that can't be stored, by field. The domain's rules see rows only
        when all of their values can be. `keys`: of the rows that are changed; None: they are new.
        """
        is_new = keys is None
        check = check_created if is_new else check_changed
        errors = [error for of_row in refused for error in of_row.values()][:MOST_ERRORS]
        errors += self._grant.counted(collection, rows)
        if not is_new:
            errors += self._grant.kept(collection, rows)
        if not errors:
            try:
                await rules()
            except ErrorList as found:
                errors += self._untold(collection, found.errors, keys)
            except FailedValidation as found:
                errors += self._untold(collection, [found], keys)
        async for pairs in sliced(list(zip(rows, refused, strict=True))):
            if len(errors) >= MOST_ERRORS:
                break  # nobody reads on, and looking at all of them would keep others waiting
            for row, of_row in pairs:
                broken = check(collection, row)
                errors += [error for error in broken if error.extensions["field"] not in of_row]
        _refuse(errors, path)

    async def _require_valid(
        self, collection: Collection, action: Action, written: dict[Any, Row], path: Path
    ) -> None:
        """Raise what rows that are written now break of the rules for what is written."""
        _refuse(await self._grant.validated(collection, action, written), path)

    def _untold(
        self, collection: Collection, errors: list[AppError], keys: Sequence[Any] | None
    ) -> list[AppError]:
        """Refusals of changes: what these rows have is told to who may read it."""
        if keys is None:
            return errors
        restrictor = self._grant.restrictor
        is_seen = restrictor.shows_every_row(collection.name)
        shown = restrictor.shown_always(collection.name) if is_seen else set()
        return [without_reason(collection, error, shown, tuple(keys)) for error in errors]

    def _referred(self, collection: Collection, refused: InvalidForeignKey) -> InvalidForeignKey:
        """Why a row can't go: what refers to it is named to who may read which rows do."""
        source, field = refused.extensions["collection"], refused.extensions["field"]
        restrictor = self._grant.restrictor
        if restrictor.shows_every_row(source) and field in restrictor.shown_always(source):
            return refused
        return InvalidForeignKey(collection.name, collection.primary_key.name)

    async def _by_key(
        self, collection: Collection, patches: list[tuple[Any, Any]]
    ) -> dict[Any, Row]:
        """The patches by key as stored, several for one key as one."""
        merged: dict[Any, Row] = {}
        async for part in sliced(patches):
            for given, patch in part:
                self._merge(merged, collection.primary_key, given, patch)
        return merged

    def _merge(self, merged: dict[Any, Row], primary: Field, given: Any, patch: Any) -> None:
        """Add a patch. A key that only says which row is meant changes nothing: nobody needs to be
        allowed to change it.
        """
        objects([patch])
        key = as_key(primary, given)
        if key is None:
            if not self.caller.is_admin:
                raise Forbidden
            return
        # What many share stays one: copies of a portion are made at a time.
        merged[key] = {**merged[key], **patch} if key in merged else patch
        if primary.name in patch:
            if as_key(primary, patch[primary.name]) != key:
                raise InvalidPayload(f'The key "{primary.name}" of an item can\'t be changed')
            others = merged[key].items()
            merged[key] = {name: value for name, value in others if name != primary.name}

    async def _stored(
        self, collection: Collection, keys: list[Any], columns: tuple[str, ...]
    ) -> dict[Any, Row]:
        """The stored rows of keys that are locked."""
        rows = await self.session.fetch_all(statements.stored(collection, columns), {"keys": keys})
        return {row[collection.primary_key.name]: row for row in rows}

    def _looked_at(self, collection: Collection, changed: set[str]) -> tuple[str, ...]:
        """The columns an update has to know: all but long ones that nobody changes or asks for."""
        asked = rules_of(collection.name).long_fields | changed
        return tuple(
            field.name
            for field in collection.fields
            if field.stored and (field.name in asked or not _is_long(field))
        )

    async def _accepted(
        self, collection: Collection, payloads: list[Row], path: Path
    ) -> tuple[list[Row], list[dict[str, AppError]], dict[str, list[Any]]]:
        """The writable part of each payload, values as stored, related objects as keys.

        And for each the values that can't be stored, by field; and the to-many parts, to be saved
        when the rows have keys. Unknown and read-only fields are dropped, as Directus does for
        admins.
        """
        fields = {
            name: field
            for name, field in self.schema.fields(collection.name).items()
            if not field.readonly
        }
        rows = [{n: v for n, v in payload.items() if n in fields} for payload in payloads]
        below = taken_out(collection, rows)
        await save_many_to_one(self, fields.values(), rows, path)
        converted = [
            stored_row(collection.name, fields, row) async for part in sliced(rows) for row in part
        ]
        return [row for row, _ in converted], [refused for _, refused in converted], below

    async def _check_links(self, collection: Collection, rows: list[Row]) -> None:
        """Unknown keys in the relations PostgreSQL does not check itself.

        As it does for the others, rows that are named are held, but for records of what was.
        """
        await self._grant.require_links(collection, rows)
        for field in collection.fields:
            if field.relation is None or field.relation.enforced:
                continue
            keys = list({row[field.name] for row in rows if row.get(field.name) is not None})
            if not keys:
                continue
            target = self.schema[field.relation.to]
            if field.relation.on_delete == "NO ACTION":
                absent = await self.session.fetch_all(statements.absent(target), {"keys": keys})
                missing = [row["key"] for row in absent]
            else:
                held = await self.session.fetch_all(statements.hold(target), {"keys": keys})
                missing = list(set(keys) - {row["key"] for row in held})
            if missing:
                raise InvalidForeignKey(collection.name, field.name, min(missing))

    async def _require_one_account(
        self, collection: Collection, keys: list[Any], written: Iterable[str] | None
    ) -> None:
        """Raises for a row that names another account's, as far as the caller may know."""
        try:
            await require_one_account(self.session, self.schema, collection, keys, written)
        except FailedValidation as refused:
            if self.caller.account is None:
                raise
            raise InvalidForeignKey(collection.name, refused.extensions["field"]) from refused

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
        """Insert the rows; the keys, in their order.

        Keys that the database counts may be given by the installation's admin. The count goes on
        after them once they are stored: a sequence is not rolled back.
        """
        primary = collection.primary_key
        if primary.generated != "sequence":
            return await self._inserted(collection, rows)
        given = [row for row in rows if row.get(primary.name) is not None]
        others = [row for row in rows if row.get(primary.name) is None]
        for row in others:
            row.pop(primary.name, None)
        if given:
            await self._inserted(collection, given)
            self.session.follow_up(statements.move_on(collection))
            await self._count_on(collection, others)
        if others:
            await self._inserted(collection, others)
        return [row[primary.name] for row in rows]

    async def _count_on(self, collection: Collection, rows: list[Row]) -> None:
        """Keys for rows that have none, behind all there are, beside others that were given one."""
        greatest = await self.session.fetch_value(statements.greatest(collection))
        for number, row in enumerate(rows, 1):
            row[collection.primary_key.name] = greatest + number

    async def _inserted(self, collection: Collection, rows: list[Row]) -> list[Any]:
        given = set().union(*rows)
        columns = tuple(
            field.name for field in collection.fields if field.name in given and field.stored
        )
        kept, who = self._history.kept(collection), self._history.who
        if columns:
            sql = statements.insert(collection, columns, kept)
            made = await self._run(collection, sql, {"rows": as_json(rows), **who})
        else:  # nothing is said of any row
            sql = statements.insert_defaults(collection, kept)
            made = await self._run(collection, sql, {"count": len(rows), **who})
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
            try:
                await self._run(collection, sql, {"rows": as_json(rows)})
            except RecordNotUnique as refused:
                keys = tuple(row[key] for row in rows)
                raise _not_unique(collection, refused, columns, keys) from refused

    async def _run(self, collection: Collection, sql: str, values: dict[str, Any]) -> list[Row]:
        try:
            cursor = await self.session.run(sql, values)
            return await cursor.fetchall() if cursor.description is not None else []
        except psycopg.Error as error:
            refused = as_app_error(error, collection)
            if refused is None:
                raise
            if isinstance(refused, InvalidForeignKey):
                is_own = refused.extensions["collection"] == collection.name
                refused = refused if is_own else self._referred(collection, refused)
            raise refused from error


def _not_unique(
    collection: Collection, refused: RecordNotUnique, given: Sequence[str], keys: tuple[Any, ...]
) -> RecordNotUnique:
    """What is taken, where that may be what the rows have already, and nobody has said."""
    field = refused.extensions["field"]
    if field is None or field in given:
        return refused
    stored = Stored(collection.name, field, keys)
    return RecordNotUnique(collection.name, field).or_fuller(refused, stored)


def _refuse(errors: list[AppError], path: Path) -> None:
    """Raise what is wrong with rows that stand at a path of a payload, if anything is."""
    told = errors[:MOST_ERRORS]
    refuse([e.at(path) if path and isinstance(e, FailedValidation) else e for e in told])


def _given(rows: Iterable[Row]) -> set[str]:
    """The fields that some of the rows have a value of."""
    return {name for row in rows for name, value in row.items() if value is not None}


_LONG = 1000
"""Characters."""


def _is_long(field: Field) -> bool:
    """Whether a value may be so long that many rows of them are not to be in memory for nothing."""
    if field.primary_key or field.relation is not None:
        return False
    if field.type == "string":
        return field.max_length is None or field.max_length > _LONG
    return field.type in {"text", "json", "csv"}
