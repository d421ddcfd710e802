"""Asking for an export, and making its file."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import orjson
from psycopg.types.json import Jsonb

from app.access.caller import Caller, Client
from app.access.identity import anonymous, caller_by_user
from app.database.session import ReadSession, Session, WriteSession
from app.domains.directus_exports import queries
from app.domains.directus_exports.wanted import Wanted
from app.domains.directus_files.names import plain_name, plain_type
from app.domains.directus_files.uploads import Upload, announced
from app.domains.job_chunk.service import forget_chunks
from app.errors import Forbidden
from app.items.compile.compiler import Compiler
from app.items.export.exports import MEDIA_TYPES, Format, exported
from app.items.policy.actions import require
from app.items.policy.read_policy import Restrictor
from app.items.query.selection import Limits
from app.items.write.writer import Writer
from app.queue import nudge
from app.storage import Storage

KIND = "directus_exports"
FILES = "directus_files"


@dataclass(frozen=True, slots=True)
class Export:
    """An export somebody asked for; `file` is what its file says of itself."""

    id: str
    user: str | None
    collection: str
    wanted: Wanted
    format: Format
    file: dict[str, Any]
    ip: str | None


async def ask(
    session: WriteSession,
    caller: Caller,
    collection: str,
    wanted: Wanted,
    form: Format,
    file: dict[str, Any],
) -> str:
    """Ask for an export; its key, which will be the file's."""
    key = str(uuid4())
    values = {
        "id": key,
        "user": caller.user,
        "collection": collection,
        "query": Jsonb(wanted.as_json()),
        "format": form,
        "file": Jsonb(_described(collection, form, file)),
        "ip": caller.client.ip,
    }
    await session.execute(queries.ASK, values)
    session.after_commit(lambda: nudge(KIND, key))
    return key


async def read_export(session: Session, key: str) -> Export:
    """The export of a key. Raises LookupError when it is gone."""
    row = await session.fetch_one(queries.READ, {"key": key})
    if row is None:
        raise LookupError(key)
    query, file = orjson.loads(row.pop("query")), orjson.loads(row.pop("file"))
    return Export(**row, wanted=Wanted.of_json(query), file=file)


async def make_file(
    session: WriteSession,
    compiler: Compiler,
    limits: Limits,
    storage: Storage,
    export: Export,
    name: str,
) -> None:
    """Store what the export asks for, and its file; all of it seen by this one transaction.

    `name`: what its bytes are stored as.

    Raises Forbidden when its user may no longer do that.
    """
    caller = await _caller(session, compiler, export)
    if export.collection not in compiler.schema:
        raise Forbidden.collection(export.collection)
    require(caller, "read", compiler.schema[export.collection])
    require(caller, "create", compiler.schema[FILES])
    query = export.wanted.query(compiler, caller, limits, export.collection)
    restricted = Restrictor(compiler.schema, caller).restricted(query)
    read, safe = ReadSession(session.connection), export.wanted.safe
    blocks = exported(read, compiler, restricted, export.format, safe=safe)
    size = await storage.put(name, blocks, export.file["type"])
    with announced([Upload(export.id, name, size)]):
        await Writer(compiler, session, caller).create(FILES, [export.file])


async def listed(session: Session, compiler: Compiler, limits: Limits, export: Export) -> list[str]:
    """The collections whose rows say something in the export: those it shows, or picks rows by.

    Raises what its query is refused for.
    """
    caller = await _caller(session, compiler, export)
    if export.collection not in compiler.schema:
        raise Forbidden.collection(export.collection)
    query = export.wanted.query(compiler, caller, limits, export.collection)
    return sorted(set(Restrictor(compiler.schema, caller).touched(query, by_key=False)))


async def forget(session: WriteSession, key: str) -> None:
    """Remove an export whose file is there."""
    await session.execute(queries.FORGET, {"key": key})
    await forget_chunks(session, KIND, [key])


async def _caller(session: Session, compiler: Compiler, export: Export) -> Caller:
    """Who asked, with what it may do now. A user that is gone is nobody, who may do little."""
    client = Client(ip=export.ip)
    if export.user is None:
        return await anonymous(session, client)
    accounts = "account" in compiler.schema.fields("directus_users")
    caller = await caller_by_user(session, export.user, client, accounts=accounts)
    if caller is None:
        raise Forbidden
    return caller


def _described(collection: str, form: Format, file: dict[str, Any]) -> dict[str, Any]:
    """What the file says of itself: what was asked for, else the time it was asked for."""
    title = f"export-{collection}-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    said = {name: value for name, value in file.items() if value is not None and name != "id"}
    described = {"title": title, "filename_download": f"{title}.{_ending(form)}", **said}
    described["filename_download"] = plain_name(str(described["filename_download"]))
    described["type"] = plain_type(MEDIA_TYPES[form])
    return described


def _ending(form: Format) -> str:
    return "csv" if form == "csv_utf8" else form
