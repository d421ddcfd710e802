"""Serials on a tag of a '+' scheme: an encoding method, a length, and the symbols.

GS1 EPC Tag Data Standard 2.3, 14.5.6 and tables B and E.
"""

import string

from app.codes.bits import BitReader, BitWriter
from app.codes.epc_uri import InvalidEpc

INTEGER = 0
URN_CODE_40 = 5
METHOD_BITS, LENGTH_BITS = 3, 5

# Methods whose symbols have one width each: a symbol's number is its place. 14.5.6.2 to 14.5.6.4
# and 14.5.6.6.
SYMBOLS = {
    1: string.digits + "ABCDEF",
    2: string.digits + "abcdef",
    3: string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_",
    4: "".join(map(chr, range(128))),
}
# Three symbols are a number of 16 bits; place 0 fills up the last three. 14.5.6.5, table 14-8.
CODE_40 = "\0" + string.ascii_uppercase + "-.:" + string.digits
GROUP, GROUP_BITS = 3, 16


def put_serial(bits: BitWriter, serial: str) -> None:
    """Method, length and symbols, by the method that needs the fewest bits.

    >>> bits = BitWriter()
    >>> put_serial(bits, "ABC-12")
    >>> bits.hex(multiple=4)
    'A60694ADB9'
    """
    method = min(_methods(serial), key=lambda method: _width(method, len(serial)))
    bits.put(method, METHOD_BITS)
    bits.put(len(serial), LENGTH_BITS)
    if method == INTEGER:
        bits.put(int(serial), _width(method, len(serial)))
    elif method == URN_CODE_40:
        for start in range(0, len(serial), GROUP):
            bits.put(_packed(serial[start : start + GROUP].ljust(GROUP, CODE_40[0])), GROUP_BITS)
    else:
        for symbol in serial:
            bits.put(SYMBOLS[method].index(symbol), _width(method, 1))


def take_serial(bits: BitReader) -> str:
    """The serial that `put_serial`, or another writer by another method, put in.

    Raises InvalidEpc and InvalidBits.

    >>> take_serial(BitReader("A60694ADB9"))
    'ABC-12'
    """
    method, length = bits.take(METHOD_BITS), bits.take(LENGTH_BITS)
    if method == INTEGER:
        number = f"{bits.take(_width(method, length)):0{length}d}" if length else ""
        if len(number) > length:
            raise InvalidEpc(f"Expected a number of {length} digits, got {number}.")
        return number
    if method == URN_CODE_40:
        groups = range(_width(method, length) // GROUP_BITS)
        text = "".join(_unpacked(bits.take(GROUP_BITS)) for _ in groups)
        if CODE_40[0] in text[:length] or text[length:].strip(CODE_40[0]):
            raise InvalidEpc(f"Expected {length} symbols of URN Code 40, got others.")
        return text[:length]
    if method not in SYMBOLS:
        raise InvalidEpc(f"Expected a serial of encoding method 0 to 5, got {method}.")
    width = _width(method, 1)
    return "".join(SYMBOLS[method][bits.take(width)] for _ in range(length))


def _packed(group: str) -> int:
    first, second, third = map(CODE_40.index, group)
    return 1600 * first + 40 * second + third + 1


def _unpacked(number: int) -> str:
    if not 1 <= number <= len(CODE_40) ** GROUP:
        raise InvalidEpc(f"Expected three symbols of URN Code 40, got {number}.")
    rest, third = divmod(number - 1, len(CODE_40))
    first, second = divmod(rest, len(CODE_40))
    return CODE_40[first] + CODE_40[second] + CODE_40[third]


def _methods(serial: str) -> list[int]:
    """The encoding methods that have all symbols of a serial, the preferred of equals first."""
    symbols = set(serial)
    methods = [method for method, known in SYMBOLS.items() if symbols <= set(known)]
    if symbols <= set(CODE_40[1:]):
        methods.append(URN_CODE_40)
    # Only a number without leading zeros is the same number for every reader.
    if symbols <= set(string.digits) and (serial[0] != "0" or len(serial) == 1):
        methods.insert(0, INTEGER)
    return methods


def _width(method: int, length: int) -> int:
    """Bits of so many symbols. Table B."""
    if method == INTEGER:
        return (int(10**length) - 1).bit_length()
    if method == URN_CODE_40:
        return -(-length // GROUP) * GROUP_BITS
    return (len(SYMBOLS[method]) - 1).bit_length() * length
