"""The named character sets of serials, and how long a serial must be to have room.

Every alphabet is in ASCII order, so that numbers and the strings that spell them sort alike. Of one
set not every row of symbols is a serial: RFID_NUMERIC.
"""

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

from app.codes.errors import CodeError

DIGITS = "0123456789"
UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
LOWER = "abcdefghijklmnopqrstuvwxyz"
LOOK_ALIKES = frozenset("ijlouvzIJLOZ")

# Stands for itself where an alphabet is asked for: digits, but not every row of them is a serial.
# Numbers without a leading zero below 2^38 are what the 96 bits of a tag have room for (GS1 EPC Tag
# Data Standard 2.3, 14.6.1 and 14.6.4: SGTIN-96, GRAI-96).
RFID_NUMERIC = "rfid_numeric"
RFID_LIMIT = 1 << 38
LONGEST_RFID = len(str(RFID_LIMIT - 1))

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
        RFID_NUMERIC: RFID_NUMERIC,
    }
)


class UnknownCharacterSet(CodeError):
    """The name is not one of CHARACTER_SETS."""


class InvalidFill(CodeError):
    """A share of a code space is above 0 and at most 1."""


def alphabet_named(name: str) -> str:
    """The alphabet of a character set, or RFID_NUMERIC itself. Raises UnknownCharacterSet.

    >>> alphabet_named("hex")
    '0123456789ABCDEF'
    """
    if name not in CHARACTER_SETS:
        raise UnknownCharacterSet(f"Expected one of {', '.join(CHARACTER_SETS)}, got {name!r}.")
    return CHARACTER_SETS[name]


def rfid_numbers(length: int) -> range:
    """The numbers of `length` digits that 96 bits have room for.

    >>> rfid_numbers(6), rfid_numbers(12), len(rfid_numbers(13))
    (range(100000, 1000000), range(100000000000, 274877906944), 0)
    """
    return range(10 ** (length - 1), max(min(10**length, RFID_LIMIT), 10 ** (length - 1)))


def space_size(alphabet: str, length: int) -> int:
    """How many serials of `length` symbols there are.

    >>> space_size("0123456789", 6), space_size(RFID_NUMERIC, 6)
    (1000000, 900000)
    """
    if alphabet == RFID_NUMERIC:
        return len(rfid_numbers(length))
    return int(len(alphabet) ** length)


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
    return space_size(alphabet, length) * numerator // denominator


def smallest_length(alphabet: str, quantity: int, fill: float, minimum: int = 6) -> int:
    """The least length, `minimum` or more, at which `quantity` serials stay within `fill`.

    Raises InvalidFill, and UnknownCharacterSet for an alphabet without such a length: one of fewer
    than two symbols, or RFID_NUMERIC.

    >>> smallest_length("0123456789", 500_001, 0.5)
    7
    """
    if len(alphabet) < 2:  # noqa: PLR2004 - longer serials of one symbol are not more serials
        raise UnknownCharacterSet(f"Expected two symbols or more, got {len(alphabet)}.")
    length = minimum
    while capacity(alphabet, length, fill) < quantity:
        if alphabet == RFID_NUMERIC and length >= LONGEST_RFID:
            raise UnknownCharacterSet(
                f"Expected at most {capacity(alphabet, length, fill)} serials for 96 bits, "
                f"got {quantity}: choose another character set."
            )
        length += 1
    return length
