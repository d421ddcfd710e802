"""SSCC: the serial shipping container code, 18 digits.

GS1 General Specifications 3.3.1 (AI 00) and 4.3: extension digit, company prefix, serial reference
and check digit; prefix and reference have 16 digits together.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.codes.check_digit import check_digit, require_check_digit, require_digits
from app.codes.company_prefix import require_company_prefix, require_prefix_length
from app.codes.errors import CodeError
from app.codes.spelling import spell

LENGTH = 18
BODY_LENGTH = 16
DIGITS = "0123456789"


class SsccRangeExhausted(CodeError):
    """The serial references asked for do not all fit behind the company prefix."""


@dataclass(frozen=True)
class Sscc:
    """One SSCC; `value` is all 18 digits."""

    value: str

    @classmethod
    def parse(cls, value: str) -> "Sscc":
        """The SSCC that these 18 digits are.

        Raises NotDigits and InvalidCheckDigit.

        >>> Sscc.parse("376104250021234569").extension_digit
        '3'
        """
        return cls(require_check_digit(require_digits(value, LENGTH)))

    @classmethod
    def build(cls, extension_digit: int, company_prefix: str, serial_reference: int) -> "Sscc":
        """The SSCC of a serial reference, which is padded with zeros.

        Raises NotDigits, InvalidCompanyPrefix and SsccRangeExhausted.

        >>> Sscc.build(3, "0614141", 234567890).value
        '306141412345678902'
        """
        _require_range(company_prefix, serial_reference, 1)
        width = BODY_LENGTH - len(company_prefix)
        payload = f"{_extension(extension_digit)}{company_prefix}{serial_reference:0{width}d}"
        return cls(payload + check_digit(payload))

    @property
    def extension_digit(self) -> str:
        return self.value[0]

    @property
    def check_digit(self) -> str:
        return self.value[-1]

    def split(self, prefix_length: int) -> tuple[str, str]:
        """Company prefix and serial reference; the length is not to be seen in the number.

        Raises InvalidCompanyPrefix.

        >>> Sscc.parse("157035381410375177").split(7)
        ('5703538', '141037517')
        """
        end = 1 + require_prefix_length(prefix_length)
        return self.value[1:end], self.value[end:-1]


def sscc_capacity(company_prefix: str) -> int:
    """How many serial references one extension digit has. Raises InvalidCompanyPrefix.

    >>> sscc_capacity("0614141")
    1000000000
    """
    return int(10 ** (BODY_LENGTH - len(require_company_prefix(company_prefix))))


def sscc_rows(
    extension_digit: int, company_prefix: str, first: int, quantity: int
) -> NDArray[np.uint8]:
    """SSCCs of the serial references `first` to `first + quantity - 1`, 18 ASCII digits a row.

    Raises NotDigits, InvalidCompanyPrefix and SsccRangeExhausted.

    >>> sscc_rows(0, "0614141", 0, 2).tobytes()
    b'006141410000000005006141410000000012'
    """
    _require_range(company_prefix, first, quantity)
    width = BODY_LENGTH - len(company_prefix)
    constant = f"{_extension(extension_digit)}{company_prefix}"
    references = np.arange(first, first + quantity, dtype=np.uint64)
    rows = np.empty((quantity, LENGTH), np.uint8)
    rows[:, : len(constant)] = np.frombuffer(constant.encode("ascii"), np.uint8)
    rows[:, len(constant) : -1] = spell(references, DIGITS, width)
    rows[:, -1] = _check_symbols(rows[:, :-1])
    return rows


def _check_symbols(payloads: NDArray[np.uint8]) -> NDArray[np.uint8]:
    # The weighted sum is at most 9 * (9 * 3 + 8) = 315, too much for a byte.
    digits = payloads - np.uint8(ord("0"))
    total = 3 * digits[:, ::2].sum(axis=1, dtype=np.uint16)
    total += digits[:, 1::2].sum(axis=1, dtype=np.uint16)
    symbols: NDArray[np.uint8] = ((10 - total % 10) % 10 + ord("0")).astype(np.uint8)
    return symbols


def _extension(digit: int) -> str:
    return require_digits(str(digit), 1)


def _require_range(company_prefix: str, first: int, quantity: int) -> None:
    size = sscc_capacity(company_prefix)
    if first < 0 or quantity < 0 or first + quantity > size:
        raise SsccRangeExhausted(
            f"Expected serial references from 0 to {size - 1} after company prefix "
            f"{company_prefix}, got {first} to {first + quantity - 1}."
        )
