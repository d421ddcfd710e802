"""Doing an upload: judged whole, then all its codes changed by one statement.

Nothing is changed where anything of it can't be. What a caller may not see or change is missing.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import orjson
from sqlalchemy import bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from app.access.caller import Caller
from app.database.session import Session, WriteSession
from app.database.tables import METADATA
from app.domains.scm_data import queries
from app.domains.scm_data.activation import decided
from app.domains.scm_data.upload import ACTIVATION, SPECIAL, Upload
from app.domains.unique_code.queries import extended_id
from app.errors import AppError, ErrorList, FailedValidation, Forbidden
from app.items.allowed import require
from app.items.compile import Compiler
from app.items.grant import Grant
from schema import BUILTIN

CODES = "unique_code"

REASONS = {
    "product": 'There is no product with the number, id or SKU "{}".',
    "serial_number": 'A serial number has at most 64 characters, got "{}".',
}
NO_DAY = 'Date has wrong format. Use one of these formats instead: YYYY-MM-DD. Got "{}".'

_code = METADATA.tables[CODES].alias("c")
EXTENDED_IDS = select(_code.c.id, extended_id(_code).label("extended_id")).where(
    _code.c.id == func.any(bindparam("keys", type_=ARRAY(_code.c.id.type)))
)


class Changed(NamedTuple):
    """A code that was changed: its key, the value that named it, and the fields it got."""

    key: str
    value: str
    fields: Sequence[str]


async def upload_data(
    session: WriteSession, compiler: Compiler, caller: Caller, upload: Upload
) -> list[Changed]:
    """Give the codes of an upload their data; those that got any, in the order of its values.

    Raises ErrorList with what of it can't be, Forbidden for who may not change codes like that.
    """
    names = upload.names
    require_fields(caller, names)
    values = {
        **await upload.values(),
        "account": caller.account,
        "user": caller.user,
        "items": orjson.dumps(upload.data).decode(),
        "names": sorted(names),
        "special": sorted(SPECIAL),
    }
    await session.execute(queries.ROOM)
    values["allowed"] = await _allowed(session, compiler, caller, upload, values)
    await _judge(session, upload, values)
    cases: list[dict[str, Any]] = []
    if not ACTIVATION.isdisjoint(names):
        statement = queries.states(upload.keys, of_each=upload.of_each)
        cases = decided(await session.fetch_all(statement, values))
    values["states"] = orjson.dumps(cases).decode()
    statement = queries.change(upload.keys, of_each=upload.of_each)
    found = orjson.loads(await session.fetch_value(statement, values))
    named = values["values_0"]
    return [Changed(key, named[place - 1], fields) for key, place, fields in found]


def require_fields(caller: Caller, names: frozenset[str]) -> None:
    """Raises Forbidden for a caller who may not change these fields of any code."""
    require(caller, "update", BUILTIN[CODES])
    if caller.is_admin:
        return
    wanted = {name if name in SPECIAL else "scm_data" for name in names}
    permissions = caller.permissions.of(CODES, "update")
    refused = [
        name for name in sorted(wanted) if not any(item.allows(name) for item in permissions)
    ]
    if refused:
        raise Forbidden.fields(refused, CODES)


async def extended_ids(session: Session, keys: Sequence[str]) -> dict[str, str]:
    """The extended ids of codes by their keys."""
    rows = await session.fetch_all(EXTENDED_IDS, {"keys": list(keys)})
    return {row["id"]: row["extended_id"] for row in rows}


async def _allowed(
    session: WriteSession, compiler: Compiler, caller: Caller, upload: Upload, values: Any
) -> list[str] | None:
    """The codes the caller's rules let it change; None: all of its account."""
    if caller.is_admin:
        return None
    rows = await session.fetch_all(queries.found_codes(upload.keys), values)
    keys = [row["id"] for row in rows]
    grant = Grant(compiler, session, caller)
    return sorted(await grant.touchable(BUILTIN[CODES], "update", keys))


async def _judge(session: WriteSession, upload: Upload, values: dict[str, Any]) -> None:
    suspicion = queries.suspicion(upload.keys, of_each=upload.of_each)
    if not await session.fetch_value(suspicion, values):
        return
    rows = await session.fetch_all(queries.judge(upload.keys, of_each=upload.of_each), values)
    found: list[AppError] = [
        FailedValidation(
            row["field"], "format", REASONS.get(row["field"], NO_DAY).format(row["value"])
        )
        for row in rows
    ]
    if found:
        raise ErrorList(found)
