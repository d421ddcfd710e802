"""A ZIP with one file, made as a stream: nothing is held but what was compressed last.

PKWARE APPNOTE 4.3.9 (the sizes follow the data) and 4.5.3 (ZIP64: they may exceed 4 GB).
"""

import stat
from collections.abc import AsyncGenerator, AsyncIterable
from datetime import UTC, datetime
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from app.pools import COPIES

LEVEL = 6
"""What zip and gzip do when not told otherwise."""

BLOCK = 1024 * 1024
_MODE = stat.S_IFREG | 0o644


class _Sink:
    """What the ZIP is written to. It can't be sought, so sizes are written behind the data."""

    def __init__(self) -> None:
        self.held = bytearray()

    def write(self, data: bytes) -> int:
        self.held += data
        return len(data)

    def flush(self) -> None:
        """Nothing waits anywhere else."""

    def close(self) -> None:
        """Nothing is open."""

    def take(self) -> bytes:
        taken = bytes(self.held)
        self.held.clear()
        return taken


async def zipped(name: str, blocks: AsyncIterable[bytes]) -> AsyncGenerator[bytes, None]:
    """The blocks of a ZIP that holds one file of this name. Threads compress: others go on."""
    sink = _Sink()
    with (
        ZipFile(sink, "w", ZIP_DEFLATED, compresslevel=LEVEL) as archive,
        archive.open(_described(name), "w", force_zip64=True) as entry,
    ):
        async for block in blocks:
            await COPIES.run(entry.write, block)
            if len(sink.held) >= BLOCK:
                yield sink.take()
    yield sink.take()


def _described(name: str) -> ZipInfo:
    described = ZipInfo(name, datetime.now(UTC).timetuple()[:6])
    described.compress_type = ZIP_DEFLATED
    described.external_attr = _MODE << 16
    return described
