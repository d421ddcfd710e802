"""Raw tags: chips of 96 bits that say no GS1 key; the bits are their key (TDS 12.3.4).

Bits of a scheme of GS1 keys are no raw tag: what they say has an owner, and is a code by that key.
"""

import re

from app.codes.errors import CodeError

START = "urn:epc:raw:96.x"
"""What the keys of raw tags begin with; 24 hexadecimal digits follow, in capitals."""
_TEXT = re.compile(r"(?:urn:epc:raw:96\.x)?([0-9a-f]{24})", re.IGNORECASE)
_USDOD, _GID, _ADI = 0x2F, 0x35, 0x3B
_GS1_HEADERS = frozenset({*range(0x2C, 0x42), *range(0xF0, 0xFC)}) - {_USDOD, _GID, _ADI}
"""Headers of the schemes that have GS1 company prefixes in them: TDS 2.3, table 14-1."""


class SaysGs1Key(CodeError):
    """The bits are those of a GS1 key, but of none that codes have here."""


def bits_of(text: str) -> str | None:
    """The 24 hexadecimal digits of a chip, where a text is those or a raw tag's key.

    >>> bits_of("URN:EPC:RAW:96.X800200010000000000000008"), bits_of("800200010000")
    ('800200010000000000000008', None)
    """
    found = _TEXT.fullmatch(text)
    return None if found is None else found[1]


def key_of(bits: str) -> str:
    """The key of the raw tag with these bits. Raises SaysGs1Key.

    >>> key_of("80020001000000000000000a")
    'urn:epc:raw:96.x80020001000000000000000A'
    """
    if int(bits[:2], 16) in _GS1_HEADERS:
        raise SaysGs1Key(
            f"The bits {bits} are those of a GS1 key that codes don't have: of a place, an asset "
            "or a document, or of a longer chip."
        )
    return START + bits.upper()
