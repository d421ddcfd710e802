"""The check digit of GS1 keys.

GS1 General Specifications 7.9.1.
"""

from app.codes.errors import CodeError


class NotDigits(CodeError):
    """A string that must be decimal digits, of some length, is not."""


class InvalidCheckDigit(CodeError):
    """The last digit does not follow from the others."""


def check_digit(payload: str) -> str:
    """The GS1 modulo-10 check digit of `payload`, weights 3, 1, 3, ... from the right.

    Works for GTIN-8 to GTIN-14, SSCC, GLN and GRAI. GS1 General Specifications 7.9.1.
    Raises NotDigits.

    >>> check_digit("629104150021")
    '3'
    """
    require_digits(payload, len(payload) or 1)
    digits = [int(digit) for digit in reversed(payload)]
    return str(-(3 * sum(digits[::2]) + sum(digits[1::2])) % 10)


def require_check_digit(value: str) -> str:
    """`value` itself, when its last digit is the check digit of the rest.

    Raises NotDigits and InvalidCheckDigit.

    >>> require_check_digit("6291041500213")
    '6291041500213'
    """
    require_digits(value, max(len(value), 2))
    expected = check_digit(value[:-1])
    if value[-1] != expected:
        raise InvalidCheckDigit(f"Expected check digit {expected} in {value}, got {value[-1]}.")
    return value


def require_digits(value: str, *lengths: int) -> str:
    """`value` itself, when it is ASCII digits of one of these lengths. Raises NotDigits."""
    if len(value) not in lengths:
        wanted = " or ".join(str(length) for length in lengths)
        raise NotDigits(f"Expected {wanted} digits, got {len(value)}.")
    # str.isdecimal alone would let in the digits of other scripts.
    if value and not (value.isascii() and value.isdecimal()):
        raise NotDigits(f"Expected digits only, got {value!r}.")
    return value
