"""What a refusal tells of rows that are there: what its caller could read of them.

A refusal names what the caller has said itself. Which code stands in the way, or what a campaign's
fields are called, it tells to those only to whom `/items` shows that row and field.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from app.access.caller import Caller
from app.database.session import Session
from app.errors import AppError, FailedValidation, InvalidForeignKey, RecordNotUnique, Stored
from app.items.compile.compiler import Compiler
from app.items.policy.read_policy import Restrictor
from app.items.write.taken_values import hide_taken_value
from schema import Collection


def has_details(error: AppError) -> bool:
    """Whether it depends on the caller what the refusal is told as."""
    return error.fuller is not None or isinstance(error, RecordNotUnique)


async def reveal_details(
    session: Session, compiler: Compiler, caller: Caller, errors: Sequence[AppError]
) -> list[AppError]:
    """The refusals as the caller may know them.

    `session`: one where what they refused is rolled back. One statement for each field that they
    name.
    """
    readable = await _readable(session, compiler, caller, errors)
    return [await _reveal(session, compiler, caller, error, readable) for error in errors]


def without_reason(
    collection: Collection, error: AppError, shown: set[str], keys: tuple[Any, ...]
) -> AppError:
    """The refusal of a change; where it says something of fields that are not among `shown`, only
    to who may read these in the rows of the keys.
    """
    if not isinstance(error, FailedValidation | InvalidForeignKey):
        return error
    field = error.extensions["field"]
    says = {field, *error.says} if isinstance(error, FailedValidation) else {field}
    if shown.issuperset(says):
        return error
    stored = (Stored(collection.name, name, keys) for name in sorted(says))
    if isinstance(error, InvalidForeignKey):
        return InvalidForeignKey(collection.name, field).or_fuller(error, *stored)
    return FailedValidation(field, "eq", "Value can't be that.").or_fuller(error, *stored)


_Readable = dict[tuple[str, str], set[Any]]


async def _reveal(
    session: Session, compiler: Compiler, caller: Caller, error: AppError, readable: _Readable
) -> AppError:
    fuller = error.fuller or error
    if isinstance(fuller, RecordNotUnique):
        known = await hide_taken_value(session, compiler, caller, fuller)
        if known is not fuller:
            return known
    is_installations = caller.is_admin and caller.account is None
    while error.fuller is not None:
        may_know = error.stored and all(_is_in(readable, one) for one in error.stored)
        if not (is_installations or may_know):
            break
        error = error.fuller
    return error


def _is_in(readable: _Readable, stored: Stored) -> bool:
    return readable[stored.collection, stored.field].issuperset(stored.keys)


async def _readable(
    session: Session, compiler: Compiler, caller: Caller, errors: Iterable[AppError]
) -> _Readable:
    """The keys of the rows, of those that the errors are about, whose field the caller may read."""
    wanted: dict[tuple[str, str], set[Any]] = defaultdict(set)
    for error in errors:
        fuller: AppError | None = error
        while fuller is not None:
            for stored in fuller.stored:
                wanted[stored.collection, stored.field].update(stored.keys)
            fuller = fuller.fuller
    restrictor = Restrictor(compiler.schema, caller)
    found: _Readable = {}
    for (collection, field), keys in wanted.items():
        if compiler.schema[collection].internal:
            found[collection, field] = set()
            continue
        rows = restrictor.rows(collection, "read", [field])
        statement = compiler.holding(collection, list(keys), (rows,), None)
        held = await session.fetch_all(statement.sql, statement.values)
        found[collection, field] = {row["key"] for row in held if row["c0"]}
    return found
