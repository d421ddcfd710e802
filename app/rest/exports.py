"""`?export=`: a list as a file to download, streamed (directus.md 2.10)."""

from collections.abc import AsyncGenerator

from starlette.responses import Response

from app.items.export.exports import MEDIA_TYPES, Format, export_of, filename
from app.items.hooks import Row
from app.web.streaming import Stream


def export_response(blocks: AsyncGenerator[bytes, None], name: str, form: Format) -> Response:
    """The file of a list, of whatever length."""
    return Stream(blocks, headers=_headers(name, form), media_type=MEDIA_TYPES[form])


def file_response(rows: list[Row], name: str, form: Format, *, safe: bool) -> Response:
    """The file of a few rows: groups, or one item. `safe`: no cell of a CSV is a formula."""
    body = export_of(rows, form, safe=safe)
    return Response(body, headers=_headers(name, form), media_type=MEDIA_TYPES[form])


def _headers(name: str, form: Format) -> dict[str, str]:
    disposition = f'attachment; filename="{filename(name, form)}"'
    return {"Content-Disposition": disposition, "Cache-Control": "no-cache"}
