"""Links to the files of documents. A link works once, for some minutes (systems.md 4.4, 6.8)."""

import re
import secrets
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from app.access.secrets import token_hash
from app.access.tokens import read, signed
from app.database.session import Session, WriteSession
from app.domains.document import queries
from app.domains.document.service import Document, read_document
from app.errors import (
    DocumentExpired,
    DocumentFailed,
    DocumentNotReady,
    Forbidden,
    InvalidToken,
    TokenExpired,
)
from app.items.policy.readable_rows import ReadableRows
from app.settings import installation_settings, settings
from app.storage import NoSuchObject, Storage

TOKEN_LENGTH = 32
_SCOPE = "document-file"
_TOKEN = re.compile(r"[A-Za-z]{32}")


@dataclass(frozen=True, slots=True)
class DocumentFile:
    """The file of a document: its name in the storage, its bytes, and who may fetch it."""

    document: str
    object_name: str
    size: int
    user: str


async def link(session: WriteSession, readable: ReadableRows, key: str) -> str:
    """A new token that gives out the document's file once: 32 letters, kept nowhere.

    Raises Forbidden for a document that is not there, DocumentNotReady, DocumentFailed and
    DocumentExpired for one that has no file.
    """
    _check_file(await read_document(session, readable, key))
    token = "".join(secrets.choice(string.ascii_letters) for _ in range(TOKEN_LENGTH))
    lifetime = settings().download_link_seconds
    values = {
        "key": key,
        "user": readable.caller.user,
        "token_hash": token_hash(token),
        "lifetime": lifetime,
    }
    await session.execute(queries.LINK, values)
    return token


async def linked(session: Session, token: str) -> DocumentFile:
    """What a link leads to, which is as good as before.

    Raises Forbidden for a link that is unknown, used or too old, and DocumentExpired.
    """
    if not _TOKEN.fullmatch(token):
        raise Forbidden
    row = await session.fetch_one(queries.LINKED, {"token_hash": token_hash(token)})
    if row is None:
        raise Forbidden
    if row["is_expired"]:
        raise DocumentExpired
    return _file(row)


async def use_up(session: WriteSession, token: str) -> None:
    """A link that is good is good no more. Raises Forbidden where somebody was faster."""
    if await session.fetch_one(queries.USE_UP, {"token_hash": token_hash(token)}) is None:
        raise Forbidden


async def place_of(storage: Storage, file: DocumentFile, own: Callable[[str], str]) -> str:
    """An address of a file, good for DOWNLOAD_LINK_SECONDS, as often as it takes.

    In the object storage, where clients get there; else one of ours: `own` makes it from a token
    that `file_of` reads. Raises DocumentExpired for a file that is gone, and ServiceUnavailable.
    """
    current = installation_settings()
    lifetime = timedelta(seconds=current.download_link_seconds)
    public = await storage.link(file.object_name, lifetime)
    if public is not None:
        return public
    try:
        await storage.size(file.object_name)
    except NoSuchObject:
        raise DocumentExpired from None
    claims = {"scope": _SCOPE, "document": file.document, "user": file.user}
    return own(signed(claims, current.secret, lifetime))


async def file_of(session: Session, token: str) -> DocumentFile:
    """What an address of ours gives out. Raises Forbidden, and DocumentExpired for a file gone."""
    try:
        claims = read(token, installation_settings().secret)
    except (InvalidToken, TokenExpired):
        raise Forbidden from None
    if claims.get("scope") != _SCOPE:
        raise Forbidden
    row = await session.fetch_one(
        queries.FILE, {"key": claims.get("document"), "user": claims.get("user")}
    )
    if row is None:
        raise Forbidden
    return _file(row)


def _file(row: Mapping[str, Any]) -> DocumentFile:
    if row["object_name"] is None:
        raise DocumentExpired
    return DocumentFile(row["key"], row["object_name"], row["file_size"], row["user"])


def _check_file(document: Document) -> None:
    if document.status == "failed":
        raise DocumentFailed(document.error_message or "It can't be made")
    if document.status != "complete":
        raise DocumentNotReady
    if document.is_expired:
        raise DocumentExpired
