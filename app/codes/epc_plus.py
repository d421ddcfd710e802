"""EPC '+' binary: a GS1 key on an RFID tag as it is printed, without a company prefix length.

GS1 EPC Tag Data Standard 2.3, 14.5 and 14.6: header, data toggle, filter, for DSGTIN+ a date, the
key as four-bit digits, and a serial in whichever of several encodings is shortest (`plus_serial`).
"""

import calendar
from dataclasses import dataclass
from types import MappingProxyType

from app.codes import digital_link
from app.codes.bits import BitReader, BitWriter
from app.codes.check_digit import require_digits
from app.codes.company_prefix import require_unrestricted
from app.codes.epc_uri import LARGEST_FILTER, EpcKey, InvalidEpc, digits_of
from app.codes.grai import ASSET_LENGTH, Grai
from app.codes.gtin import LENGTH as GTIN_LENGTH
from app.codes.gtin import Sgtin
from app.codes.plus_serial import put_serial, take_serial
from app.codes.sscc import LENGTH as SSCC_LENGTH
from app.codes.sscc import Sscc

HEADERS = {"sgtin+": 0xF7, "dsgtin+": 0xFB, "sscc+": 0xF9, "grai+": 0xF1}
SCHEMES = {header: name for name, header in HEADERS.items()}
KEY_DIGITS = {
    "sgtin+": GTIN_LENGTH,
    "dsgtin+": GTIN_LENGTH,
    "sscc+": SSCC_LENGTH,
    "grai+": ASSET_LENGTH,
}
LARGEST_DIGIT = 9

EXPIRY = "17"
# The dates a DSGTIN+ can have by their application identifiers: production, packaging, best before,
# sell by, expiration, first freeze and harvest. TDS 14.5.3.
DATE_KINDS = MappingProxyType({"11": 0, "13": 1, "15": 2, "16": 3, EXPIRY: 4, "7006": 5, "7007": 6})
DATE_AIS = MappingProxyType({kind: ai for ai, kind in DATE_KINDS.items()})
# Year, month and day.
DATE_BITS = (7, 4, 5)
LONGEST_MONTHS = 2000
"""A leap year: of a year of two digits nobody knows the century."""


@dataclass(frozen=True)
class EpcPlus:
    """A key as it is on a tag: a `date` (YYMMDD) makes an SGTIN a DSGTIN+.

    `date_ai` is the application identifier of the date; day 00 means the month. `has_data` says
    that further GS1 data follows the EPC on the tag. Raises InvalidEpc and RestrictedPrefix.
    """

    key: EpcKey
    filter: int = 0
    date: str = ""
    date_ai: str = EXPIRY
    has_data: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.filter <= LARGEST_FILTER:
            raise InvalidEpc(f"Expected a filter from 0 to {LARGEST_FILTER}, got {self.filter}.")
        if self.date and not isinstance(self.key, Sgtin):
            raise InvalidEpc(f"Expected a date only with an SGTIN, got {self.date!r}.")
        if self.date_ai not in DATE_KINDS:
            raise InvalidEpc(f"Expected a date of AI {', '.join(DATE_KINDS)}, got {self.date_ai}.")
        if self.date:
            _require_date(self.date)
        if isinstance(self.key, Grai) and not self.key.serial:
            raise InvalidEpc("Expected a GRAI with a serial, got an asset class.")
        require_unrestricted(digits_of(self.key)[1:])

    @property
    def scheme(self) -> str:
        """`sgtin+`, `dsgtin+`, `sscc+` or `grai+`."""
        return f"{'d' if self.date else ''}{type(self.key).__name__.lower()}+"

    def digital_link(self, root: str = digital_link.CANONICAL_ROOT) -> str:
        """The Digital Link that says the same, but for the filter."""
        match self.key:
            case Sgtin(gtin, serial):
                values = {"01": gtin.value, "21": serial}
            case Sscc(value):
                values = {"00": value}
            case Grai():
                values = {"8003": self.key.value}
        return digital_link.build(values | ({self.date_ai: self.date} if self.date else {}), root)


def encode(epc: EpcPlus) -> str:
    """The hexadecimal form, filled to a whole digit.

    >>> encode(EpcPlus(Sgtin.parse("79521141123453", "32a/b"), 3))
    'F73795211411234538566CB0AFC4'
    """
    bits = BitWriter()
    bits.put(HEADERS[epc.scheme], 8)
    bits.put(int(epc.has_data), 1)
    bits.put(epc.filter, 3)
    if epc.date:
        bits.put(DATE_KINDS[epc.date_ai], 4)
        for start, width in zip((0, 2, 4), DATE_BITS, strict=True):
            bits.put(int(epc.date[start : start + 2]), width)
    for digit in digits_of(epc.key):
        bits.put(int(digit), 4)
    if not isinstance(epc.key, Sscc):
        put_serial(bits, epc.key.serial)
    return bits.hex(multiple=4)


def decode(text: str) -> EpcPlus:
    """What a hexadecimal form says; what follows the EPC itself on the tag is not looked at.

    Raises InvalidEpc, InvalidBits and the refusals of the key's parts.

    >>> epc = decode("FB00379F0931234555192705181C8")
    >>> epc.date_ai, epc.date, epc.key.serial
    ('11', '271231', '12345')
    """
    bits = BitReader(text)
    scheme = SCHEMES.get(bits.take(8))
    if scheme is None:
        known = ", ".join(f"{header:X}" for header in SCHEMES)
        raise InvalidEpc(f"Expected an EPC header of {known}, got {text[:2]!r}.")
    has_data, filter_value = bool(bits.take(1)), bits.take(3)
    date_ai, date = _take_date(bits) if scheme == "dsgtin+" else (EXPIRY, "")
    digits = "".join(_take_digit(bits) for _ in range(KEY_DIGITS[scheme]))
    if scheme == "sscc+":
        return EpcPlus(Sscc.parse(digits), filter_value, has_data=has_data)
    serial = take_serial(bits)
    if scheme == "grai+":
        return EpcPlus(Grai.parse(digits + serial), filter_value, has_data=has_data)
    return EpcPlus(Sgtin.parse(digits, serial), filter_value, date, date_ai, has_data)


def is_plus(text: str) -> bool:
    """Whether a hexadecimal text starts with the header of a '+' scheme."""
    return text[:2].upper() in {f"{header:X}" for header in SCHEMES}


def _take_digit(bits: BitReader) -> str:
    digit = bits.take(4)
    if digit > LARGEST_DIGIT:
        raise InvalidEpc(f"Expected a decimal digit in four bits, got {digit:X}.")
    return str(digit)


def _take_date(bits: BitReader) -> tuple[str, str]:
    """Application identifier and YYMMDD."""
    kind = bits.take(4)
    if kind not in DATE_AIS:
        raise InvalidEpc(f"Expected a date of kind 0 to {max(DATE_AIS)}, got kind {kind}.")
    return DATE_AIS[kind], "".join(f"{bits.take(width):02d}" for width in DATE_BITS)


def _require_date(date: str) -> None:
    require_digits(date, 6)
    month, day = int(date[2:4]), int(date[4:])
    if month not in range(1, 13) or day > calendar.monthrange(LONGEST_MONTHS, month)[1]:
        raise InvalidEpc(f"Expected a date as YYMMDD, got {date!r}.")
