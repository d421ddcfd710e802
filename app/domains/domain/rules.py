"""The rules of domains."""

from app.access.caller import Caller
from app.database.session import WriteSession
from app.items.rules import Row, Rules, Update


class DomainRules(Rules):
    """A domain name is lower case (RFC 4343: its case means nothing)."""

    async def before_create(self, session: WriteSession, caller: Caller, rows: list[Row]) -> None:
        for row in rows:
            _lower(row)

    async def before_update(
        self, session: WriteSession, caller: Caller, updates: list[Update]
    ) -> None:
        for update in updates:
            _lower(update.patch)


def _lower(row: Row) -> None:
    if isinstance(row.get("domain_name"), str):
        row["domain_name"] = row["domain_name"].strip().lower()
