"""Raw tags: chips whose bits say no key that codes have here (EPC Tag Data Standard 12.3.4).

Most of them say a GS1 key all the same (of a place, an asset, a document), and that has an owner.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from app.codes.epc_binary import LONGEST_PREFIX, PREFIX_BITS
from app.codes.errors import CodeError
from app.codes.scanned_text import path_of

TAG = re.compile(r"urn:epc:raw:96\.x([0-9A-F]{24})")
START = "urn:epc:raw:96.x"
_HEX = re.compile(r"[0-9A-Fa-f]{24}")
_BITS = 96
_HEAD = 8 + 3 + 3
"""Bits of header, filter and partition (TDS 14.6)."""
_FILTERS = 8


@dataclass(frozen=True, slots=True)
class _Layout:
    """How a header's bits begin: the path of its key, and how many bits and digits that has.

    `before`: digits of the reference that stand before the company prefix in the key. `digits`
    None: there is no telling how many the reference has, so that only the prefix counts.
    """

    path: str
    bits: int = 0
    digits: int | None = None
    before: int = 0


_LAYOUTS = {
    0x2C: _Layout("/253/", 41, 12),
    0x2D: _Layout("/8018/", 58, 17),
    0x2E: _Layout("/8017/", 58, 17),
    0x30: _Layout("/01/", 44, 13, before=1),
    0x31: _Layout("/00/", 58, 17, before=1),
    0x32: _Layout("/414/", 41, 12),
    0x33: _Layout("/8003/0", 44, 12),
    0x34: _Layout("/8004/"),
    0x3C: _Layout("/8010/"),
    0x3F: _Layout("/255/", 41, 12),
}
"""GDTI-96, GSRN-96, GSRNP-96, SGTIN-96, SSCC-96, SGLN-96, GRAI-96, GIAI-96, CPI-96, SGCN-96: TDS
14.6, by table 14-1. All have company prefixes as in table 14-2.
"""
_GIAI = 0x34
_OTHERS = (f"{START}F", f"{START}G")
"""Where the raw forms of '+' schemes lie, whose company prefixes stand at many places."""


def raw_key(text: str) -> str | None:
    """The key of the raw tag with these bits, given as that key or as 24 hexadecimal digits.

    >>> raw_key("3215d09ee400000000000005"), raw_key("URN:EPC:RAW:96.X3215d09ee400000000000005")
    ('urn:epc:raw:96.x3215D09EE400000000000005', 'urn:epc:raw:96.x3215D09EE400000000000005')
    """
    return tag_key(text) or (START + text.upper() if _HEX.fullmatch(text) else None)


def tag_key(text: str) -> str | None:
    """The key of the raw tag that a text in the form of one names, in whatever case."""
    scheme, bits = text[: len(START)].lower(), text[len(START) :]
    return START + bits.upper() if scheme == START and _HEX.fullmatch(bits) else None


def spelled_key(tag: str) -> str | None:
    """The path of the GS1 key that a raw tag's bits spell, as far as it says whose it is.

    Check digits may be missing. None: they spell no GS1 key.

    >>> spelled_key("urn:epc:raw:96.x3215D09EE400000000000005")
    '/414/761234500000'
    """
    found = TAG.fullmatch(tag)
    if found is None:
        return None
    try:
        return path_of(found[1])
    except CodeError:
        return _spelled(int(found[1], 16))


def _spelled(bits: int) -> str | None:
    layout = _LAYOUTS.get(bits >> (_BITS - 8))
    length = LONGEST_PREFIX - (bits >> (_BITS - _HEAD) & 7)
    if layout is None or length not in PREFIX_BITS:
        return None
    width, rest = PREFIX_BITS[length], _BITS - _HEAD - PREFIX_BITS[length]
    prefix = f"{bits >> rest & (1 << width) - 1:0{length}}"
    if len(prefix) > length:
        return None
    if layout.digits is None:
        return layout.path + prefix
    size = layout.bits - width
    digits = layout.digits - length
    reference = f"{bits >> (rest - size) & (1 << size) - 1:0{digits}}"
    if len(reference) > digits:
        return _LAYOUTS[_GIAI].path + prefix  # no key, but who says so has to have the prefix
    before, behind = reference[: layout.before], reference[layout.before :]
    body = f"{layout.path}{before}{prefix}{behind}"
    return f"{body}0" if layout.path in {"/01/", "/8003/0"} else body


def ranges_under(digits: str) -> Iterator[tuple[str, str]]:
    """Where the raw tags under a company prefix lie, in byte order of their keys.

    What lies there need not be under it: `spelled_key` says it of each.
    """
    for header in _LAYOUTS:
        for place in range(_FILTERS * len(PREFIX_BITS)):
            number, partition = divmod(place, len(PREFIX_BITS))
            length = LONGEST_PREFIX - partition
            rest = _BITS - _HEAD - PREFIX_BITS[length]
            more = 10 ** max(0, length - len(digits))
            first = int(digits[:length]) * more
            head = (header << 6 | number << 3 | partition) << (_BITS - _HEAD)
            yield tuple(f"{START}{head + (n << rest):024X}" for n in (first, first + more))  # type: ignore[misc]
    yield _OTHERS
