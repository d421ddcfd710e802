"""The rules of SCM fields: a key is no name that a download has already (systems.md 6.3).

An archived campaign works as any other: its codes take SCM data and can be downloaded. It is left
out of lists only where a client of Scantrust asks for those that are not archived.
"""

from collections.abc import Iterable

from app.access.caller import Caller
from app.database.session import WriteSession
from app.errors import AppError, ErrorList, FailedValidation
from app.items.hooks import Row, Rules, Update

COLUMNS = frozenset(
    "extended_id serial_number brand product sku status blacklist_reason scm_updated_by "
    "scm_updated_at activated_by activated_at workorder_id".split()
)
"""The columns every download of codes has (systems.md 4.4)."""

QUERY_WORDS = frozenset(
    "campaign campaign_id timeframe date_from date_to activation_status status blacklisted product "
    "products brands workorder activated_by serial_number extended_id activated_at updated_at "
    "flags limit offset page_mode cursor".split()
)
"""What a search for codes or scans can ask by: a bare key stands next to them (4.2, 4.5)."""

RESERVED = COLUMNS | QUERY_WORDS


class ScmFieldRules(Rules):
    """A key is neither a column of downloads nor a word of searches. Raises ErrorList."""

    async def before_create(self, session: WriteSession, caller: Caller, rows: list[Row]) -> None:
        _refuse_reserved(rows)

    async def before_update(
        self, session: WriteSession, caller: Caller, updates: list[Update]
    ) -> None:
        _refuse_reserved(update.patch for update in updates)


def _refuse_reserved(rows: Iterable[Row]) -> None:
    found: list[AppError] = [_taken(row["key"]) for row in rows if row.get("key") in RESERVED]
    if found:
        raise ErrorList(found)


def _taken(key: str) -> FailedValidation:
    what = "a column of every download" if key in COLUMNS else "a word that codes are searched by"
    return FailedValidation(
        "key",
        "nin",
        f'Value can\'t be "{key}": it is {what}. Choose another key.',
        invalid=sorted(RESERVED),
    )
