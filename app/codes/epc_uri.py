"""EPC URIs: the pure identity of one item, and the tag URI that adds a binary scheme and a filter.

GS1 EPC Tag Data Standard (TDS) 6 and 12. The company prefix stands apart in them, so its length
must be known; it can't be read from the number.
"""

import re
from dataclasses import dataclass
from urllib.parse import unquote

from app.codes.check_digit import check_digit, require_digits
from app.codes.company_prefix import (
    SHORTEST_EPC_PREFIX,
    require_prefix_length,
    require_unrestricted,
)
from app.codes.errors import CodeError
from app.codes.grai import Grai
from app.codes.gtin import Gtin, Sgtin
from app.codes.serial_text import LONGEST_GRAI_SERIAL, check_serial
from app.codes.sscc import Sscc

EpcKey = Sgtin | Sscc | Grai

# TDS 6.3.1 and Table I.3.1-1: only these of character set 82 are escaped, unlike in a web URI.
ESCAPES = str.maketrans({symbol: f"%{ord(symbol):02X}" for symbol in '"%&/<>?'})
SERIAL_IN_URI = re.compile(r"(?:[!'()*+,\-.0-9:;=A-Z_a-z]|%[0-9A-Fa-f]{2})+")
BODY_DIGITS = {"sgtin": 13, "sscc": 17, "grai": 12}
TAG_SCHEMES = ("sgtin-96", "sgtin-198", "sscc-96", "grai-96", "grai-170")
LARGEST_FILTER = 7
GTIN8_PREFIX_LENGTH = 8


class InvalidEpc(CodeError):
    """A text that is no EPC, or a key that has none."""


@dataclass(frozen=True)
class Epc:
    """A key of one single item, and how many digits its company prefix has (6 to 12).

    Of a GTIN-8 they are 8, whatever is said. Raises InvalidEpc for a GRAI without a serial, which
    is a class; InvalidCompanyPrefix; RestrictedPrefix.

    >>> Epc(Sgtin.parse("96385074", "1"), 7).pure_identity()
    'urn:epc:id:sgtin:00000963.08507.1'
    """

    key: EpcKey
    prefix_length: int

    def __post_init__(self) -> None:
        length = prefix_length_of(self.key, self.prefix_length) or 0
        object.__setattr__(self, "prefix_length", length)
        require_prefix_length(length, SHORTEST_EPC_PREFIX)
        require_unrestricted(digits_of(self.key)[1:])
        if isinstance(self.key, Grai) and not self.key.serial:
            raise InvalidEpc("Expected a GRAI with a serial, got an asset class.")

    @property
    def scheme(self) -> str:
        """`sgtin`, `sscc` or `grai`."""
        return type(self.key).__name__.lower()

    @property
    def company_prefix(self) -> str:
        return digits_of(self.key)[1 : 1 + self.prefix_length]

    @property
    def reference(self) -> str:
        """What follows the company prefix: the digit before it moved here, no check digit."""
        digits = digits_of(self.key)
        moved = "" if isinstance(self.key, Grai) else digits[0]
        return moved + digits[1 + self.prefix_length : -1]

    @property
    def serial(self) -> str | None:
        """The serial as it is, not escaped; an SSCC has none apart from its reference."""
        return None if isinstance(self.key, Sscc) else self.key.serial

    def body(self) -> str:
        """What both kinds of URI end with."""
        parts = [self.company_prefix, self.reference]
        if self.serial is not None:
            parts.append(self.serial.translate(ESCAPES))
        return ".".join(parts)

    def pure_identity(self) -> str:
        """The pure identity URI. TDS 6.3.

        >>> Epc(Sgtin.parse("70614141123451", "32a/b"), 7).pure_identity()
        'urn:epc:id:sgtin:0614141.712345.32a%2Fb'
        """
        return f"urn:epc:id:{self.scheme}:{self.body()}"

    @classmethod
    def parse(cls, uri: str) -> "Epc":
        """The key and prefix length of a pure identity URI.

        Raises InvalidEpc and the refusals of the key's parts.

        >>> Epc.parse("urn:epc:id:sscc:0614141.1234567890").key
        Sscc(value='106141412345678908')
        """
        match uri.split(":", 4):
            case ["urn", "epc", "id", scheme, body] if scheme in BODY_DIGITS:
                return cls.of_body(scheme, body)
        raise InvalidEpc(f"Expected urn:epc:id: and sgtin, sscc or grai, got {uri!r}.")

    @classmethod
    def of_body(cls, scheme: str, body: str) -> "Epc":
        """The key and prefix length of what follows the scheme in an EPC URI."""
        parts = body.split(".", 1 if scheme == "sscc" else 2)
        if len(parts) != (2 if scheme == "sscc" else 3):
            raise InvalidEpc(f"Expected prefix, reference and serial by dots, got {body!r}.")
        serial = None if scheme == "sscc" else _unescape(parts[2])
        return cls.of_parts(scheme, parts[0], parts[1], serial)

    @classmethod
    def of_parts(cls, scheme: str, prefix: str, reference: str, serial: str | None) -> "Epc":
        """The key that has these parts, its check digit computed."""
        length = require_prefix_length(len(prefix), SHORTEST_EPC_PREFIX)
        require_digits(prefix, length)
        require_digits(reference, BODY_DIGITS[scheme] - length)
        if scheme == "grai":
            longest = LONGEST_GRAI_SERIAL
            return cls(
                Grai(_checked("0" + prefix + reference), check_serial(serial or "", longest)),
                length,
            )
        digits = _checked(reference[0] + prefix + reference[1:])
        if scheme == "sscc":
            return cls(Sscc(digits), length)
        return cls(Sgtin(Gtin(digits), check_serial(serial or "")), length)


@dataclass(frozen=True)
class TagUri:
    """An EPC as it is on a tag: with the name of its binary scheme and a filter from 0 to 7."""

    epc: Epc
    scheme: str
    filter: int

    def __post_init__(self) -> None:
        if not 0 <= self.filter <= LARGEST_FILTER:
            raise InvalidEpc(f"Expected a filter from 0 to {LARGEST_FILTER}, got {self.filter}.")
        if self.scheme not in TAG_SCHEMES or self.scheme.partition("-")[0] != self.epc.scheme:
            raise InvalidEpc(f"Expected a tag scheme of {self.epc.scheme}, got {self.scheme!r}.")

    def __str__(self) -> str:
        """The tag URI. TDS 12.

        >>> str(TagUri.parse("urn:epc:tag:sgtin-96:3.0614141.812345.6789"))
        'urn:epc:tag:sgtin-96:3.0614141.812345.6789'
        """
        return f"urn:epc:tag:{self.scheme}:{self.filter}.{self.epc.body()}"

    @classmethod
    def parse(cls, uri: str) -> "TagUri":
        """The EPC, scheme and filter of a tag URI.

        Raises InvalidEpc and the refusals of the key's parts. Whether the serial fits the scheme is
        for `epc_binary.encode` to say.
        """
        match uri.split(":", 4):
            case ["urn", "epc", "tag", scheme, body] if scheme in TAG_SCHEMES:
                filter_digit, _, rest = body.partition(".")
                number = int(require_digits(filter_digit, 1))
                return cls(Epc.of_body(scheme.partition("-")[0], rest), scheme, number)
        raise InvalidEpc(f"Expected urn:epc:tag: and one of {', '.join(TAG_SCHEMES)}, got {uri!r}.")


def prefix_length_of(key: EpcKey, length: int | None) -> int | None:
    """Digits of the company prefix in the EPC of a key whose company prefix has `length` digits.

    A GTIN-8 has none of its own: five zeros and its first three digits stand for it, also in a
    GTIN-14 that groups it. GS1 EPC Tag Data Standard 2.3, 7.3.2 (7.1.2 up to 1.13).

    >>> prefix_length_of(Sgtin.parse("96385074", "1"), None)
    8
    """
    return GTIN8_PREFIX_LENGTH if isinstance(key, Sgtin) and key.gtin.is_gtin8 else length


def digits_of(key: EpcKey) -> str:
    """The digits of a key: one, the company prefix, the rest and the check digit; no serial.

    >>> digits_of(Grai.parse("00614141123452400"))
    '00614141123452'
    """
    match key:
        case Sgtin(gtin):
            return gtin.value
        case Grai(asset_type):
            return asset_type
        case Sscc(value):
            return value


def _unescape(text: str) -> str:
    if not SERIAL_IN_URI.fullmatch(text):
        raise InvalidEpc(f"Expected a serial escaped for an EPC URI, got {text!r}.")
    return unquote(text, errors="strict", encoding="latin-1")


def _checked(payload: str) -> str:
    return payload + check_digit(payload)
