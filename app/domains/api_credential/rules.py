"""The rules of credentials: stored as hashes, of known words, of their user's account (6.2)."""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from app.access.caller import Caller
from app.access.secrets import token_hash
from app.database.session import Session, WriteSession
from app.domains.api_credential.scopes import SCOPES
from app.errors import AppError, ErrorList, FailedValidation, Forbidden, Stored
from app.items.hooks import Row, Rules, Update
from app.items.policy.readable_rows import tenancy

SHORTEST_TOKEN = 20
HINT = 4
"""Characters of a token that are shown, so that people can tell their tokens apart."""

# To a caller with an account there are no users of other accounts: the link check says so.
USERS = f"""
SELECT u.id, u.account FROM directus_users AS u
WHERE u.id = ANY(%(users)s::uuid[]) AND {tenancy("u")}
"""


class ApiCredentialRules(Rules):
    """A credential is its user's: made by itself, or by an admin; what it says of itself holds.

    A caller that is no admin makes and changes its own only. The account is the user's: filled in
    when absent. Raises ErrorList, and Forbidden for a change of somebody else's.
    """

    long_fields = frozenset({"permissions"})

    async def before_create(self, session: WriteSession, caller: Caller, rows: list[Row]) -> None:
        for row in rows:
            if row.get("user") is None:
                row["user"] = caller.user
        found = [error for row in rows for error in _problems(caller, row, row)]
        found += await _foreign(session, caller, rows)
        if found:
            raise ErrorList(found)
        for row in rows:
            _protect(row)

    async def before_update(
        self, session: WriteSession, caller: Caller, updates: list[Update]
    ) -> None:
        if not caller.is_admin and any(u.before["user"] != caller.user for u in updates):
            raise Forbidden
        merged = [_merged(update) for update in updates]
        pairs = zip(updates, merged, strict=True)
        found = [error for update, row in pairs for error in _problems(caller, update.patch, row)]
        moved = [
            (update, row)
            for update, row in zip(updates, merged, strict=True)
            if not {"user", "account"}.isdisjoint(update.patch)
        ]
        found += await _foreign(session, caller, [row for _, row in moved])
        if found:
            raise ErrorList(found)
        for update, row in moved:
            update.patch["account"] = row["account"]
        for update in updates:
            _protect(update.patch)


def _merged(update: Update) -> Row:
    """The credential as it will be. Its account follows its user where the patch does not say."""
    row = {**update.before, **update.patch}
    if "permissions" not in update.patch:
        row["permissions"] = orjson.loads(update.before["permissions"] or b"null")
    if "user" in update.patch and "account" not in update.patch:
        row["account"] = None
    return row


def _problems(caller: Caller, given: Row, row: Row) -> Iterator[AppError]:
    """What is wrong with what is given, as part of the whole row."""
    token = given.get("token")
    if token is not None and len(token) < SHORTEST_TOKEN:
        detail = f"Value has to be at least {SHORTEST_TOKEN} characters long."
        yield FailedValidation("token", "gte", detail, valid=SHORTEST_TOKEN)
    if not caller.is_admin and row["user"] != caller.user:
        detail = f'Value has to be "{caller.user}": only administrators make tokens for others.'
        yield FailedValidation("user", "eq", detail, valid=caller.user)
    if not {"permissions", "kind"}.isdisjoint(given):
        yield from _wrong_words(row)


def _wrong_words(row: Mapping[str, Any]) -> Iterator[AppError]:
    words, known = row.get("permissions"), SCOPES.get(str(row.get("kind")))
    if words is None:
        return
    if not isinstance(words, list) or not all(isinstance(word, str) and word for word in words):
        detail = 'Value has to be a list of scopes, such as ["codes_view"].'
        yield FailedValidation("permissions", "in", detail)
    elif known is not None and (unknown := [word for word in words if word not in known]):
        named = ", ".join(f'"{word}"' for word in unknown)
        shown = ", ".join(f'"{word}"' for word in sorted(known))
        detail = f"A credential of that kind has no {named}. Each scope has to be one of {shown}."
        yield FailedValidation("permissions", "in", detail, valid=sorted(known))


async def _foreign(session: Session, caller: Caller, rows: list[Row]) -> list[AppError]:
    """Rows whose account is not their user's; those that name none get it."""
    users = [row["user"] for row in rows if row["user"] is not None]
    wanted = {"users": users, "account": caller.account}
    found = await session.fetch_all(USERS, wanted) if users else []
    accounts = {row["id"]: row["account"] for row in found}
    refused: list[AppError] = []
    for row in rows:
        own = accounts.get(row["user"])
        if row["user"] not in accounts or row.get("account") == own:
            continue
        if row.get("account") is None:
            row["account"] = own
            continue
        shown = "null" if own is None else f'"{own}"'
        refusal = FailedValidation("account", "eq", "Leave it out: it is the account of its user.")
        detail = f"Value has to be {shown}: the account of its user. Leave it out."
        stored = Stored("directus_users", "account", (row["user"],))
        refused.append(refusal.naming(detail, stored, valid=own))
    return refused


def _protect(row: Row) -> None:
    """Keep no token that anybody could read, only how it ends."""
    token = row.get("token")
    if token is not None:
        row["token_hint"] = token[-HINT:]
        row["token"] = token_hash(token)
