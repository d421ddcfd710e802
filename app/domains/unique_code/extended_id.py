"""Extended ids that were given: none may read as another code's own (systems.md 6.5).

Where none is given, a code has its EPC in hex, or its key. Who could store one of those would stand
for that code; so such a text is refused, whether the other code is there already or may come.
"""

from collections.abc import Iterator, Mapping, Sequence

from app.access.caller import Caller
from app.access.key_owners import covers_of, stem
from app.codes.code_path import CodeKind, CodePath
from app.codes.errors import CodeError
from app.database.session import Session
from app.errors import AppError, FailedValidation, Stored
from app.items.hooks import Row
from app.items.policy.readable_rows import tenancy

# To a caller with an account, codes of others don't exist.
_EXISTING = f"""
SELECT c.id FROM unique_code AS c WHERE c.id = ANY(%(keys)s::text[]) AND {tenancy("c")}
"""
_NAMED = f"""
SELECT c.id, c.extended_id FROM unique_code AS c
WHERE c.extended_id = ANY(%(names)s::text[]) AND {tenancy("c")}
"""

_FREE = frozenset({CodeKind.SHORT_CODE, CodeKind.TAG})
"""Keys in whose form other systems name codes: as long as there is none of that key, they may."""


async def taken_names(session: Session, caller: Caller, rows: Sequence[Row]) -> list[AppError]:
    """Why codes can't have the extended ids they are to have."""
    given = [row for row in rows if row.get("extended_id")]
    read = {row["extended_id"]: _read(row["extended_id"]) for row in given}
    codes = {text: code for text, code in read.items() if code is not None}
    if not codes:
        return []
    keys = [code.path for code in codes.values()]
    found = await session.fetch_all(_EXISTING, {"keys": keys, "account": caller.account})
    known = {row["id"] for row in found}
    covers = await covers_of(session, map(stem, keys))
    known |= {key for key in keys if stem(key) in covers}
    return [_refusal(row["extended_id"]) for row in rows if _is_of_another(row, codes, known)]


async def named_codes(session: Session, caller: Caller, rows: Sequence[Row]) -> list[AppError]:
    """Why new codes can't have their keys: a code has such a text as its extended id already."""
    names = {name: row["id"] for row in rows if row["type"] in _FREE for name in _names_of(row)}
    if not names:
        return []
    values = {"names": list(names), "account": caller.account}
    found = await session.fetch_all(_NAMED, values)
    return [
        _is_named(row["id"], row["extended_id"])
        for row in found
        if row["id"] != names[row["extended_id"]]
    ]


def _is_named(key: str, name: str) -> FailedValidation:
    refused = FailedValidation("id", "nin", "Another code has that key as its extended id.")
    stored = Stored("unique_code", "extended_id", (key,))
    return refused.naming(f'"{name}" is the extended id of another code.', stored)


def _names_of(row: Row) -> Iterator[str]:
    """How a code is commonly written that may come after a code with such an extended id."""
    key, code = str(row["id"]), str(row["code"])
    yield key
    if row["type"] == CodeKind.TAG:
        yield from (code, code.lower())
    else:
        yield from (f"https://{key}", f"http://{key}")


def _is_of_another(row: Row, codes: Mapping[str, CodePath], known: set[str]) -> bool:
    code = codes.get(row.get("extended_id") or "")
    if code is None or code.path == row["id"]:
        return False
    return code.kind not in _FREE or code.path in known


def _read(text: str) -> CodePath | None:
    """The code that a text names, however it is written; None for any other text."""
    try:
        return CodePath.parse(text)
    except CodeError:
        return None


def _refusal(text: str) -> FailedValidation:
    detail = f'"{text}" is how another code is read: give this one a name of its own.'
    return FailedValidation("extended_id", "nin", detail)
