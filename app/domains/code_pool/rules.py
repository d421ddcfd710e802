"""The rules of pools: one for the same codes, and only such as jobs can fill (systems.md 1.5)."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from app.access.caller import Caller
from app.codes.alphabets import CHARACTER_SETS
from app.database.session import WriteSession
from app.domains.code_pool import queries
from app.domains.code_pool.service import KIND
from app.domains.identifier_job.service import inherit_accounts
from app.domains.identifier_job.validation import problems, read_facts
from app.errors import AppError, ErrorList, FailedValidation, InvalidForeignKey
from app.items.hooks import Row, Rules, Update
from schema import BUILTIN

DEFAULTS = {
    field.name: field.default for field in BUILTIN[KIND].fields if field.default is not None
}
"""What a pool is that does not say, or says null."""

SAME = ("account", "product", "type", "domain")
"""What tells pools apart (systems.md 6.4)."""


class CodePoolRules(Rules):
    """Refuses pools no job could fill, and a second one for the same codes."""

    async def before_create(self, session: WriteSession, caller: Caller, rows: list[Row]) -> None:
        """Fill in what is absent, and judge. Raises ErrorList, of all rows."""
        for row in rows:
            for name, value in DEFAULTS.items():
                if row.get(name) is None:
                    row[name] = value
        await inherit_accounts(session, rows)
        await _judge(session, caller, rows)

    async def before_update(
        self, session: WriteSession, caller: Caller, updates: list[Update]
    ) -> None:
        """Judge what changes; a changed pool begins anew, and is looked at soon."""
        changed = [update for update in updates if update.changes]
        await _judge(session, caller, [{**update.before, **update.patch} for update in changed])
        for update in changed:
            update.patch.update(looked_at=None, error_message=None, identifier_job=None)


async def _judge(session: WriteSession, caller: Caller, rows: Sequence[Row]) -> None:
    if not rows:
        return
    jobs = [_job(row) for row in rows]
    facts = await read_facts(session, jobs, caller.account)
    found: list[AppError] = []
    for row, job in zip(rows, jobs, strict=True):
        if row["character_set"] not in CHARACTER_SETS:
            shown = ", ".join(f'"{name}"' for name in CHARACTER_SETS)
            detail = f"Value has to be one of {shown}."
            found.append(
                FailedValidation("character_set", "in", detail, valid=list(CHARACTER_SETS))
            )
        found += [_of_pool(problem) for problem in problems(job, facts)]
    if found := found or await _doubles(session, rows):
        raise ErrorList(found)


def _job(row: Mapping[str, Any]) -> dict[str, Any]:
    """The job that the pool would make."""
    names = ("type", "product", "domain", "account", "length", "character_set")
    return {**{name: row.get(name) for name in names}, "quantity": row.get("job_quantity")}


def _of_pool(problem: AppError) -> AppError:
    """What is wrong with the job, said of the pool."""
    if isinstance(problem, InvalidForeignKey):
        facts = problem.extensions
        return InvalidForeignKey(KIND, facts["field"], facts["value"])
    if isinstance(problem, FailedValidation) and problem.extensions["field"] == "quantity":
        others = {"field", "path", "type"}
        facts = {name: value for name, value in problem.extensions.items() if name not in others}
        kind = problem.extensions["type"]
        of_pool = FailedValidation("job_quantity", kind, problem.detail, **facts)
        return of_pool.saying(problem.says)
    return problem


async def _doubles(session: WriteSession, rows: Sequence[Row]) -> list[AppError]:
    """Those for the same codes as another pool, stored or of the same request."""
    accounts = [str(row.get("account")) for row in rows]
    await session.fetch_one(queries.LOCK_WRITERS, {"accounts": accounts})
    wanted = [
        {"place": place, "id": row["id"], **{name: row.get(name) for name in SAME}}
        for place, row in enumerate(rows)
    ]
    found = await session.fetch_all(queries.SAME, {"wanted": orjson.dumps(wanted).decode()})
    places = {row["place"] for row in found}
    seen: set[tuple[Any, ...]] = set()
    for place, row in enumerate(wanted):
        same = tuple(row[name] for name in SAME)
        if same in seen:
            places.add(place)
        seen.add(same)
    return [_double(rows[place]) for place in sorted(places)]


def _double(row: Mapping[str, Any]) -> AppError:
    what = row.get("product") or row.get("domain") or f"type {row['type']}"
    return FailedValidation(
        "domain" if row.get("product") is None else "product",
        "unique",
        f"There is a pool for {what} already (same account, product, type and domain): change "
        "that one.",
        invalid=what,
    ).saying(["type"])
