"""Asking for a document and reading it, within one account (systems.md 4.2, 4.3)."""

import re
import secrets
import string
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

import orjson
from psycopg.types.json import Jsonb

from app.database.session import Session, WriteSession
from app.domains.code_search.conditions import CODES
from app.domains.code_search.service import CodeSearch
from app.domains.document import queries
from app.errors import Forbidden
from app.items.policy.readable_rows import ReadableRows
from app.queue import nudge

KIND = "document"
KEY_SYMBOLS = string.ascii_lowercase + string.digits
KEY_LENGTH = 12
_KEY = re.compile(r"[a-z0-9]{12}")


@dataclass(frozen=True, slots=True)
class Document:
    """A document as its owner sees it. `company`, `owner` and `created_by` are numbers."""

    key: str
    description: str | None
    status: str
    category: str
    doctype: str
    related_id: int | None
    parameters: dict[str, str]
    task: str
    file_size: int | None
    row_count: int | None
    expires_at: datetime | None
    is_expired: bool
    created_at: datetime
    company: int | None
    owner: int | None
    created_by: int | None
    error_message: str | None


async def ask(session: WriteSession, search: CodeSearch, task: str | None = None) -> Document:
    """Ask for the document of a search; workers hear of it when the transaction has committed.

    `task`: the uuid the client may know the work by. Raises Forbidden for who may read no codes,
    and for who has no account.
    """
    readable, caller = search.readable, search.readable.caller
    readable.require(CODES)
    if caller.account is None and not caller.is_admin:
        raise Forbidden
    key = "".join(secrets.choice(KEY_SYMBOLS) for _ in range(KEY_LENGTH))
    values = {
        "key": key,
        "account": caller.account,
        "user": caller.user,
        "parameters": Jsonb(search.parameters),
        "task": f"rq:job:{task or uuid4()}",
    }
    await session.execute(queries.ASK, values)
    session.after_commit(lambda: nudge(KIND, key))
    return await read_document(session, readable, key)


async def read_document(session: Session, readable: ReadableRows, key: str) -> Document:
    """The document of a key. Raises Forbidden where there is none for this caller."""
    if not _KEY.fullmatch(key):
        raise Forbidden
    caller, statement = readable.caller, queries.read(readable)
    own = {"account": caller.account, "user": caller.user, "is_admin": caller.is_admin}
    values = {**readable.values, **own, "key": key}
    row: dict[str, Any] | None = await session.fetch_one(statement, values)
    if row is None:
        raise Forbidden
    return Document(**{**row, "parameters": orjson.loads(row["parameters"])})
