"""EPC '+' binary: a GS1 key on an RFID tag as it is printed, without a company prefix length.

GS1 EPC Tag Data Standard 2.x, 14.5 and 14.6: header, data toggle, filter, for DSGTIN+ a date, the
key as four-bit digits, and a serial in whichever of several encodings is shortest.
"""

import string
from dataclasses import dataclass

from app.codes import digital_link
from app.codes.bits import BitReader, BitWriter
from app.codes.check_digit import require_digits
from app.codes.epc_uri import LARGEST_FILTER, EpcKey, InvalidEpc
from app.codes.grai import ASSET_LENGTH, Grai
from app.codes.gtin import LENGTH as GTIN_LENGTH
from app.codes.gtin import Sgtin
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

# The date of a DSGTIN+: its kind (AI 17, expiry), then year, month and day. TDS 14.5.8.
EXPIRY = 4
DATE_BITS = (7, 4, 5)

# TDS table E. Method 0 is an integer; the others are symbols of one width, in this order.
INTEGER = 0
SYMBOLS = {
    1: string.digits + "ABCDEF",
    2: string.digits + "abcdef",
    3: string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_",
    4: "".join(map(chr, range(128))),
}


@dataclass(frozen=True)
class EpcPlus:
    """A key as it is on a tag: `expiry` (YYMMDD) makes an SGTIN a DSGTIN+.

    `has_data` says that further GS1 data follows the EPC on the tag. Raises InvalidEpc.
    """

    key: EpcKey
    filter: int = 0
    expiry: str = ""
    has_data: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.filter <= LARGEST_FILTER:
            raise InvalidEpc(f"Expected a filter from 0 to {LARGEST_FILTER}, got {self.filter}.")
        if self.expiry and not isinstance(self.key, Sgtin):
            raise InvalidEpc(f"Expected an expiry date only with an SGTIN, got {self.expiry!r}.")
        if isinstance(self.key, Grai) and not self.key.serial:
            raise InvalidEpc("Expected a GRAI with a serial, got an asset class.")

    @property
    def scheme(self) -> str:
        """`sgtin+`, `dsgtin+`, `sscc+` or `grai+`."""
        return f"{'d' if self.expiry else ''}{type(self.key).__name__.lower()}+"

    def digital_link(self, root: str = digital_link.CANONICAL_ROOT) -> str:
        """The Digital Link that says the same, but for the filter."""
        match self.key:
            case Sgtin(gtin, serial):
                values = {"01": gtin.value, "21": serial}
            case Sscc(value):
                values = {"00": value}
            case Grai():
                values = {"8003": self.key.value}
        return digital_link.build(values | ({"17": self.expiry} if self.expiry else {}), root)


def encode(epc: EpcPlus) -> str:
    """The hexadecimal form, filled to a whole digit.

    Raises InvalidEpc and NotDigits.

    >>> encode(EpcPlus(Sgtin.parse("79521141123453", "32a/b"), 3))
    'F73795211411234538566CB0AFC4'
    """
    bits = BitWriter()
    bits.put(HEADERS[epc.scheme], 8)
    bits.put(int(epc.has_data), 1)
    bits.put(epc.filter, 3)
    if epc.expiry:
        _put_date(bits, epc.expiry)
    for digit in _key_digits(epc.key):
        bits.put(int(digit), 4)
    if not isinstance(epc.key, Sscc):
        _put_serial(bits, epc.key.serial)
    return bits.hex(multiple=4)


def decode(text: str) -> EpcPlus:
    """What a hexadecimal form says; what follows the EPC itself on the tag is not looked at.

    Raises InvalidEpc, InvalidBits and the refusals of the key's parts.

    >>> decode("FB342CDE795211411234538566CB0AFC4").expiry
    '220630'
    """
    bits = BitReader(text)
    scheme = SCHEMES.get(bits.take(8))
    if scheme is None:
        known = ", ".join(f"{header:X}" for header in SCHEMES)
        raise InvalidEpc(f"Expected an EPC header of {known}, got {text[:2]!r}.")
    has_data, filter_value = bool(bits.take(1)), bits.take(3)
    expiry = _take_date(bits) if scheme == "dsgtin+" else ""
    digits = "".join(_take_digit(bits) for _ in range(KEY_DIGITS[scheme]))
    if scheme == "sscc+":
        return EpcPlus(Sscc.parse(digits), filter_value, has_data=has_data)
    serial = _take_serial(bits)
    if scheme == "grai+":
        return EpcPlus(Grai.parse(digits + serial), filter_value, has_data=has_data)
    return EpcPlus(Sgtin.parse(digits, serial), filter_value, expiry, has_data)


def is_plus(text: str) -> bool:
    """Whether a hexadecimal text starts with the header of a '+' scheme."""
    return text[:2].upper() in {f"{header:X}" for header in SCHEMES}


def _key_digits(key: EpcKey) -> str:
    match key:
        case Sgtin(gtin):
            return gtin.value
        case Sscc(value):
            return value
        case Grai(asset_type):
            return asset_type


def _take_digit(bits: BitReader) -> str:
    digit = bits.take(4)
    if digit > LARGEST_DIGIT:
        raise InvalidEpc(f"Expected a decimal digit in four bits, got {digit:X}.")
    return str(digit)


def _put_date(bits: BitWriter, date: str) -> None:
    require_digits(date, 6)
    bits.put(EXPIRY, 4)
    for start, width in zip((0, 2, 4), DATE_BITS, strict=True):
        bits.put(int(date[start : start + 2]), width)


def _take_date(bits: BitReader) -> str:
    kind = bits.take(4)
    if kind != EXPIRY:
        raise InvalidEpc(f"Expected the date of kind {EXPIRY} (expiry), got kind {kind}.")
    return "".join(f"{bits.take(width):02d}" for width in DATE_BITS)


def _put_serial(bits: BitWriter, serial: str) -> None:
    """Method, length and symbols. TDS 14.5.6: the method that needs the fewest bits."""
    method = min(_methods(serial), key=lambda method: _serial_bits(method, len(serial)))
    bits.put(method, 3)
    bits.put(len(serial), 5)
    if method == INTEGER:
        bits.put(int(serial), _serial_bits(method, len(serial)))
        return
    for symbol in serial:
        bits.put(SYMBOLS[method].index(symbol), _serial_bits(method, 1))


def _take_serial(bits: BitReader) -> str:
    method, length = bits.take(3), bits.take(5)
    if method == INTEGER:
        return f"{bits.take(_serial_bits(method, length)):0{length}d}"
    if method not in SYMBOLS:
        raise InvalidEpc(f"Expected a serial of encoding method 0 to 4, got {method}.")
    width = _serial_bits(method, 1)
    return "".join(SYMBOLS[method][bits.take(width)] for _ in range(length))


def _methods(serial: str) -> list[int]:
    """The encoding methods that have all symbols of a serial."""
    methods = [method for method, symbols in SYMBOLS.items() if set(serial) <= set(symbols)]
    # Only a number without leading zeros is the same number for every reader.
    if set(serial) <= set(string.digits) and (serial[0] != "0" or len(serial) == 1):
        methods.insert(0, INTEGER)
    return methods


def _serial_bits(method: int, length: int) -> int:
    if method == INTEGER:
        return (int(10**length) - 1).bit_length()
    return (len(SYMBOLS[method]) - 1).bit_length() * length
