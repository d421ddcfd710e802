"""A zip of one file, made block by block: memory stays flat at any size."""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator
from datetime import UTC, datetime
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo


class _Sink:
    """Takes what the zip writes, until it is taken out. It can't be sought in: it is a stream."""

    def __init__(self) -> None:
        self.held = bytearray()

    def write(self, data: bytes) -> int:
        self.held += data
        return len(data)

    def flush(self) -> None:
        """Nothing waits elsewhere."""

    def taken(self) -> bytes:
        data = bytes(self.held)
        self.held.clear()
        return data


async def zipped(name: str, blocks: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    """The bytes of a zip that holds one file of that name, made of the blocks."""
    sink = _Sink()
    entry = ZipInfo(name, datetime.now(UTC).timetuple()[:6])
    entry.compress_type = ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    archive = ZipFile(sink, "w")  # type: ignore[call-overload]
    with archive, archive.open(entry, "w", force_zip64=True) as member:
        async for block in blocks:
            # Compressing holds no lock, but takes its time.
            await asyncio.to_thread(member.write, block)
            if data := sink.taken():
                yield data
    yield sink.taken()
