"""What serving a file needs to know of it."""

from dataclasses import dataclass
from datetime import datetime

import orjson

from app.database.session import Session
from app.domains.directus_files.transformations import Allowed

# Read when the caller is known to see the file, whatever of its fields are readable.
STORED = """
SELECT filename_disk, filename_download, type, filesize, coalesce(uploaded_on, created_on) AS since,
  uploaded_by, focal_point_x, focal_point_y
FROM directus_files
WHERE id = %(key)s::uuid AND filename_disk IS NOT NULL AND filesize IS NOT NULL
"""

# Pictures of the project are shown before anybody has logged in.
PUBLIC = """
SELECT EXISTS (SELECT FROM directus_settings WHERE %(key)s::uuid IN
  (project_logo, public_foreground, public_background, public_favicon))
"""

TRANSFORMATIONS = """
SELECT storage_asset_transform AS transform, storage_asset_presets AS presets
FROM directus_settings LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file with bytes in storage: where they are, and what they are. `since` is their age."""

    filename_disk: str
    filename_download: str
    type: str | None
    filesize: int
    since: datetime
    uploaded_by: str | None
    focal_point_x: int | None
    focal_point_y: int | None


async def stored_file(session: Session, key: str) -> StoredFile | None:
    """The file of a key; None when there is none, or it has no bytes."""
    row = await session.fetch_one(STORED, {"key": key})
    return None if row is None else StoredFile(**row)


async def is_public(session: Session, key: str) -> bool:
    """Whether the settings show the file to everybody."""
    return bool(await session.fetch_value(PUBLIC, {"key": key}))


async def allowed_transformations(session: Session) -> Allowed:
    """What the settings let clients ask for. Presets that are none are left out."""
    row = await session.fetch_one(TRANSFORMATIONS)
    if row is None:
        return Allowed()
    saved = None if row["presets"] is None else orjson.loads(row["presets"])
    presets = [one for one in saved if isinstance(one, dict)] if isinstance(saved, list) else []
    return Allowed(row["transform"] or "all", {str(one.get("key")): one for one in presets})
