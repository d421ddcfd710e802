"""Extended ids that were given: none may read as another code's own (systems.md 6.5).

Where none is given, a code has its EPC in hex, or its key. Who could store one of those would stand
for that code; so such a text is refused, whether the other code is there already or may come.
"""

from collections.abc import Mapping, Sequence

from app.access.caller import Caller
from app.access.key_owners import covers_of, stem
from app.codes.code_path import CodeKind, CodePath
from app.codes.errors import CodeError
from app.codes.raw_tag import TAG, tag_key
from app.database.session import Session
from app.errors import AppError, FailedValidation
from app.items.rules import Row
from app.items.sight import tenancy

# To a caller with an account, codes of others don't exist.
_EXISTING = f"""
SELECT c.id FROM unique_code AS c WHERE c.id = ANY(%(keys)s::text[]) AND {tenancy("c")}
"""


async def taken_names(session: Session, caller: Caller, rows: Sequence[Row]) -> list[AppError]:
    """Why codes can't have the extended ids they are to have."""
    given = [row for row in rows if row.get("extended_id")]
    raw = [row for row in given if _is_of_another_tag(row)]
    if raw:
        return [_refusal(row["extended_id"]) for row in raw]
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


def _is_of_another_tag(row: Row) -> bool:
    """Whether it is how another raw tag is read. (Bare bits are a name that other systems give.)"""
    return tag_key(row["extended_id"]) not in {None, row["id"]}


def _is_of_another(row: Row, codes: Mapping[str, CodePath], known: set[str]) -> bool:
    code = codes.get(row.get("extended_id") or "")
    if code is None or code.path == row["id"]:
        return False
    if code.kind is CodeKind.SHORT_CODE:
        return code.path in known
    tag = TAG.fullmatch(row["id"])  # its bits are its own, unless there is the code they spell
    is_own = tag is not None and tag[1] == row["extended_id"].upper()
    return not is_own or code.path in known


def _read(text: str) -> CodePath | None:
    """The code that a text names, however it is written; None for any other text."""
    try:
        return CodePath.parse(text)
    except CodeError:
        return None


def _refusal(text: str) -> FailedValidation:
    detail = f'"{text}" is how another code is read: give this one a name of its own.'
    return FailedValidation("extended_id", "nin", detail)
