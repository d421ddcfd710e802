"""The rules of accounts."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from app.access.caller import Caller
from app.database.session import WriteSession
from app.domains.scan.redirection import refusals
from app.errors import ErrorList, FailedValidation
from app.items.rules import Row, Rules, Update

RESERVED_SLUGS = (
    "tags",
    "tag-associations",
    "package-descriptions",
    "catalog-entries",
    "oauth",
    "items",
    "graphql",
)
"""First words of other routes: a slug stands at the same place of a URL (systems.md 6.2, 7.1)."""


class AccountRules(Rules):
    """A company slug is no word that routes begin with; a share is more than nothing.

    And scans lead to web addresses only.
    """

    async def before_create(self, session: WriteSession, caller: Caller, rows: list[Row]) -> None:
        _check(rows)

    async def before_update(
        self, session: WriteSession, caller: Caller, updates: list[Update]
    ) -> None:
        _check([update.patch for update in updates])


def _check(rows: list[Row]) -> None:
    slugs = _wrong_slugs(row.get("company_slug") for row in rows)
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


def _wrong_slugs(slugs: Iterable[Any]) -> list[FailedValidation]:
    words = ", ".join(f'"{word}"' for word in RESERVED_SLUGS)
    return [
        FailedValidation(
            "company_slug", "nin", f"Value can't be one of {words}.", valid=list(RESERVED_SLUGS)
        )
        for slug in slugs
        if slug in RESERVED_SLUGS
    ]
