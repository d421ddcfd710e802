"""Names and types of uploaded files, made harmless."""

import mimetypes
import re
from pathlib import PurePosixPath

_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]")
_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}")
_EXTENSION = re.compile(r"\.[a-z0-9]{1,10}")
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[-_.\s]+")
_SMALL = frozenset("a an and as at but by for from in into nor of on or so the to with".split())
_LONGEST = 255
UNKNOWN = "application/octet-stream"


def plain_name(given: str | None) -> str:
    """The last part of a file name, without what could lead or break out of anywhere."""
    name = _CONTROL.sub("", given or "").replace("\\", "/").rpartition("/")[2].strip()
    if name in {"", ".", ".."}:
        return "file"
    path = PurePosixPath(name)
    suffix = path.suffix[:20]
    return path.name.removesuffix(suffix)[: _LONGEST - len(suffix)] + suffix


def plain_type(given: str | None) -> str:
    """The media type without its parameters; `application/octet-stream` for what is none."""
    kind = (given or "").partition(";")[0].strip().lower()
    return kind if _TYPE.fullmatch(kind) else UNKNOWN


def extension(filename: str, kind: str) -> str:
    """The extension bytes are stored with: of the name, else of the type, else none."""
    suffix = PurePosixPath(filename).suffix.lower()
    if not _EXTENSION.fullmatch(suffix):
        suffix = mimetypes.guess_extension(kind) or ""
    return suffix if kind != UNKNOWN or suffix != ".bin" else ""


def title_of(filename: str) -> str:
    """A title for a file that was given none.

    >>> title_of("the-making_ofCodes.tar.gz")
    'The Making of Codes Tar'
    """
    words = [word for word in _WORDS.split(PurePosixPath(filename).stem) if word]
    shown = [
        word if place and word in _SMALL else word[:1].upper() + word[1:]
        for place, word in enumerate(words)
    ]
    return " ".join(shown) or filename
