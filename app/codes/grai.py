"""GRAI: the global returnable asset identifier.

GS1 General Specifications 2.3.1 and 3.9.2 (AI 8003): a filler zero, company prefix and asset type
(12 digits together), check digit, and for one single asset a serial of up to 16 characters.
"""

from dataclasses import dataclass

from app.codes.check_digit import NotDigits, check_digit, require_check_digit, require_digits
from app.codes.company_prefix import require_company_prefix, require_prefix_length
from app.codes.serial_text import LONGEST_GRAI_SERIAL, check_serial

ASSET_LENGTH = 14
BODY_LENGTH = 12


@dataclass(frozen=True)
class Grai:
    """One returnable asset, or with an empty serial a class of them.

    `asset_type` is the filler zero and the 13 digits behind it.
    """

    asset_type: str
    serial: str = ""

    @classmethod
    def parse(cls, value: str) -> "Grai":
        """The GRAI of a value of AI 8003: 14 digits, the first of them 0, then the serial if any.

        Raises NotDigits, InvalidCheckDigit and InvalidSerial.

        >>> Grai.parse("0061414112345232a/b")
        Grai(asset_type='00614141123452', serial='32a/b')
        """
        asset_type, serial = value[:ASSET_LENGTH], value[ASSET_LENGTH:]
        if not asset_type.startswith("0"):
            raise NotDigits(f"Expected a GRAI that starts with 0, got {value!r}.")
        require_check_digit(require_digits(asset_type, ASSET_LENGTH))
        return cls(asset_type, check_serial(serial, LONGEST_GRAI_SERIAL) if serial else "")

    @classmethod
    def build(cls, company_prefix: str, asset_type: str, serial: str = "") -> "Grai":
        """The GRAI of an asset type, which is empty behind a company prefix of 12 digits.

        Raises NotDigits, InvalidCompanyPrefix and InvalidSerial.

        >>> Grai.build("0614141", "12345", "400").value
        '00614141123452400'
        """
        require_company_prefix(company_prefix)
        require_digits(asset_type, BODY_LENGTH - len(company_prefix))
        payload = "0" + company_prefix + asset_type
        return cls.parse(payload + check_digit(payload) + serial)

    @property
    def value(self) -> str:
        """The value of AI 8003."""
        return self.asset_type + self.serial

    @property
    def check_digit(self) -> str:
        return self.asset_type[-1]

    def split(self, prefix_length: int) -> tuple[str, str]:
        """Company prefix and asset type. Raises InvalidCompanyPrefix.

        >>> Grai.parse("00614141123452400").split(7)
        ('0614141', '12345')
        """
        end = 1 + require_prefix_length(prefix_length)
        return self.asset_type[1:end], self.asset_type[end:-1]
