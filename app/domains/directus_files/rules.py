"""The rules of files: a row points at its own bytes and says what they are (directus.md 10)."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from app.access.caller import Caller
from app.database.session import WriteSession
from app.domains.directus_files.names import plain_name, plain_type, title_of
from app.domains.directus_files.transformations import TRANSFORMED
from app.domains.directus_files.uploads import Upload, forget, uploads
from app.errors import InvalidPayload
from app.items.hooks import Row, Rules, Update

FOLDER = "SELECT storage_default_folder FROM directus_settings LIMIT 1"
NAMES = """
SELECT filename_disk, type FROM directus_files
WHERE id = ANY(%(keys)s::uuid[]) AND filename_disk IS NOT NULL
"""


class FileRules(Rules):
    """Fills what only the server knows; bytes go when no row points at them any more."""

    async def before_create(self, session: WriteSession, caller: Caller, rows: list[Row]) -> None:
        for row in rows:
            _describe(row)
            if row.get("type") is None:
                raise InvalidPayload('"type" is required')
            if row.get("title") is None and row.get("filename_download") is not None:
                row["title"] = title_of(row["filename_download"])
        for row, upload in zip(rows, uploads(), strict=False):
            row["id"] = upload.key
            _take(row, upload)
        await _into_default_folder(session, caller, rows)

    async def before_update(
        self, session: WriteSession, caller: Caller, updates: list[Update]
    ) -> None:
        stored = {upload.key: upload for upload in uploads()}
        replaced, changed = [], []
        for update in updates:
            _describe(update.patch)
            upload = stored.get(update.key)
            if upload is not None:
                _take(update.patch, upload)
                replaced.append(update.before)
            elif "type" in update.changes:
                changed.append(update.before)
        _forget_later(session, replaced, [*replaced, *changed])

    async def before_delete(self, session: WriteSession, caller: Caller, keys: list[Any]) -> None:
        rows = await session.fetch_all(NAMES, {"keys": keys})
        _forget_later(session, rows, rows)


def _describe(row: Row) -> None:
    """Names and types that clients give come out of every answer again: make them harmless."""
    if row.get("filename_download") is not None:
        row["filename_download"] = plain_name(row["filename_download"])
    if row.get("type") is not None:
        row["type"] = plain_type(row["type"])


def _take(row: Row, upload: Upload) -> None:
    """Point at the bytes, and say what they are. Width and height a client may know better."""
    now = datetime.now(UTC).isoformat()
    row["filename_disk"] = upload.filename_disk
    row["filesize"] = upload.size
    row["uploaded_on"] = row["modified_on"] = now
    row.setdefault("width", upload.width)
    row.setdefault("height", upload.height)


def _forget_later(session: WriteSession, gone: Sequence[Row], changed: Sequence[Row]) -> None:
    """The bytes of rows as they were, and what was made of bytes while a row called them so."""
    names = [name for row in gone if (name := row["filename_disk"]) is not None]
    pictures = [
        name
        for row in changed
        if (name := row["filename_disk"]) is not None and row["type"] in TRANSFORMED
    ]
    if names or pictures:
        session.after_commit(partial(forget, names, pictures))


async def _into_default_folder(session: WriteSession, caller: Caller, rows: list[Row]) -> None:
    """Files without a word about a folder go where the settings say.

    That folder is the installation's own: files of accounts don't go there.
    """
    homeless = [row for row in rows if "folder" not in row]
    if homeless and caller.account is None:
        folder = await session.fetch_value(FOLDER)
        for row in homeless:
            row["folder"] = folder
