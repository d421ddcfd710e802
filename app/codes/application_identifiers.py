"""GS1 application identifiers: which exist, what their values look like, which are keys.

GS1 General Specifications 3.2, in the notation of the GS1 syntax dictionary: `N6` six digits,
`X..20` one to twenty characters of character set 82 (`Y`: set 39), `[...]` optional. The `c` is
ours: the digits before it end in a check digit.
"""

import functools
import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from app.codes.check_digit import InvalidCheckDigit, require_check_digit
from app.codes.errors import CodeError

# The measures of trade items and logistic units: 310n to 369n, with gaps; n is the decimal point.
_MEASURES = " ".join(
    f"{family}0-{family}5"
    for first, last in ((310, 316), (320, 337), (340, 357), (360, 369))
    for family in range(first, last + 1)
)
_FORMATS = f"""
N18c             00 8017 8018
N14c             01 02 03
N17c             402
N13              7001
N13c             410-417
N13c[X..17]      253
N13c[N..12]      255
N14c[X..16]      8003
N14cN4           8006 8026
N1               4321-4323 7252
N2               20 7241
N3               422 424 426
N4               3940-3943 8111
N6               11-13 15-17 3950-3955 4326 7006 8005 {_MEASURES}
N8               7250
N10              4324 4325 7003
N12              7251
N14              8001
N15              8040 8041
N20              4309
N32              8042
N..4             7004
N..6             242
N..8             30 37
N..10            8019
N..12            8011
N..15            3900-3909 3920-3929 423 425
N3N..15          3910-3919 3930-3939
N3X..9           421
N3X..27          7030-7039
N6[X1]           4330-4333
N6[N4]           7011
N6[N6]           7007
N8[N..4]         8008
N18[N..2]        8043
N1X3             7040
N1X1N1           7258
X2               4307 4317
X2X..28          7230-7239
X..2             7010
X..3             427 7008
X..4             7041
X..10            7009 7255
X..12            7005
X..20            10 21 22 243 254 420 4318 7020-7022 710-717 7240 8002 8012
X..25            7242 8013 8014 8020
X..28            235
X..30            240 241 250 251 400 401 403 4308 4319 7002 7023 8004 90
X..34            8007
X..35            4300 4301 4310 4311 4320
X..40            7253 7254 7259
X..50            8009
X..70            4302-4306 4312-4316 7257 8110 8112 8200
X..90            7256 8030 91-99
Y..30            8010
"""
_CLASSES = {"N": "[0-9]", "X": r"[!-\"%-?A-Z_a-z]", "Y": "[#/0-9A-Z-]"}
_PART = re.compile(r"(\[?)([NXY])(\.\.)?(\d+)(c?)(\]?)")

# Primary keys of a Digital Link, each with the sequences of qualifiers that may follow it.
# GS1 Digital Link URI Syntax 4.9; dlpkey in the syntax dictionary.
KEY_QUALIFIERS: Mapping[str, tuple[tuple[str, ...], ...]] = MappingProxyType(
    {
        "00": (),
        "01": (("22", "10", "21"), ("235",)),
        "253": (),
        "255": (),
        "401": (),
        "402": (),
        "414": (("254",), ("7040",)),
        "415": (("8020",),),
        "417": (("7040",),),
        "8003": (),
        "8004": (("7040",),),
        "8006": (("22", "10", "21"),),
        "8010": (("8011",),),
        "8013": (),
        "8017": (("8019",),),
        "8018": (("8019",),),
    }
)


class InvalidApplicationIdentifier(CodeError):
    """The number is no application identifier, or the value is not in its format."""


def check_value(ai: str, value: str, *, check_digits: bool = True) -> str:
    """`value` itself, when it is in the format of `ai` (and, unless told, its check digit right).

    Raises InvalidApplicationIdentifier and InvalidCheckDigit.

    >>> check_value("17", "220630")
    '220630'
    """
    found = _formats().get(ai)
    if found is None:
        raise InvalidApplicationIdentifier(f"Expected an application identifier, got {ai!r}.")
    notation, pattern = found
    matched = pattern.fullmatch(value)
    if matched is None:
        raise InvalidApplicationIdentifier(f"Expected {notation} for AI {ai}, got {value!r}.")
    if check_digits and "c" in notation:
        _require_check_digit(ai, matched[1])
    return value


def is_known(ai: str) -> bool:
    """Whether this is an application identifier."""
    return ai in _formats()


def _require_check_digit(ai: str, digits: str) -> None:
    try:
        require_check_digit(digits)
    except InvalidCheckDigit as error:
        raise InvalidCheckDigit(f"AI {ai}: {error}") from error


@functools.cache
def _formats() -> dict[str, tuple[str, re.Pattern[str]]]:
    formats: dict[str, tuple[str, re.Pattern[str]]] = {}
    for line in _FORMATS.strip().splitlines():
        notation, *ranges = line.split()
        pattern = re.compile("".join(_pattern(*part) for part in _PART.findall(notation)))
        for entry in ranges:
            formats |= dict.fromkeys(_expand(entry), (notation, pattern))
    return formats


def _pattern(opened: str, kind: str, up_to: str, size: str, checked: str, _closed: str) -> str:
    text = f"{_CLASSES[kind]}{{{'1,' if up_to else ''}{size}}}"
    if checked:
        return f"({text})"
    return f"(?:{text})?" if opened else text


def _expand(entry: str) -> Iterator[str]:
    first, _, last = entry.partition("-")
    yield first
    for number in range(int(first) + 1, int(last or first) + 1):
        yield str(number)
