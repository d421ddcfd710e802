"""Fields of bits inside a hexadecimal text."""

from app.codes.errors import CodeError

HEX_DIGITS = frozenset("0123456789ABCDEFabcdef")


class InvalidBits(CodeError):
    """A text that is not hexadecimal, or ends before its last field."""


class BitReader:
    """The bits of a hexadecimal text, taken one field after the other from the left.

    Raises InvalidBits.

    >>> bits = BitReader("F73")
    >>> bits.take(8), bits.take(1), bits.take(3)
    (247, 0, 3)
    """

    def __init__(self, text: str) -> None:
        # int() alone would let in signs, spaces and underscores.
        if not text or set(text) - HEX_DIGITS:
            raise InvalidBits(f"Expected hexadecimal digits, got {text!r}.")
        self._number = int(text, 16)
        self.left = 4 * len(text)

    def take(self, width: int) -> int:
        """The next `width` bits as a number."""
        if width > self.left:
            raise InvalidBits(f"Expected {width} bits more, got {self.left}.")
        self.left -= width
        return self._number >> self.left & ((1 << width) - 1)

    def take_rest(self) -> int:
        """All bits that are left as a number."""
        return self.take(self.left)


class BitWriter:
    """Bits put together field by field.

    >>> bits = BitWriter()
    >>> bits.put(247, 8)
    >>> bits.put(3, 3)
    >>> bits.hex(multiple=4)
    'F76'
    """

    def __init__(self) -> None:
        self._number = 0
        self._width = 0

    def put(self, value: int, width: int) -> None:
        self._number = self._number << width | value
        self._width += width

    def hex(self, multiple: int) -> str:
        """The bits in upper-case hexadecimal, filled with zeros to a multiple of `multiple`."""
        padding = -self._width % multiple
        return f"{self._number << padding:0{(self._width + padding) // 4}X}"
