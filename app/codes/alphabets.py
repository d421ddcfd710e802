"""The named character sets of serials, and how long a serial must be to have room.

Every alphabet is in ASCII order, so that numbers and the strings that spell them sort alike.
"""

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

from app.codes.errors import CodeError

DIGITS = "0123456789"
UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
LOWER = "abcdefghijklmnopqrstuvwxyz"
LOOK_ALIKES = frozenset("ijlouvzIJLOZ")

CHARACTER_SETS: Mapping[str, str] = MappingProxyType(
    {
        "alphanumeric": DIGITS + UPPER + LOWER,
        "alphanumeric_upper": DIGITS + UPPER,
        "alphanumeric_lower": DIGITS + LOWER,
        "numeric": DIGITS,
        "alpha": UPPER + LOWER,
        "alpha_upper": UPPER,
        "alpha_lower": LOWER,
        "hex": DIGITS + "ABCDEF",
        "unambiguous": "".join(
            symbol for symbol in DIGITS + UPPER + LOWER if symbol not in LOOK_ALIKES
        ),
    }
)


class UnknownCharacterSet(CodeError):
    """The name is not one of CHARACTER_SETS."""


class InvalidFill(CodeError):
    """A share of a code space is above 0 and at most 1."""


def alphabet_named(name: str) -> str:
    """The alphabet of a character set.

    Raises UnknownCharacterSet.

    >>> alphabet_named("hex")
    '0123456789ABCDEF'
    """
    if name not in CHARACTER_SETS:
        raise UnknownCharacterSet(f"Expected one of {', '.join(CHARACTER_SETS)}, got {name!r}.")
    return CHARACTER_SETS[name]


def capacity(alphabet: str, length: int, fill: float) -> int:
    """How many serials of `length` symbols may be issued when a share `fill` of them is allowed.

    Raises InvalidFill.

    >>> capacity("0123456789", 6, 0.5)
    500000
    """
    if not 0 < fill <= 1:
        raise InvalidFill(f"Expected a fill above 0 and at most 1, got {fill}.")
    # Decimal(str()) is the number a person wrote: 0.0001, not the binary fraction next to it.
    numerator, denominator = Decimal(str(fill)).as_integer_ratio()
    return int(len(alphabet) ** length * numerator // denominator)


def smallest_length(alphabet: str, quantity: int, fill: float, minimum: int = 6) -> int:
    """The least length, `minimum` or more, at which `quantity` serials stay within `fill`.

    Raises InvalidFill, and UnknownCharacterSet for an alphabet of fewer than two symbols.

    >>> smallest_length("0123456789", 500_001, 0.5)
    7
    """
    if len(alphabet) < 2:  # noqa: PLR2004 - longer serials of one symbol are not more serials
        raise UnknownCharacterSet(f"Expected two symbols or more, got {len(alphabet)}.")
    length = minimum
    while capacity(alphabet, length, fill) < quantity:
        length += 1
    return length
