"""What was scanned, as a key: of a code, or of a product where there is no serial.

GS1 Digital Link URI Syntax for the paths; systems.md 7.1 for short links. What doesn't matter for
the key (a lot between GTIN and serial, the query) is left out of it.
"""

from dataclasses import dataclass

from app.codes import digital_link
from app.codes.code_path import CodeKind, CodePath, UnknownCodePath, short_code_prefix
from app.codes.grai import ASSET_LENGTH

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
    """The key of a Digital Link's path, percent-encoded as it came: `/01/<gtin>/21/<serial>`, ...

    A GTIN may have 8, 12 or 13 digits; check digits are not judged, for a key may have been
    brought in with a wrong one. Raises CodeError.

    >>> of_link_path("/01/614141123452/10/LOT%2F1/21/32a%2Fb").key
    '/01/00614141123452/21/32a/b'
    >>> of_link_path("/8003/00614141123452").is_product
    True
    """
    url = digital_link.CANONICAL_ROOT + path.removesuffix("/")
    link = digital_link.parse(url, zero_suppressed=True, check_digits=False)
    ai, value = link.key
    match ai:
        case "01" if "21" not in link.qualifiers:
            return _product(f"/01/{value}")
        case "01":
            return of_code(CodePath.parse(f"/01/{value}/21/{link.qualifiers['21']}"))
        case "8003" if len(value) == ASSET_LENGTH:
            return _product(f"/8003/{value}")
        case "00" | "8003":
            return of_code(CodePath.parse(f"/{ai}/{value}"))
    raise UnknownCodePath(f"Expected a key of AI 00, 01 or 8003, got AI {ai}.")


def of_short_link(domain: str, code: str) -> ScannedKey:
    """The key of a short code at its domain. Raises CodeError.

    >>> of_short_link("GO.example.com", "x7Kp").key
    'go.example.com/x7Kp'
    """
    return of_code(CodePath.parse(short_code_prefix(domain) + code))


def of_text(text: str) -> ScannedKey:
    """The key of whatever an app read: a key, a link, an EPC. Raises CodeError.

    >>> of_text("urn:epc:id:sgtin:0614141.112345.400").product
    '/01/10614141123459'
    """
    return of_code(CodePath.parse(text))


def of_code(code: CodePath) -> ScannedKey:
    """The key of a code, and what it says of its product. Raises UnknownCodePath when too long."""
    if len(code.path) > LONGEST_KEY:
        raise UnknownCodePath(f"Expected at most {LONGEST_KEY} characters, got {len(code.path)}.")
    match code.kind:
        case CodeKind.SGTIN:
            return ScannedKey(code.path, code.prefix.removesuffix("/21/"), code.serial)
        case CodeKind.GRAI:
            return ScannedKey(code.path, code.prefix, code.serial)
        case _:
            return ScannedKey(code.path, serial=code.serial)


def _product(key: str) -> ScannedKey:
    return ScannedKey(key, product=key)
