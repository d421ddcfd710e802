"""`?export=`: a list as a file to download, streamed (directus.md 2.10)."""

from collections.abc import AsyncGenerator

from starlette.responses import Response

from app.items.export import MEDIA_TYPES, Format, filename
from app.rest.streaming import Stream


def export_response(blocks: AsyncGenerator[bytes, None], name: str, form: Format) -> Response:
    """The file."""
    disposition = f'attachment; filename="{filename(name, form)}"'
    headers = {"Content-Disposition": disposition, "Cache-Control": "no-cache"}
    return Stream(blocks, headers=headers, media_type=MEDIA_TYPES[form])
