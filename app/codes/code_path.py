"""The path of a code: its one name in this system, from whatever form it comes in.

`/01/<GTIN>/21/<serial>`, `/00/<SSCC>`, `/8003/<GRAI>`, `<domain>/<short code>`, or the key of a raw
tag. Serials stand in a path as they are, not escaped.
"""

from dataclasses import dataclass
from enum import StrEnum

from app.codes.check_digit import require_digits
from app.codes.company_prefix import require_company_prefix
from app.codes.digital_link import percent_encode
from app.codes.epc_uri import EpcKey
from app.codes.grai import ASSET_LENGTH, Grai
from app.codes.gtin import LENGTH as GTIN_LENGTH
from app.codes.gtin import Sgtin
from app.codes.raw_tag import START as RAW_TAG
from app.codes.scanned_text import UnknownCodePath, domain_of, path_of, path_of_key
from app.codes.sscc import Sscc

_SGTIN_PREFIX = len("/01/09312345551927/21/")
_GRAI_PREFIX = len("/8003/00614141123452")


class CodeKind(StrEnum):
    SGTIN = "sgtin"
    SSCC = "sscc"
    GRAI = "grai"
    SHORT_CODE = "short_code"
    TAG = "tag"


@dataclass(frozen=True)
class CodePath:
    """One code: the `prefix` is its code space, the `serial` what is unique in it.

    The serial of an SSCC is all its 18 digits behind the prefix `/00/`, for they do not tell where
    the company prefix ends.
    """

    kind: CodeKind
    prefix: str
    serial: str

    @property
    def path(self) -> str:
        return self.prefix + self.serial

    @property
    def key(self) -> EpcKey | None:
        """The GS1 key, to make an EPC of; a short code and a raw tag have none.

        Raises InvalidCheckDigit, for a key is judged where a path is not.

        >>> CodePath.parse("/8003/00614141123452400").key
        Grai(asset_type='00614141123452', serial='400')
        """
        match self.kind:
            case CodeKind.SGTIN:
                return Sgtin.parse(self.prefix.split("/")[2], self.serial)
            case CodeKind.SSCC:
                return Sscc.parse(self.serial)
            case CodeKind.GRAI:
                return Grai.parse(self.prefix.removeprefix("/8003/") + self.serial)
            case CodeKind.SHORT_CODE | CodeKind.TAG:
                return None

    def url(self, host: str) -> str:
        """The web address: a Digital Link at `host`, or a short code at its own domain.

        >>> CodePath.parse("/01/70614141123451/21/32a/b").url("brand.example")
        'https://brand.example/01/70614141123451/21/32a%2Fb'
        """
        place = "" if self.kind is CodeKind.SHORT_CODE else host
        return f"https://{place}{self.prefix}{percent_encode(self.serial)}"

    @classmethod
    def parse(cls, text: str) -> "CodePath":
        """The code that a text names, in any form `scanned_text.path_of` reads.

        Raises UnknownCodePath, also for a product, and the refusals of the parts.

        >>> CodePath.parse("https://example.com/01/70614141123451/10/L1/21/32a%2Fb").path
        '/01/70614141123451/21/32a/b'
        >>> CodePath.parse("urn:epc:id:sscc:0614141.1234567890").path
        '/00/106141412345678908'
        >>> CodePath.parse("(01)09312345551927(21)ABC").serial
        'ABC'
        """
        return cls.of_path(path_of(text))

    @classmethod
    def of_path(cls, path: str) -> "CodePath":
        """The code of a path that `path_of` made. Raises UnknownCodePath for a product.

        >>> CodePath.of_path("brand.example/x7Kp")
        CodePath(kind=<CodeKind.SHORT_CODE: 'short_code'>, prefix='brand.example/', serial='x7Kp')
        """
        if path.startswith("/01/"):
            kind, end = CodeKind.SGTIN, _SGTIN_PREFIX
        elif path.startswith("/8003/"):
            kind, end = CodeKind.GRAI, _GRAI_PREFIX
        elif path.startswith("/00/"):
            kind, end = CodeKind.SSCC, len("/00/")
        elif path.startswith(RAW_TAG):
            kind, end = CodeKind.TAG, len(RAW_TAG)
        else:
            kind, end = CodeKind.SHORT_CODE, path.find("/") + 1
        if not path[end:]:
            raise UnknownCodePath(f"Expected a code with a serial, got the product {path!r}.")
        return cls(kind, path[:end], path[end:])


def of_key(key: EpcKey) -> CodePath:
    """The code of a GS1 key.

    >>> of_key(Grai.parse("00614141123452400")).path
    '/8003/00614141123452400'
    """
    return CodePath.of_path(path_of_key(key))


def sgtin_prefix(gtin14: str) -> str:
    """The prefix of all items of a GTIN of 14 digits. Raises NotDigits.

    >>> sgtin_prefix("09312345551927")
    '/01/09312345551927/21/'
    """
    return f"/01/{require_digits(gtin14, GTIN_LENGTH)}/21/"


def grai_prefix(asset_type: str) -> str:
    """The prefix of all assets of an asset type of 14 digits. Raises NotDigits.

    >>> grai_prefix("00614141123452")
    '/8003/00614141123452'
    """
    return f"/8003/{require_digits(asset_type, ASSET_LENGTH)}"


def sscc_prefix(extension_digit: int, company_prefix: str) -> str:
    """What all SSCCs of an extension digit and company prefix start with.

    Raises NotDigits and InvalidCompanyPrefix.

    >>> sscc_prefix(0, "0614141")
    '/00/00614141'
    """
    extension = require_digits(str(extension_digit), 1)
    return f"/00/{extension}{require_company_prefix(company_prefix)}"


def short_code_prefix(domain: str) -> str:
    """The prefix of all short codes of a domain, in lower case. Raises UnknownCodePath.

    >>> short_code_prefix("Brand.example")
    'brand.example/'
    """
    return f"{domain_of(domain)}/"


def product_of(key: str) -> str | None:
    """The product that the path of a GS1 key names; None where it names none.

    >>> product_of("/01/09312345551927/21/A"), product_of("/00/106141412345678908")
    ('/01/09312345551927', None)
    """
    for start in ("/01/", "/8003/"):
        if key.startswith(start):
            return key[: len(start) + 14]
    return None
