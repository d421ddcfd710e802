"""The size of a picture, from its first bytes."""

import struct
import zlib
from io import BytesIO

import pytest
from PIL import Image

from app.domains.directus_files.pictures import size_of


def picture(kind, size=(30, 20), **options):
    held = BytesIO()
    Image.new("RGB", size).save(held, kind, **options)
    return held.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "BMP"])
def test_a_picture_has_a_size(kind):
    assert size_of(picture(kind)) == (30, 20)


def test_the_first_bytes_are_enough():
    assert size_of(picture("PNG", (3000, 2000))[:100]) == (3000, 2000)
    assert size_of(picture("JPEG", (3000, 2000))[:1000]) == (3000, 2000)


def test_a_picture_on_its_side_is_turned():
    exif = Image.Exif()
    exif[0x0112] = 6
    assert size_of(picture("JPEG", exif=exif)) == (20, 30)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
@pytest.mark.parametrize("exif", [b"", b"Exif\0\0", b"Exif\0\0II*\0\xff\0\0\0", b"\0" * 30])
def test_a_broken_orientation_turns_nothing(exif):
    assert size_of(picture("JPEG", exif=exif)) == (30, 20)


@pytest.mark.parametrize(
    "head",
    [b"", b"nonsense", b"<svg/>", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0" + b"\xff" * 4],
)
def test_what_is_no_picture_has_none(head):
    assert size_of(head) is None


def test_a_huge_picture_costs_nothing():
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    png = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk
    png += struct.pack(">I", zlib.crc32(chunk)) + struct.pack(">I", 0) + b"IDAT" + b"\0" * 4
    assert size_of(png) == (60_000, 60_000)
