"""The GS1 company prefix inside a key, and the digits that remain after it."""

from app.codes.check_digit import NotDigits, require_digits
from app.codes.errors import CodeError

# GS1 issues prefixes of 4 and 5 digits too, but no EPC partition table has them (TDS 14.2).
SHORTEST_PREFIX = 4
SHORTEST_EPC_PREFIX = 6
LONGEST_PREFIX = 12


class InvalidCompanyPrefix(CodeError):
    """The company prefix has a length that does not occur, or is not digits."""


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
