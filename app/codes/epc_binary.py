"""EPC binary: the bits of an EPC on an RFID tag, as hexadecimal.

GS1 EPC Tag Data Standard 14: header, filter, partition (how long the company prefix is), company
prefix and reference, serial; SGTIN-96/198, SSCC-96 and GRAI-96/170.
"""

from dataclasses import dataclass

from app.codes.bits import BitReader, BitWriter
from app.codes.epc_uri import BODY_DIGITS, Epc, InvalidEpc, TagUri

# Bits of the company prefix by its length, TDS tables 14-2, 14-5 and 14-10; the rest is reference.
PREFIX_BITS = {12: 40, 11: 37, 10: 34, 9: 30, 8: 27, 7: 24, 6: 20}
LONGEST_PREFIX = 12
ASCII_BITS = 7
ASCII_MASK = 127
WORD = 16


@dataclass(frozen=True)
class Scheme:
    """One binary layout; `key_bits` are company prefix and reference together."""

    header: int
    key_bits: int
    serial_bits: int
    is_text: bool = False

    @property
    def total_bits(self) -> int:
        return 8 + 3 + 3 + self.key_bits + self.serial_bits

    @property
    def hex_digits(self) -> int:
        """Digits of the hexadecimal form, which fills words of 16 bits (TDS 15.1)."""
        return -(-self.total_bits // WORD) * WORD // 4


SCHEMES = {
    "sgtin-96": Scheme(0x30, 44, 38),
    "sgtin-198": Scheme(0x36, 44, 140, is_text=True),
    "sscc-96": Scheme(0x31, 58, 24),
    "grai-96": Scheme(0x33, 44, 38),
    "grai-170": Scheme(0x37, 44, 112, is_text=True),
}
WIDE = {"sgtin": "sgtin-198", "grai": "grai-170"}
HEADERS = {scheme.header: name for name, scheme in SCHEMES.items()}


def scheme_of(epc: Epc) -> str:
    """The shortest scheme that holds the serial.

    >>> scheme_of(Epc.parse("urn:epc:id:sgtin:0614141.812345.0123"))
    'sgtin-198'
    """
    narrow = f"{epc.scheme}-96"
    return narrow if _fits(epc.serial, SCHEMES[narrow]) else WIDE[epc.scheme]


def encode(epc: Epc, filter_value: int = 0, scheme: str | None = None) -> str:
    """The hexadecimal form, in the shortest scheme unless one is named.

    Raises InvalidEpc for a serial that the named scheme can't hold, or a filter outside of 0 to 7.

    >>> encode(Epc.parse("urn:epc:id:sgtin:0614141.812345.6789"), 3)
    '3074257BF7194E4000001A85'
    """
    tag = TagUri(epc, scheme or scheme_of(epc), filter_value)
    layout = SCHEMES[tag.scheme]
    if not _fits(epc.serial, layout):
        raise InvalidEpc(
            f"Expected a number below 2^{layout.serial_bits} without leading zeros "
            f"for {tag.scheme}, got serial {epc.serial!r}."
        )
    prefix_bits = PREFIX_BITS[epc.prefix_length]
    bits = BitWriter()
    for width, value in (
        (8, layout.header),
        (3, tag.filter),
        (3, LONGEST_PREFIX - epc.prefix_length),
        (prefix_bits, int(epc.company_prefix)),
        (layout.key_bits - prefix_bits, int(epc.reference or "0")),
        (layout.serial_bits, _serial_number(epc.serial, layout)),
    ):
        bits.put(value, width)
    return bits.hex(multiple=WORD)


def decode(text: str) -> TagUri:
    """The EPC, scheme and filter of a hexadecimal form.

    Raises InvalidEpc and the refusals of the key's parts.

    >>> str(decode("3174257BF4499602D2000000"))
    'urn:epc:tag:sscc-96:3.0614141.1234567890'
    """
    name, head, serial = split(text)
    return TagUri(epc_of_head(name, head, serial), name, head >> SCHEMES[name].key_bits + 3)


def split(text: str) -> tuple[str, int, str]:
    """Scheme, the bits from filter to reference, and serial of a hexadecimal form.

    The serial of an SSCC is "0". Raises InvalidEpc and InvalidBits.

    >>> scheme, head, serial = split("3074257BF7194E4000001A85")
    >>> scheme, f"{head:050b}"[:3], serial
    ('sgtin-96', '011', '6789')
    """
    bits = BitReader(text)
    name = HEADERS.get(bits.take(8))
    if name is None:
        known = ", ".join(f"{header:X}" for header in HEADERS)
        raise InvalidEpc(f"Expected an EPC header of {known}, got {text[:2]!r}.")
    layout = SCHEMES[name]
    if len(text) != layout.hex_digits:
        raise InvalidEpc(f"Expected {layout.hex_digits} digits of {name}, got {len(text)}.")
    head = bits.take(3 + 3 + layout.key_bits)
    serial = _serial_text(bits.take(layout.serial_bits), layout)
    if bits.take_rest():
        raise InvalidEpc(f"Expected zeros after the {layout.total_bits} bits of {name}.")
    if name == "sscc-96" and serial != "0":
        raise InvalidEpc("Expected 24 zero bits at the end of an SSCC-96, got others.")
    return name, head, serial


def epc_of_head(name: str, head: int, serial: str) -> Epc:
    """The EPC of what `split` found. Raises InvalidEpc and the refusals of the key's parts."""
    layout, kind = SCHEMES[name], name.partition("-")[0]
    partition = head >> layout.key_bits & 7
    prefix_length = LONGEST_PREFIX - partition
    if prefix_length not in PREFIX_BITS:
        raise InvalidEpc(f"Expected a partition from 0 to 6, got {partition}.")
    reference_bits = layout.key_bits - PREFIX_BITS[prefix_length]
    key = head & (1 << layout.key_bits) - 1
    prefix = _digits(key >> reference_bits, prefix_length)
    reference = _digits(key & (1 << reference_bits) - 1, BODY_DIGITS[kind] - prefix_length)
    return Epc.of_parts(kind, prefix, reference, serial)


def _fits(serial: str | None, layout: Scheme) -> bool:
    if serial is None or layout.is_text:
        return True
    # TDS 14.5.1: a number loses its leading zeros, and with them the identity of the item.
    is_number = serial.isascii() and serial.isdecimal()
    return is_number and str(int(serial)) == serial and int(serial) < 1 << layout.serial_bits


def _serial_number(serial: str | None, layout: Scheme) -> int:
    if serial is None:
        return 0
    if not layout.is_text:
        return int(serial)
    number = 0
    for symbol in serial:
        number = number << ASCII_BITS | ord(symbol)
    return number << (layout.serial_bits - ASCII_BITS * len(serial))


def _serial_text(number: int, layout: Scheme) -> str:
    if not layout.is_text:
        return str(number)
    symbols = bytearray()
    for place in range(layout.serial_bits - ASCII_BITS, -1, -ASCII_BITS):
        symbol = number >> place & ASCII_MASK
        if not symbol:
            break
        symbols.append(symbol)
    if number & (1 << layout.serial_bits - ASCII_BITS * len(symbols)) - 1:
        raise InvalidEpc("Expected zeros after the serial, got more symbols.")
    return symbols.decode("ascii")


def _digits(number: int, length: int) -> str:
    text = f"{number:0{length}d}" if length else ""
    if len(text) > length or (not length and number):
        raise InvalidEpc(f"Expected a number of at most {length} digits, got {number}.")
    return text
