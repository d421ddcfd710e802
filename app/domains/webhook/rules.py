"""The rules of webhooks: known events, readable collections, an address outside, a secret."""

from collections.abc import Iterator
from typing import Any

import orjson

from app.access.caller import Caller
from app.database.session import WriteSession
from app.domains.webhook import queries
from app.domains.webhook.events import EVENTS, ITEMS
from app.domains.webhook.secret import LONGEST, PREFIX, SHORTEST, is_secret, sealed
from app.domains.webhook.wanted import WANTED
from app.errors import AppError, ErrorList, FailedValidation
from app.items.hooks import Row, Rules, Update
from app.items.policy.actions import may
from app.outside import Refused, place_of
from app.settings import installation_settings, settings
from schema import Schema

MOST = 50
"""Webhooks of one account: each write may make a delivery for each of them."""


class WebhookRules(Rules):
    """Refuses what could never be told, and addresses nobody may go to. Raises ErrorList."""

    long_fields = frozenset({"events", "collections"})

    def __init__(self, schema: Schema) -> None:
        self.schema = schema

    async def before_create(self, session: WriteSession, caller: Caller, rows: list[Row]) -> None:
        found = [error for row in rows for error in self._problems(caller, row, row)]
        found += await _too_many(session, rows)
        if found:
            raise ErrorList(found)
        for row in rows:
            _protect(row)

    async def after_create(self, session: WriteSession, caller: Caller, rows: list[Row]) -> None:
        WANTED.doubt(session)

    async def before_update(
        self, session: WriteSession, caller: Caller, updates: list[Update]
    ) -> None:
        """A webhook that becomes active again begins anew."""
        pairs = [(update.patch, _merged(update)) for update in updates]
        if found := [error for given, row in pairs for error in self._problems(caller, given, row)]:
            raise ErrorList(found)
        moved = [update for update in updates if "account" in update.changes]
        if found := await _too_many(session, [update.patch for update in moved]):
            raise ErrorList(found)
        for update in updates:
            _protect(update.patch)
            if update.changes.get("status") == "active":
                update.patch.update(failures=0, failing_since=None, inactive_reason=None)

    async def after_update(
        self, session: WriteSession, caller: Caller, updates: list[Update]
    ) -> None:
        WANTED.doubt(session)

    async def before_delete(self, session: WriteSession, caller: Caller, keys: list[Any]) -> None:
        """What it was told goes with it."""
        await session.execute(queries.FORGET, {"webhooks": keys})

    async def after_delete(self, session: WriteSession, caller: Caller, keys: list[Any]) -> None:
        WANTED.doubt(session)

    def _problems(self, caller: Caller, given: Row, row: Row) -> Iterator[AppError]:
        """What is wrong with what is given, as part of the whole row."""
        if "events" in given and row["events"] is not None:
            yield from _unknown("events", row["events"], EVENTS)
        if not {"events", "collections"}.isdisjoint(given):
            yield from self._wrong_collections(caller, row)
        if isinstance(given.get("url"), str):
            try:
                place_of(given["url"], settings().trusted_outside)
            except Refused as refused:
                yield FailedValidation("url", "url", str(refused))
        secret = given.get("secret")
        if isinstance(secret, str) and not is_secret(secret):
            detail = (
                f'Value has to be "{PREFIX}" and {SHORTEST} to {LONGEST} random bytes in Base64, '
                "as of: openssl rand -base64 32."
            )
            yield FailedValidation("secret", "regex", detail)

    def _wrong_collections(self, caller: Caller, row: Row) -> Iterator[AppError]:
        named, events = row.get("collections"), row.get("events")
        if named is not None and named != []:
            readable = [one.name for one in self.schema.exposed() if may(caller, "read", one)]
            yield from _unknown("collections", named, readable)
        elif isinstance(events, list) and not set(ITEMS).isdisjoint(map(str, events)):
            detail = "Name the collections whose items it is about."
            yield FailedValidation("collections", "nempty", detail)


def _unknown(field: str, words: Any, known: tuple[str, ...] | list[str]) -> Iterator[AppError]:
    if (
        isinstance(words, list)
        and 0 < len(words) <= len(known)
        and all(word in known for word in words)
    ):
        return
    shown = ", ".join(f'"{word}"' for word in known)
    detail = f"Value has to be a list of some of {shown}."
    yield FailedValidation(field, "in", detail, valid=list(known))


async def _too_many(session: WriteSession, rows: list[Row]) -> list[AppError]:
    """Whether accounts get more webhooks than one may have."""
    if not rows:
        return []
    accounts = [str(row.get("account") or "installation") for row in rows]
    await session.fetch_one(queries.LOCK_WRITERS, {"accounts": accounts})
    found = await session.fetch_all(queries.COUNTS, {"accounts": accounts})
    counts = {row["account"]: row["webhooks"] for row in found}
    if all(counts.get(one, 0) + accounts.count(one) <= MOST for one in set(accounts)):
        return []
    return [FailedValidation("account", "lte", f"An account has at most {MOST} webhooks.")]


def _merged(update: Update) -> Row:
    """The webhook as it will be."""
    row = {**update.before, **update.patch}
    for name in WebhookRules.long_fields - update.patch.keys():
        row[name] = orjson.loads(update.before[name] or b"null")
    return row


def _protect(row: Row) -> None:
    """Keep no secret that anybody could read."""
    if row.get("secret") is not None:
        row["secret"] = sealed(row["secret"], installation_settings().secret)
