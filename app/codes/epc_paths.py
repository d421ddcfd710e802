"""Sets of texts that may be EPCs in hex, as the paths of their codes.

As `CodePath.parse` reads them, one head (company prefix and item) for all serials of a product.
GS1 EPC Tag Data Standard 14.5: SGTIN-96 and SGTIN-198; whatever else is read one by one.
"""

import re
from collections.abc import Sequence

from app.codes.code_path import CodePath
from app.codes.errors import CodeError

_EPC = re.compile(r"3[01367](?:[0-9A-Fa-f]{22}|[0-9A-Fa-f]{42}|[0-9A-Fa-f]{50})")
_SGTIN_96, _SGTIN_198 = ("30", 24), ("36", 52)
_SERIAL_96 = 38
_SERIAL_198, _FILLED = 140, 10
"""Bits of the serial, and of the zeros behind it that fill the last word of 16."""


def paths_of_epcs(texts: Sequence[str]) -> list[str | None]:
    """The path of each text that is an EPC in hex; None for one that is none. Slow: in a thread.

    >>> paths_of_epcs(["3074257BF7194E4000001A85", "/00/1"])
    ['/01/80614141123458/21/6789', None]
    """
    heads: dict[tuple[str, int], str | None] = {}
    return [_path(text, heads) if _EPC.fullmatch(text) else None for text in texts]


def _path(text: str, heads: dict[tuple[str, int], str | None]) -> str | None:
    kind = text[:2], len(text)
    if kind == _SGTIN_96:
        number = int(text, 16)
        head, serial = number >> _SERIAL_96, str(number & (1 << _SERIAL_96) - 1)
    elif kind == _SGTIN_198:
        number = int(text, 16) >> _FILLED
        head, serial = number >> _SERIAL_198, _text(number & (1 << _SERIAL_198) - 1)
    else:
        return _parsed(text)
    place = text[:2], head
    if place not in heads:
        whole = _parsed(text)
        heads[place] = None if whole is None else whole.removesuffix(serial)
    prefix = heads[place]
    return None if prefix is None else prefix + serial


def _text(number: int) -> str:
    """A serial of seven bits a symbol, from the left; zeros end it."""
    symbols = []
    for place in range(_SERIAL_198 - 7, -1, -7):
        symbol = number >> place & 127
        if not symbol:
            break
        symbols.append(symbol)
    return bytes(symbols).decode("ascii")


def _parsed(text: str) -> str | None:
    try:
        return CodePath.parse(text).path
    except CodeError:
        return None
