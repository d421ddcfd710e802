"""The GS1 company prefix inside a key, and the digits that remain after it."""

import re

from app.codes.check_digit import NotDigits, require_digits
from app.codes.errors import CodeError

# GS1 issues prefixes of 4 and 5 digits too, but no EPC partition table has them (TDS 14.2).
SHORTEST_PREFIX = 4
SHORTEST_EPC_PREFIX = 6
LONGEST_PREFIX = 12

# GS1 EPC Tag Data Standard 2.3 (the clause was 7.1 up to 1.13), by sub-clause:
# 7.3.3 codes of 8 digits for use within a company: GS1-8 prefixes 0 and 2, behind five zeros;
# 7.3.4 use within a company; 7.3.5 restricted circulation; 7.3.8.2 ISSN; 7.3.7 refund receipts;
# 7.3.6 coupons. Nobody has such a company prefix (GS1 General Specifications 1.4.2), so it is the
# same for SSCC and GRAI. `gs1_is_restricted` of functions.sql is this list in SQL.
_RESTRICTED = re.compile(r"00000[02]|000[1-7]|0[24]|2|977|98[0-4]|99")


class InvalidCompanyPrefix(CodeError):
    """The company prefix has a length that does not occur, or is not digits."""


class RestrictedPrefix(CodeError):
    """The key is not unique in the world, or names no thing: it has no EPC."""


def is_restricted(digits: str) -> bool:
    """Whether no EPC may be made of a key whose digits from the company prefix on are these.

    >>> is_restricted("2012345"), is_restricted("9312345")
    (True, False)
    """
    return _RESTRICTED.match(digits) is not None


def require_unrestricted(digits: str) -> str:
    """`digits` itself, from the company prefix on, when they may be in an EPC.

    Raises RestrictedPrefix.

    >>> require_unrestricted("9312345055192")
    '9312345055192'
    """
    if is_restricted(digits):
        raise RestrictedPrefix(
            f"Expected a company prefix of GS1, got {digits[:6]}...: numbers for restricted "
            "circulation, coupons, receipts and serial publications have no EPC."
        )
    return digits


def require_company_prefix(value: str) -> str:
    """`value` itself, when it is 4 to 12 digits. GS1 General Specifications 1.4.4.

    Raises InvalidCompanyPrefix.

    >>> require_company_prefix("0614141")
    '0614141'
    """
    try:
        return require_digits(value, *range(SHORTEST_PREFIX, LONGEST_PREFIX + 1))
    except NotDigits as error:
        raise InvalidCompanyPrefix(
            f"Expected a company prefix of {SHORTEST_PREFIX} to {LONGEST_PREFIX} digits, "
            f"got {value!r}."
        ) from error


def require_prefix_length(length: int, shortest: int = SHORTEST_PREFIX) -> int:
    """`length` itself, when a company prefix can be that long. Raises InvalidCompanyPrefix."""
    if not shortest <= length <= LONGEST_PREFIX:
        raise InvalidCompanyPrefix(
            f"Expected a company prefix of {shortest} to {LONGEST_PREFIX} digits, got {length}."
        )
    return length
