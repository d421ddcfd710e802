"""The rules of accounts."""

from collections.abc import Iterable
from typing import Any

from app.access.caller import Caller
from app.database.session import WriteSession
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
    """A company slug is not a word that routes begin with."""

    async def before_create(self, session: WriteSession, caller: Caller, rows: list[Row]) -> None:
        _check_slugs(row.get("company_slug") for row in rows)

    async def before_update(
        self, session: WriteSession, caller: Caller, updates: list[Update]
    ) -> None:
        _check_slugs(update.patch.get("company_slug") for update in updates)


def _check_slugs(slugs: Iterable[Any]) -> None:
    words = ", ".join(f'"{word}"' for word in RESERVED_SLUGS)
    found = [
        FailedValidation(
            "company_slug", "nin", f"Value can't be one of {words}.", valid=list(RESERVED_SLUGS)
        )
        for slug in slugs
        if slug in RESERVED_SLUGS
    ]
    if found:
        raise ErrorList(list(found))
