"""What was scanned, as a key: of a code, or of a product where there is no serial.

Read by `app.codes.scanned_text`; what doesn't matter for the key (a lot between GTIN and serial,
the query) is left out of it.
"""

import re
from dataclasses import dataclass

from app.codes.code_path import CodeKind, CodePath
from app.codes.scanned_text import (
    UnknownCodePath,
    other_path_of,
    path_of,
    path_of_link,
    short_path,
)

_PRODUCT = re.compile(r"/01/[0-9]{14}|/8003/[0-9]{14}")

LONGEST_KEY = 160
"""Characters of `unique_code.id`: what is longer is the key of nothing."""


@dataclass(frozen=True, slots=True)
class ScannedKey:
    """`key` names the code, or the `product` where `serial` is None.

    A short code and an SSCC name no product.
    """

    key: str
    product: str | None = None
    serial: str | None = None

    @property
    def is_product(self) -> bool:
        return self.product is not None and self.serial is None

    @property
    def gtin(self) -> str | None:
        """The 14 digits of a trade item."""
        if self.product is None or not self.product.startswith("/01/"):
            return None
        return self.product.removeprefix("/01/")


def of_link_path(path: str) -> ScannedKey:
    """The key of a link's path, percent-encoded as it came. Raises CodeError.

    >>> of_link_path("/01/614141123452/10/LOT%2F1/21/32a%2Fb").key
    '/01/00614141123452/21/32a/b'
    >>> of_link_path("/8003/00614141123452").is_product
    True
    """
    return _of_path(path_of_link(path))


def of_short_link(domain: str, code: str) -> ScannedKey:
    """The key of a short code at its domain. Raises CodeError.

    >>> of_short_link("GO.example.com", "x7Kp").key
    'go.example.com/x7Kp'
    """
    return _of_path(short_path(domain, code))


def of_text(text: str) -> ScannedKey:
    """The key of whatever an app read: a key, a link, an EPC, an element string. Raises CodeError.

    >>> of_text("urn:epc:id:sgtin:0614141.112345.400").product
    '/01/10614141123459'
    """
    return _of_path(path_of(text))


def readings_of(text: str) -> tuple[ScannedKey, ...]:
    """The keys that a text may be: the first that there is a code of is meant, or else the last.

    Raises CodeError where it is none.

    >>> [key.key for key in readings_of("/01/09312345551927/21/1/")]
    ['/01/09312345551927/21/1/', '/01/09312345551927/21/1']
    """
    first, other = of_text(text), other_path_of(text)
    return (first,) if other is None else (first, _of_path(other))


def _of_path(path: str) -> ScannedKey:
    if _PRODUCT.fullmatch(path):
        return ScannedKey(path, product=path)
    if len(path) > LONGEST_KEY:
        raise UnknownCodePath(f"Expected at most {LONGEST_KEY} characters, got {len(path)}.")
    code = CodePath.of_path(path)
    match code.kind:
        case CodeKind.SGTIN:
            return ScannedKey(path, code.prefix.removesuffix("/21/"), code.serial)
        case CodeKind.GRAI:
            return ScannedKey(path, code.prefix, code.serial)
        case _:
            return ScannedKey(path, serial=code.serial)
