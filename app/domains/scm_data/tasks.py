"""Uploads that a worker does, in portions: scm_task (systems.md 4.6, 6.7, 6.8)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.access.caller import Caller
from app.access.identity import asker
from app.database.session import Session, WriteSession
from app.domains.scm_data import queries, task_queries
from app.domains.scm_data.activation import WORDS, number_of
from app.domains.scm_data.queries import EXTENDED_ID, SERIAL_NUMBER
from app.domains.scm_data.service import found_by, require_fields, upload_data
from app.domains.scm_data.upload import Upload
from app.errors import Forbidden
from app.items.compile.compiler import Compiler
from app.items.policy.readable_rows import ReadableRows
from app.items.write.payloads import require_light, weight_of
from app.json_text import loaded, written
from app.queue import nudge

KIND = "scm_task"
PORTION = 20_000
"""Codes, or values that name codes, of one transaction."""

Constraints = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class ScmTask:
    """A row of scm_task, as far as a worker needs it."""

    id: str
    account: str | None
    user: str | None
    constraints: Constraints
    data: Mapping[str, Any]


async def ask(
    session: WriteSession,
    readable: ReadableRows,
    constraints: Constraints,
    data: Mapping[str, Any],
    reference: str | None,
) -> str:
    """Ask for an upload; the key of its task.

    Raises Forbidden, InvalidPayload for what is too much for one portion of codes, and
    FailedValidation for what can be no status or reason of any code.
    """
    caller = readable.caller
    require_fields(caller, frozenset(data))
    upload = Upload(constraints, data)
    found_by(readable, upload)
    if upload.keys == (EXTENDED_ID,):
        require_light(weight_of(data) * min(len(constraints[EXTENDED_ID]), PORTION))
    for field in WORDS:
        if data.get(field) is not None:
            number_of(field, str(data[field]))
    values = {
        "account": caller.account,
        "user": caller.user,
        "constraints": written(constraints).decode(),
        "data": written(data).decode(),
        "reference": reference,
    }
    key = str(await session.fetch_value(task_queries.ASK, values))
    session.after_commit(lambda: nudge(KIND, key))
    return key


async def read_task(session: Session, key: str) -> ScmTask:
    """The task of a key. Raises LookupError when it is gone."""
    row = await session.fetch_one(task_queries.READ, {"key": key})
    if row is None:
        raise LookupError(f"The SCM task {key} is gone.")
    constraints, data = loaded(row.pop("constraints")), loaded(row.pop("data"))
    return ScmTask(**row, constraints=constraints, data=data)


async def portions(
    session: WriteSession, compiler: Compiler, task: ScmTask
) -> list[tuple[int, dict[str, Any]]]:
    """What one transaction each does: how many units, and what of the task it is about.

    Where codes are named one by one, so many of the names; else so many of the codes. Raises
    Forbidden when who asked for it may not do that any more.
    """
    readable = ReadableRows(compiler, await _caller(session, task))
    await session.execute(task_queries.BEGUN, {"key": task.id})
    named = next((key for key in (EXTENDED_ID, SERIAL_NUMBER) if key in task.constraints), None)
    if named is not None:
        return list(_of_names(named, len(task.constraints[named])))
    upload = Upload(task.constraints, task.data)
    statement = queries.portions(found_by(readable, upload))
    values = {**readable.values, **await upload.values(), "portion": PORTION}
    rows = await session.fetch_all(statement, values)
    return [(row["amount"], {"first": row["first"], "last": row["last"]}) for row in rows]


def _of_names(named: str, count: int) -> Iterator[tuple[int, dict[str, Any]]]:
    for start in range(0, count, PORTION):
        stop = min(start + PORTION, count)
        yield stop - start, {"named": named, "start": start, "stop": stop}


async def do_portion(
    session: WriteSession, compiler: Compiler, task: ScmTask, payload: Mapping[str, Any]
) -> int:
    """Change the codes of one portion; how many.

    Raises ErrorList, and Forbidden when who asked for it may not do that any more.
    """
    caller = await _caller(session, task)
    constraints = dict(task.constraints)
    if "named" in payload:
        key = payload["named"]
        constraints[key] = constraints[key][payload["start"] : payload["stop"]]
    upload = Upload(constraints, task.data, payload.get("first"), payload.get("last"))
    return len(await upload_data(session, ReadableRows(compiler, caller), upload))


async def _caller(session: Session, task: ScmTask) -> Caller:
    """Who asked, with what it may do now."""
    caller = await asker(session, task.user, task.account)
    if caller is None or caller.account != task.account:
        raise Forbidden
    return caller
