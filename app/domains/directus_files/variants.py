"""Pictures made of pictures: each is made once, and kept in storage beside the one it is made of.

Its name begins with that of the bytes it is made of. Bytes never change under one name, so a file
that was replaced is never shown as it was; and what was made of bytes goes when they go.
"""

import asyncio
import logging
import signal
import subprocess
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import orjson

from app.database.session import Database
from app.domains.directus_files.queries import StoredFile, stored_file
from app.domains.directus_files.transformations import TRANSFORMED, Transformation
from app.domains.directus_files.transforming import REFUSED
from app.errors import Forbidden, IllegalAssetTransformation, ServiceUnavailable
from app.pools import PICTURES, Asker
from app.settings import settings
from app.storage import NoSuchObject, Storage

logger = logging.getLogger(__name__)

_FOLDER = "transformed/"
_PROGRAM = Path(__file__).with_name("transforming.py")
_LARGEST = 64 * 1024 * 1024
"""Bytes of a picture: all of them are in memory."""
_WAITING = 4
"""Times as long it may take on a busy machine: all others come first."""
_MOST_KEPT = 100
"""Of one picture; then the oldest go. Anybody who sees a picture may ask for any size of it."""
_LISTED_AT_ONCE = 16


def variant_name(file: StoredFile, transformation: Transformation) -> str:
    """What the outcome is kept as."""
    return f"{_FOLDER}{file.filename_disk}/{transformation.name}"


def is_transformed(file: StoredFile) -> bool:
    """Whether a file is of a type that is."""
    return file.type in TRANSFORMED


async def variant_size(
    database: Database,
    storage: Storage,
    key: str,
    file: StoredFile,
    transformation: Transformation,
    asker: Asker,
) -> int:
    """The bytes of the outcome, which is made if it is not there yet.

    Raises IllegalAssetTransformation where the file is no picture or too large, and Forbidden where
    it is gone; TooManyWaiting, and ServiceUnavailable for what takes too long.
    """
    name = variant_name(file, transformation)
    try:
        return await storage.size(name)
    except NoSuchObject:
        pass
    if file.filesize > _LARGEST:
        raise IllegalAssetTransformation(
            f"The file has {file.filesize} bytes, and at most {_LARGEST} are transformed"
        )
    size = await PICTURES.run(asker, partial(_make, storage, file, name, transformation))
    # Somebody may have deleted or replaced the file in the meantime, and what was made of it.
    async with database.read() as session:
        now = await stored_file(session, key)
    if now is None or (now.filename_disk, now.type) != (file.filename_disk, file.type):
        await storage.delete([name])
        raise Forbidden
    return size


def _make(storage: Storage, file: StoredFile, name: str, transformation: Transformation) -> int:
    """Make the outcome and keep it; its size in bytes. Runs in a thread."""
    try:
        picture = _transformed(storage.read(file.filename_disk), transformation)
    except NoSuchObject:
        logger.warning("%s is not in the storage, though a file has it", file.filename_disk)
        raise Forbidden from None
    kept = storage.listed(f"{_FOLDER}{file.filename_disk}/")
    storage.remove(kept[: max(0, len(kept) + 1 - _MOST_KEPT)])
    storage.write(name, picture, transformation.type)
    return len(picture)


def _transformed(data: bytes, transformation: Transformation) -> bytes:
    seconds = settings().assets_transform_timeout
    bounds = {"most": settings().assets_transform_image_max_dimension, "seconds": seconds}
    said = orjson.loads(transformation.instructions) | bounds
    try:
        done = subprocess.run(  # noqa: S603 - a program of ours; what is said to it is checked
            [sys.executable, "-I", str(_PROGRAM)],
            input=orjson.dumps(said) + b"\n" + data,
            capture_output=True,
            timeout=seconds * _WAITING,
            check=False,
            env={},
        )
    except subprocess.TimeoutExpired:
        raise _takes_too_long(seconds) from None
    if done.returncode == 0:
        return done.stdout
    if done.returncode == -signal.SIGXCPU:
        raise _takes_too_long(seconds)
    if done.returncode == REFUSED and done.stdout:
        raise IllegalAssetTransformation(done.stdout.decode())
    logger.warning(
        "a picture could not be transformed: %s", done.stderr[-2000:].decode("utf-8", "replace")
    )
    raise IllegalAssetTransformation("The file can't be transformed")


def _takes_too_long(seconds: float) -> ServiceUnavailable:
    reason = f"The transformation takes more than {seconds:g} seconds: ask for a smaller size"
    return ServiceUnavailable("assets", reason)


async def variants_of(storage: Storage, names: Sequence[str]) -> list[str]:
    """The names of all that was made of pictures."""
    found: list[str] = []
    for start in range(0, len(names), _LISTED_AT_ONCE):
        part = names[start : start + _LISTED_AT_ONCE]
        listed = (storage.names(f"{_FOLDER}{name}/") for name in part)
        found += [name for made in await asyncio.gather(*listed) for name in made]
    return found
