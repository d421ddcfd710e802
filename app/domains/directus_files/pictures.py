"""How large a picture is, read from its first bytes: nothing is ever decoded.

So a picture of a billion pixels in a few bytes costs no more than any other.
"""

from io import BytesIO
from struct import error as StructError  # noqa: N812 - it is a class
from struct import unpack_from

from PIL import Image

HEAD = 256 * 1024
"""Bytes that are enough: sizes come early, after what a camera writes at most."""

_FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "AVIF", "BMP")
_ORIENTATION = 0x0112
_FIRST_TURNED = 5
"""Orientations from here on lie on their side."""

Image.MAX_IMAGE_PIXELS = None  # a bound on what is decoded, and warnings about it


def size_of(head: bytes) -> tuple[int, int] | None:
    """Width and height in pixels, as the picture is shown; None when it can't be told."""
    try:
        with Image.open(BytesIO(head), formats=_FORMATS) as picture:
            width, height = picture.size
            exif = picture.info.get("exif", b"")
    except (OSError, ValueError, SyntaxError, OverflowError):
        return None
    return (height, width) if _orientation(exif) >= _FIRST_TURNED else (width, height)


def _orientation(exif: bytes) -> int:
    """How a camera was held, 1 to 8 (Exif 2.32, section 4.6.5). Pillow would decode to find it."""
    tiff = exif.removeprefix(b"Exif\0\0")
    order = "<" if tiff.startswith(b"II") else ">"
    try:
        (at,) = unpack_from(f"{order}I", tiff, 4)
        (count,) = unpack_from(f"{order}H", tiff, at)
        for place in range(at + 2, at + 2 + 12 * count, 12):
            tag, _, _, value = unpack_from(f"{order}HHIH", tiff, place)
            if tag == _ORIENTATION:
                return int(value) if value in range(1, 9) else 1
    except StructError:
        return 1  # there is none, or it is broken
    return 1
