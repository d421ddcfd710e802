"""Doing an upload: judged whole, then all its codes changed by one statement.

Nothing is changed where anything of it can't be. What a caller may not see or change is missing.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from app.access.caller import Caller
from app.database.session import Session, WriteSession
from app.domains.scm_data import queries
from app.domains.scm_data.activation import decided, number_of
from app.domains.scm_data.upload import ACTIVATION, SPECIAL, Upload, in_doubt
from app.errors import AppError, ErrorList, FailedValidation, Forbidden
from app.items.policy.actions import require
from app.items.policy.readable_rows import ReadableRows
from app.items.policy.write_policy import Grant
from app.items.write.payloads import require_light
from app.items.write.writer import Writer
from app.json_text import loaded, written
from schema import BUILTIN

CODES = "unique_code"
BY_FIELD = frozenset({queries.EXTENDED_ID, queries.SERIAL_NUMBER})
"""What codes are found by that is no SCM key."""

REASONS = {
    "product": 'There is no product with the number, id or SKU "{}".',
    "key": 'Code "{}" stays with the product that its key names.',
    "serial_number": 'A serial number has at most 64 characters, got "{}".',
}
_FEW = 500
"""Codes that are looked at one by one, at a time."""
NO_DAY = 'Date has wrong format. Use one of these formats instead: YYYY-MM-DD. Got "{}".'


class Changed(NamedTuple):
    """A code that was changed: its key, the value that named it, and the fields it got."""

    key: str
    value: str
    fields: Sequence[str]


async def upload_data(
    session: WriteSession, readable: ReadableRows, upload: Upload
) -> list[Changed]:
    """Give the codes of an upload their data; those that got any, in the order of its values.

    The codes are those its caller sees, and may change. Raises ErrorList with what of it can't be,
    Forbidden for who may not change codes like that, or not find them so.
    """
    caller, names = readable.caller, upload.names
    require_fields(caller, names)
    finding = found_by(readable, upload)
    values = {
        **await upload.values(),
        "account": caller.account,
        "user": caller.user,
        "items": written(upload.data).decode(),
        "names": sorted(names),
        "special": sorted(SPECIAL),
    }
    await session.execute(queries.ROOM)
    await _settle_doubts(session, readable, upload, values)
    await _require_light(session, finding, upload, values)
    await _judge(session, finding, values)
    if not _is_plain(caller):
        return await _change_by_the_door(session, finding, values)
    return await _change(session, finding, upload, values)


async def _require_light(
    session: Session, finding: queries.Finding, upload: Upload, values: Mapping[str, Any]
) -> None:
    """Raises InvalidPayload where the codes that are found get too many characters in all."""
    if upload.keys == (queries.EXTENDED_ID,):  # of which each names one code
        require_light(upload.weight)
        return
    places = await _fetch(session, finding, queries.counts, values)
    weights = upload.weights
    require_light(sum(row["codes"] * weights[row["place"] - 1] for row in places))


async def _settle_doubts(
    session: Session, readable: ReadableRows, upload: Upload, values: dict[str, Any]
) -> None:
    """Where a text may name either of two codes, the second is meant if there is no first."""
    for n, key in enumerate(upload.keys):
        if key != queries.EXTENDED_ID:
            continue
        others = in_doubt(values[f"values_{n}"])
        paths = values[f"paths_{n}"]
        statement = f"SELECT c.id FROM {readable.of(CODES, 'c')} WHERE c.id = ANY(%(keys)s::text[])"
        asked = {**readable.values, "keys": [paths[place] for place in others]}
        there = (
            {row["id"] for row in await session.fetch_all(statement, asked)} if others else set()
        )
        for place, other in others.items():
            if paths[place] not in there:
                paths[place] = other


def found_by(readable: ReadableRows, upload: Upload) -> queries.Finding:
    """How its codes are found. Raises Forbidden for what its caller may not ask by."""
    for key in upload.keys:
        readable.require(CODES, key if key in BY_FIELD else "scm_data")
    return queries.Finding(readable, upload.keys, upload.of_each)


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


async def extended_ids(
    session: Session, readable: ReadableRows, keys: Sequence[str]
) -> dict[str, str]:
    """The extended ids of codes by their keys, of those that the caller sees."""
    statement = f"""
SELECT c.id, c.extended_id FROM {readable.of(CODES, "c")}
WHERE c.id = ANY(%(keys)s) AND c.extended_id IS NOT NULL
"""
    rows = await session.fetch_all(statement, {**readable.values, "keys": list(keys)})
    return {row["id"]: row["extended_id"] for row in rows}


def _is_plain(caller: Caller) -> bool:
    """Whether what the caller may change is the same of every code, whatever it gets."""
    permissions = caller.permissions.of(CODES, "update")
    return caller.is_admin or not any(p.rule or p.validation or p.presets for p in permissions)


async def _change(
    session: WriteSession, finding: queries.Finding, upload: Upload, values: dict[str, Any]
) -> list[Changed]:
    """All codes by one statement."""
    cases: list[dict[str, Any]] = []
    if not ACTIVATION.isdisjoint(upload.names):
        cases = decided(await _fetch(session, finding, queries.states, values))
    changing = {**values, "states": written(cases).decode()}
    [row] = await _fetch(session, finding, queries.change, changing)
    named = values["values_0"]
    found = loaded(row["changed"])
    return [Changed(key, named[place - 1], fields) for key, place, fields in found]


async def _change_by_the_door(
    session: WriteSession, finding: queries.Finding, values: dict[str, Any]
) -> list[Changed]:
    """As `PATCH /items/unique_code` of every code there is for the caller to change.

    Of several permissions each allows its own rows and fields, and judges what is written.
    """
    caller, compiler = finding.readable.caller, finding.readable.compiler
    grant, writer = Grant(compiler, session, caller), Writer(compiler, session, caller)
    changed: list[tuple[int, str, Sequence[str]]] = []
    # With all that they have: a few codes at a time.
    for portion in await _fetch(session, finding, queries.portions, {**values, "portion": _FEW}):
        part = {**values, "first": portion["first"], "last": portion["last"]}
        rows = await _fetch(session, finding, queries.proposed, part)
        keys = [row["id"] for row in rows]
        own = await grant.touchable(compiler.schema[CODES], "update", keys)
        wanted = [row for row in rows if row["id"] in own]
        await writer.update(CODES, [(row["id"], _patch(row)) for row in wanted])
        changed += [(row["place"], row["id"], row["named"]) for row in wanted]
    named = values["values_0"]
    return [Changed(key, named[place - 1], fields) for place, key, fields in sorted(changed)]


def _patch(row: Mapping[str, Any]) -> dict[str, Any]:
    """What a code gets, as a patch of its fields."""
    data: Mapping[str, Any] = loaded(row["data"])
    patch: dict[str, Any] = {}
    for name in SPECIAL.intersection(row["named"]):
        match name:
            case "product":
                patch[name] = row["product"]
            case "serial_number":
                patch[name] = data[name] or None
            case _:
                patch[name] = number_of(name, str(data[name]))
    if row["scm"] is not None:
        patch["scm_data"] = loaded(row["scm"])
    return patch


async def _fetch(
    session: Session,
    finding: queries.Finding,
    statement: Callable[[queries.Finding], str],
    values: Mapping[str, Any],
) -> list[dict[str, Any]]:
    text = statement(finding)
    return await session.fetch_all(text, {**finding.readable.values, **values})


async def _judge(
    session: WriteSession, finding: queries.Finding, values: Mapping[str, Any]
) -> None:
    [row] = await _fetch(session, finding, queries.suspicion, values)
    if not row["is_suspicious"]:
        return
    rows = await _fetch(session, finding, queries.judge, values)
    if found := [_refusal(finding.readable, row["field"], row["value"]) for row in rows]:
        raise ErrorList(found)


def _refusal(readable: ReadableRows, field: str, value: Any) -> AppError:
    if field == "key" and not readable.shows_always(CODES, "id"):
        value = "..."  # which code it is, the caller may not know
    reason = REASONS.get(field, NO_DAY).format(value)
    return FailedValidation("product" if field == "key" else field, "format", reason)
