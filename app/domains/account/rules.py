"""The rules of accounts."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from app.access.caller import Caller
from app.access.reserved import reserved_words
from app.database.session import Session, WriteSession
from app.domains.scan.redirection import refusals
from app.errors import ErrorList, FailedValidation, Unusable
from app.items.hooks import Row, Rules, Update

COMING = frozenset(
    "tags tag-associations package-descriptions catalog-entries oauth items graphql".split()
)
"""First words of routes that a slug stands at the same place of (systems.md 6.2, 7.1)."""


class AccountRules(Rules):
    """A company slug is no word that routes begin with; a share is more than nothing.

    And scans lead to web addresses only.
    """

    async def before_create(self, session: WriteSession, caller: Caller, rows: list[Row]) -> None:
        await _check(session, rows)

    async def before_update(
        self, session: WriteSession, caller: Caller, updates: list[Update]
    ) -> None:
        await _check(session, [update.patch for update in updates])


async def _check(session: Session, rows: list[Row]) -> None:
    given = [row["company_slug"] for row in rows if row.get("company_slug") is not None]
    words = await reserved_words(session, given) | COMING
    slugs = [Unusable("company_slug") for slug in given if slug in words]
    fills = _wrong_fills(row.get("max_keyspace_fill") for row in rows)
    if found := [*slugs, *fills, *refusals("account_redirection_url", rows)]:
        raise ErrorList(list(found))


def _wrong_fills(fills: Iterable[Any]) -> list[FailedValidation]:
    """What is no share of a code space. Decimals come as text."""
    detail = 'Value has to be greater than "0" and less than or equal to "1".'
    return [
        FailedValidation("max_keyspace_fill", "gt", detail, valid=0)
        for fill in fills
        if fill is not None and not 0 < Decimal(fill) <= 1
    ]
