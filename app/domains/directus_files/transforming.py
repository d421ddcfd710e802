"""One picture made of another: a program of its own, that imports nothing of ours.

Pictures come from anybody, and what decodes them is written in C: so each is worked on by a process
that has no secrets, little memory, little time, and ends with it (`variants` starts it).

On standard input: a line of JSON (`steps`, `format`, `quality`, `most`, `seconds`), then the bytes
of a picture. On standard output: the bytes of the new one, or, with exit code 1, why there is none.
"""

import json
import os
import resource
import struct
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from io import BytesIO
from math import ceil
from pathlib import Path
from typing import Any

from PIL import Image, ImageCms, ImageFilter, ImageOps

REFUSED = 1
"""The exit code of a refusal; what is written is its sentence."""

_READ = ("JPEG", "PNG", "WEBP", "TIFF", "AVIF")
_WRITTEN: dict[str, tuple[str, dict[str, Any]]] = {
    "jpg": ("JPEG", {"quality": 80, "optimize": True}),
    "png": ("PNG", {"compress_level": 4}),
    "webp": ("WEBP", {"quality": 80, "method": 2}),
    "avif": ("AVIF", {"quality": 50, "speed": 9, "max_threads": 1}),
    "tiff": ("TIFF", {"compression": "tiff_adobe_deflate"}),
}
_LOSSLESS = {"png", "tiff"}
_OPAQUE = {"jpg"}
_BLACK = (0, 0, 0, 255)
_MEMORY = 2 * 1024**3
"""Bytes of addresses. The largest picture has 144 MB when it is decoded, and is copied twice."""
_MOST_PIXELS = 100_000_000
_LARGEST_OUTCOME = 64 * 1024**2
_OF_16_BITS = 1 / 256
_BROKEN = (
    *(OSError, ValueError, SyntaxError, OverflowError, KeyError, TypeError, EOFError),
    *(RuntimeError, struct.error),
)
"""What Pillow raises of files that are not as they should be."""

Picture = Image.Image
Size = tuple[int, int]


class Refused(Exception):
    """Why there is no picture, in a sentence."""


def main() -> None:
    """Do what standard input says."""
    os.nice(10)  # whoever waits for an answer of the server comes first
    head, _, data = sys.stdin.buffer.read().partition(b"\n")
    said = json.loads(head)
    _bound(said["seconds"])
    try:
        outcome = transformed(data, said)
    except Refused as refused:
        outcome, code = str(refused).encode(), REFUSED
    except MemoryError:
        outcome, code = b"The picture needs more memory than one may have", REFUSED
    else:
        code = 0
    sys.stdout.buffer.write(outcome)
    sys.stdout.buffer.flush()
    sys.exit(code)


def _bound(seconds: float) -> None:
    with suppress(OSError):  # where memory is short, Linux ends this one first
        Path("/proc/self/oom_score_adj").write_text("1000")
    whole = ceil(seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (whole, whole + 1))
    with suppress(ValueError, OSError):  # macOS has no such bound
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))


def transformed(data: bytes, said: dict[str, Any]) -> bytes:
    """The new picture. Raises Refused."""
    Image.MAX_IMAGE_PIXELS = None  # `most` bounds both sides, before anything is decoded
    most, steps = said["most"], said["steps"]
    first, numbers = steps[0] if steps else ("", {})
    side = max(numbers.get("width", 1), numbers.get("height", 1)) if first == "resize" else None
    try:
        picture, shown = _opened(data, side, most)
    except _BROKEN as error:
        raise Refused("The file can't be read as a picture") from error
    for name, given in steps:
        if "focal_point" in given:
            x, y = given["focal_point"]
            given["focal_point"] = (x / shown[0], y / shown[1])
        picture = _STEPS[name](picture, given)
        _require_size(picture.size, most)
    return _encoded(picture, said["format"], said["quality"])


def _opened(data: bytes, side: int | None, most: int) -> tuple[Picture, Size]:
    """The picture as it is shown: turned as its camera was held, colors in sRGB, nothing else.

    And its size; of a JPEG that is to have sides of `side` only, more is not decoded.
    """
    picture: Picture = Image.open(BytesIO(data), formats=_READ)
    _require_size(picture.size, most)
    width, height = picture.size
    if side is not None:
        picture.draft(None, (2 * side, 2 * side))
    picture.load()
    icc, was_wide = picture.info.get("icc_profile"), picture.width > picture.height
    with suppress(*_BROKEN):  # a broken EXIF says nothing
        picture = ImageOps.exif_transpose(picture)
    picture = _in_srgb(picture, icc)
    picture.info = {}
    is_turned = was_wide != (picture.width > picture.height)
    return picture, (height, width) if is_turned else (width, height)


def _in_srgb(picture: Picture, icc: bytes | None) -> Picture:
    """As RGB or RGBA, of 8 bits."""
    if picture.mode.startswith("I"):
        picture = picture.convert("I").point(lambda value: value * _OF_16_BITS).convert("L")
    mode = "RGBA" if picture.has_transparency_data else "RGB"
    if icc and picture.mode in {"RGB", "RGBA", "CMYK"}:
        with suppress(ImageCms.PyCMSError, *_BROKEN):
            profile = ImageCms.ImageCmsProfile(BytesIO(icc))
            srgb = ImageCms.createProfile("sRGB")
            found = ImageCms.profileToProfile(picture, profile, srgb, outputMode=mode)
            picture = found or picture
    return picture if picture.mode == mode else picture.convert(mode)


def _require_size(size: Size, most: int) -> None:
    if max(size) > most:
        raise Refused(f"A side of {max(size)} pixels is too long: it may have {most} at most")


def _require_room(size: Size) -> None:
    """Before pixels are made: how many there would be, however long their sides may be."""
    if size[0] * size[1] > _MOST_PIXELS:
        raise Refused(f"A picture of {size[0]} x {size[1]} pixels is too large")


def _resize(picture: Picture, given: Mapping[str, Any]) -> Picture:
    """The new size, as sharp reads `fit` and `withoutEnlargement`."""
    width, height, fit = given.get("width"), given.get("height"), given["fit"]
    largest = 1.0 if given["withoutEnlargement"] else float("inf")
    across = min((width or 0) / picture.width, largest)
    down = min((height or 0) / picture.height, largest)
    if width is None or height is None:
        return _scaled(picture, across or down, across or down)
    if fit == "fill":
        return _scaled(picture, across, down)
    if fit == "cover":
        return _covering(picture, (width, height), max(across, down), given.get("focal_point"))
    scale = max(across, down) if fit == "outside" else min(across, down)
    picture = _scaled(picture, scale, scale)
    if fit != "contain":
        return picture
    left, top = (width - picture.width) // 2, (height - picture.height) // 2
    return _on(picture, (width, height), (left, top), _BLACK)


def _scaled(picture: Picture, across: float, down: float) -> Picture:
    size = (max(1, round(picture.width * across)), max(1, round(picture.height * down)))
    _require_room(size)  # a width of 6,000 for 1 x 6,000 pixels is very much
    return picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)


def _covering(
    picture: Picture, most: Size, scale: float, focal_point: tuple[float, float] | None
) -> Picture:
    """All of a frame: what is beyond it is cut off, as far as it can be around a point."""
    size = (
        max(1, min(most[0], round(picture.width * scale))),
        max(1, min(most[1], round(picture.height * scale))),
    )
    box: list[float] = []
    for own, wanted, at in zip(picture.size, size, focal_point or (0.5, 0.5), strict=True):
        part = min(wanted / scale, own)
        box.append(min(max(own * at - part / 2, 0), own - part))
        box.append(box[-1] + part)
    left, right, top, bottom = box
    return picture.resize(
        size, Image.Resampling.LANCZOS, box=(left, top, right, bottom), reducing_gap=3.0
    )


def _on(picture: Picture, size: Size, place: Size, color: tuple[int, ...]) -> Picture:
    """The picture on a larger, plain one."""
    if color[3] < _BLACK[3] and picture.mode == "RGB":
        picture = picture.convert("RGBA")
    ground = Image.new(picture.mode, size, color[: len(picture.mode)])
    ground.paste(picture, place)
    return ground


def _extract(picture: Picture, given: Mapping[str, Any]) -> Picture:
    left, top = given["left"], given["top"]
    right, bottom = left + given["width"], top + given["height"]
    if right > picture.width or bottom > picture.height:
        raise Refused(
            f"The area to extract is not within {picture.width} x {picture.height} pixels"
        )
    return picture.crop((left, top, right, bottom))


def _extend(picture: Picture, given: Mapping[str, Any]) -> Picture:
    size = (
        picture.width + given["left"] + given["right"],
        picture.height + given["top"] + given["bottom"],
    )
    _require_room(size)
    return _on(picture, size, (given["left"], given["top"]), tuple(given["background"]))


def _rotate(picture: Picture, given: Mapping[str, Any]) -> Picture:
    """Clockwise."""
    return picture.rotate(-given["angle"], Image.Resampling.BICUBIC, expand=True)


def _flatten(picture: Picture, given: Mapping[str, Any]) -> Picture:
    """Without transparency: on a plain ground."""
    if picture.mode == "RGB":
        return picture
    ground = Image.new("RGBA", picture.size, (*given["background"][:3], 255))
    return Image.alpha_composite(ground, picture).convert("RGB")


def _of_colors(change: Callable[[Picture], Picture]) -> Callable[..., Picture]:
    """A change of colors that leaves transparency as it is."""

    def changed(picture: Picture, _given: Mapping[str, Any]) -> Picture:
        colors = change(picture.convert("RGB")).convert("RGB")
        if picture.mode == "RGBA":
            colors.putalpha(picture.getchannel("A"))
        return colors

    return changed


def _threshold(picture: Picture, given: Mapping[str, Any]) -> Picture:
    least = given["value"]
    return picture.convert("L").point([255 if value >= least else 0 for value in range(256)])


_STEPS: dict[str, Callable[[Picture, Mapping[str, Any]], Picture]] = {
    "resize": _resize,
    "extract": _extract,
    "extend": _extend,
    "rotate": _rotate,
    "flip": lambda picture, _: ImageOps.flip(picture),
    "flop": lambda picture, _: ImageOps.mirror(picture),
    "blur": lambda picture, given: picture.filter(ImageFilter.GaussianBlur(given["sigma"])),
    "sharpen": lambda picture, _: picture.filter(ImageFilter.SHARPEN),
    "flatten": _flatten,
    "negate": _of_colors(ImageOps.invert),
    "grayscale": _of_colors(ImageOps.grayscale),
    "normalize": _of_colors(ImageOps.autocontrast),
    "threshold": lambda picture, given: _threshold(picture, given).convert("RGB"),
}


def _encoded(picture: Picture, name: str, quality: int | None) -> bytes:
    format_, options = _WRITTEN[name]
    if name in _OPAQUE:
        picture = _flatten(picture, {"background": _BLACK})
    if quality is not None and name not in _LOSSLESS:
        options = {**options, "quality": quality}
    outcome = BytesIO()
    picture.save(outcome, format_, **options)
    if outcome.tell() > _LARGEST_OUTCOME:
        raise Refused(
            f"The outcome has more than {_LARGEST_OUTCOME} bytes: choose a smaller size or another "
            "format"
        )
    return outcome.getvalue()


if __name__ == "__main__":
    main()
