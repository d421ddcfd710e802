"""`?export=`: a list as a file to download, streamed (directus.md 2.10)."""

from collections.abc import AsyncIterator

from starlette.responses import Response, StreamingResponse

from app.items.export import MEDIA_TYPES, Format, filename


async def export_response(blocks: AsyncIterator[bytes], name: str, form: Format) -> Response:
    """The file. The first block is there before the answer begins, so a refusal is still one."""
    first = await anext(blocks, None)

    async def body() -> AsyncIterator[bytes]:
        if first is not None:
            yield first
        async for block in blocks:
            yield block

    disposition = f'attachment; filename="{filename(name, form)}"'
    return StreamingResponse(
        body(),
        media_type=MEDIA_TYPES[form],
        headers={"Content-Disposition": disposition, "Cache-Control": "no-cache"},
    )
