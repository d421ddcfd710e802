"""GTIN: the global trade item number, always handled as 14 digits.

GS1 General Specifications 2.1 and 3.3.2 (AI 01).
"""

from dataclasses import dataclass

from app.codes.check_digit import check_digit, require_check_digit, require_digits
from app.codes.company_prefix import require_company_prefix, require_prefix_length
from app.codes.serial_text import check_serial

LENGTH = 14
LENGTHS = (8, 12, 13, 14)
BODY_LENGTH = 12
GTIN8_ZEROS = "00000"


def normalise(value: str) -> str:
    """A GTIN-8, -12, -13 or -14 as 14 digits, zeros put before it.

    Raises NotDigits and InvalidCheckDigit.

    >>> normalise("6291041500213")
    '06291041500213'
    """
    return require_check_digit(require_digits(value, *LENGTHS)).zfill(LENGTH)


@dataclass(frozen=True)
class Gtin:
    """One trade item class; `value` is all 14 digits."""

    value: str

    @classmethod
    def parse(cls, value: str) -> "Gtin":
        """The GTIN that these 8, 12, 13 or 14 digits are.

        Raises NotDigits and InvalidCheckDigit.

        >>> Gtin.parse("96385074")
        Gtin(value='00000096385074')
        """
        return cls(normalise(value))

    @classmethod
    def build(cls, indicator: int, company_prefix: str, item_reference: str) -> "Gtin":
        """The GTIN of an item reference; prefix and reference have 12 digits together.

        Raises NotDigits and InvalidCompanyPrefix.

        >>> Gtin.build(8, "0614141", "12345").value
        '80614141123458'
        """
        require_company_prefix(company_prefix)
        require_digits(item_reference, BODY_LENGTH - len(company_prefix))
        payload = require_digits(str(indicator), 1) + company_prefix + item_reference
        return cls(payload + check_digit(payload))

    @property
    def indicator(self) -> str:
        """0 for a single item, 1 to 8 for a grouping, 9 for variable measure."""
        return self.value[0]

    @property
    def check_digit(self) -> str:
        return self.value[-1]

    @property
    def is_gtin8(self) -> bool:
        """Whether this is a GTIN-8, or a grouping of one: no company prefix begins like that.

        >>> Gtin.parse("96385074").is_gtin8, Gtin.parse("614141123452").is_gtin8
        (True, False)
        """
        return self.value.startswith(GTIN8_ZEROS, 1)

    def split(self, prefix_length: int) -> tuple[str, str]:
        """Company prefix and item reference. Raises InvalidCompanyPrefix.

        >>> Gtin.parse("80614141123458").split(7)
        ('0614141', '12345')
        """
        end = 1 + require_prefix_length(prefix_length)
        return self.value[1:end], self.value[end:-1]


@dataclass(frozen=True)
class Sgtin:
    """One trade item: a GTIN and the serial that tells it from the others of its class."""

    gtin: Gtin
    serial: str

    @classmethod
    def parse(cls, gtin: str, serial: str) -> "Sgtin":
        """The item of this GTIN (AI 01) and serial (AI 21).

        Raises NotDigits, InvalidCheckDigit and InvalidSerial.

        >>> Sgtin.parse("614141123452", "32a/b")
        Sgtin(gtin=Gtin(value='00614141123452'), serial='32a/b')
        """
        return cls(Gtin.parse(gtin), check_serial(serial))
