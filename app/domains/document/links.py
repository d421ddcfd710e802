"""Links to the files of documents. A link works once, for some minutes (systems.md 4.4, 6.8)."""

import re
import secrets
import string
from datetime import timedelta

from app.access.secrets import token_hash
from app.database.session import WriteSession
from app.domains.document import queries
from app.domains.document.service import Document, read_document
from app.errors import DocumentExpired, DocumentFailed, DocumentNotReady, Forbidden
from app.items.sight import Sight
from app.settings import settings
from app.storage import Storage

TOKEN_LENGTH = 32
_TOKEN = re.compile(r"[A-Za-z]{32}")


async def link(session: WriteSession, sight: Sight, key: str) -> str:
    """A new token that gives out the document's file once: 32 letters, kept nowhere.

    Raises Forbidden for a document that is not there, DocumentNotReady, DocumentFailed and
    DocumentExpired for one that has no file.
    """
    _check_file(await read_document(session, sight, key))
    token = "".join(secrets.choice(string.ascii_letters) for _ in range(TOKEN_LENGTH))
    lifetime = settings().download_link_seconds
    values = {"key": key, "token_hash": token_hash(token), "lifetime": lifetime}
    await session.execute(queries.LINK, values)
    return token


async def redeem(session: WriteSession, storage: Storage, token: str) -> str:
    """Use a link up: the address of the file in the object storage, good for some minutes.

    Raises Forbidden for a token that is unknown, used or too old, and DocumentExpired. Where the
    storage does not answer, ServiceUnavailable is raised and the link is as good as before.
    """
    if not _TOKEN.fullmatch(token):
        raise Forbidden
    row = await session.fetch_one(queries.REDEEM, {"token_hash": token_hash(token)})
    if row is None:
        raise Forbidden
    if row["is_expired"] or row["object_name"] is None:
        raise DocumentExpired
    lifetime = timedelta(seconds=settings().download_link_seconds)
    return await storage.link(row["object_name"], lifetime)


def _check_file(document: Document) -> None:
    if document.status == "failed":
        raise DocumentFailed(document.error_message or "It can't be made")
    if document.status != "complete":
        raise DocumentNotReady
    if document.is_expired:
        raise DocumentExpired
