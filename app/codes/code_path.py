"""The path of a code: its one name in this system, from whatever form it comes in.

`/01/<GTIN>/21/<serial>`, `/00/<SSCC>`, `/8003/<GRAI>` or `<domain>/<short code>`. Serials stand in
a path as they are, not escaped.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import unquote

from app.codes import digital_link, epc_binary, epc_plus
from app.codes.check_digit import require_digits
from app.codes.company_prefix import require_company_prefix
from app.codes.epc_uri import Epc, EpcKey, TagUri
from app.codes.errors import CodeError
from app.codes.grai import ASSET_LENGTH, Grai
from app.codes.gtin import LENGTH as GTIN_LENGTH
from app.codes.gtin import Sgtin
from app.codes.serial_text import LONGEST_GRAI_SERIAL, check_serial
from app.codes.sscc import LENGTH as SSCC_LENGTH
from app.codes.sscc import Sscc

_SGTIN = re.compile(r"/01/([0-9]{14})/21/(.*)", re.DOTALL)
_SSCC = re.compile(r"/00/(.*)", re.DOTALL)
_GRAI = re.compile(r"/8003/(0[0-9]{13})(.*)", re.DOTALL)
_URL = re.compile(r"https?://", re.IGNORECASE)
_HEX = re.compile(r"[0-9A-Fa-f]{16,}")
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*(?::[0-9]{{1,5}})?")
_SHORT_CODE = re.compile(r"[!-.0-~]+")
_GS1_KEYS = ("00", "01", "8003")


class CodeKind(StrEnum):
    SGTIN = "sgtin"
    SSCC = "sscc"
    GRAI = "grai"
    SHORT_CODE = "short_code"


class UnknownCodePath(CodeError):
    """A text in none of the forms a code can have."""


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
        """The GS1 key, to make an EPC of; a short code has none.

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
            case CodeKind.SHORT_CODE:
                return None

    def url(self, host: str) -> str:
        """The web address: a Digital Link at `host`, or a short code at its own domain.

        >>> CodePath.parse("/01/70614141123451/21/32a/b").url("brand.example")
        'https://brand.example/01/70614141123451/21/32a%2Fb'
        """
        place = "" if self.kind is CodeKind.SHORT_CODE else host
        return f"https://{place}{self.prefix}{digital_link.percent_encode(self.serial)}"

    @classmethod
    def parse(cls, text: str) -> "CodePath":
        """The code of a path, Digital Link, short URL, EPC URI or hexadecimal EPC.

        A Digital Link may have any host, further qualifiers and a query, which are dropped. Check
        digits of paths and links are not judged: the path is the name of a row, which may have been
        imported with a wrong one. Raises UnknownCodePath and the refusals of the parts.

        >>> CodePath.parse("https://example.com/01/70614141123451/10/L1/21/32a%2Fb").path
        '/01/70614141123451/21/32a/b'
        >>> CodePath.parse("urn:epc:id:sscc:0614141.1234567890").path
        '/00/106141412345678908'
        >>> CodePath.parse("Brand.example/x7Kp").path
        'brand.example/x7Kp'
        """
        if text.startswith("/"):
            return _of_gs1_path(text)
        if _URL.match(text):
            return _of_url(text)
        if text.startswith("urn:epc:id:"):
            return of_key(Epc.parse(text).key)
        if text.startswith("urn:epc:tag:"):
            return of_key(TagUri.parse(text).epc.key)
        if _HEX.fullmatch(text):
            return of_key(_key_of_hex(text))
        domain, slash, code = text.partition("/")
        if slash:
            return _short_code(domain, code)
        raise UnknownCodePath(
            "Expected a GS1 path, <domain>/<code>, a Digital Link, an EPC URI or a hexadecimal "
            f"EPC, got {text!r}."
        )


def of_key(key: EpcKey) -> CodePath:
    """The code of a GS1 key.

    >>> of_key(Grai.parse("00614141123452400")).path
    '/8003/00614141123452400'
    """
    match key:
        case Sgtin(gtin, serial):
            return CodePath(CodeKind.SGTIN, sgtin_prefix(gtin.value), serial)
        case Sscc(value):
            return CodePath(CodeKind.SSCC, "/00/", value)
        case Grai(asset_type, serial):
            return CodePath(CodeKind.GRAI, grai_prefix(asset_type), serial)


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
    if not _DOMAIN.fullmatch(domain.lower()):
        raise UnknownCodePath(f"Expected a domain name, got {domain!r}.")
    return f"{domain.lower()}/"


def _of_gs1_path(path: str) -> CodePath:
    if found := _SGTIN.fullmatch(path):
        return CodePath(CodeKind.SGTIN, sgtin_prefix(found[1]), check_serial(found[2]))
    if found := _SSCC.fullmatch(path):
        return CodePath(CodeKind.SSCC, "/00/", require_digits(found[1], SSCC_LENGTH))
    if found := _GRAI.fullmatch(path):
        serial = check_serial(found[2], LONGEST_GRAI_SERIAL)
        return CodePath(CodeKind.GRAI, grai_prefix(found[1]), serial)
    raise UnknownCodePath(
        "Expected /01/<14 digits>/21/<serial>, /00/<18 digits> or /8003/0<13 digits><serial>, "
        f"got {path!r}."
    )


def _of_url(url: str) -> CodePath:
    parts = digital_link.split_address(url)
    segments = parts.path.split("/")[1:]
    if len(segments) == 1:
        return _short_code(parts.netloc, unquote(segments[0]))
    link = digital_link.parse(url, zero_suppressed=True, check_digits=False)
    ai, value = link.key
    if ai == "01" and "21" not in link.qualifiers:
        raise UnknownCodePath(f"Expected a serial (AI 21) behind the GTIN, got {url!r}.")
    if ai not in _GS1_KEYS:
        raise UnknownCodePath(f"Expected a key of AI {', '.join(_GS1_KEYS)}, got AI {ai}.")
    return _of_gs1_path(f"/{ai}/{value}" + (f"/21/{link.qualifiers['21']}" if ai == "01" else ""))


def _short_code(domain: str, code: str) -> CodePath:
    if not _SHORT_CODE.fullmatch(code):
        raise UnknownCodePath(f"Expected a short code without spaces or slashes, got {code!r}.")
    return CodePath(CodeKind.SHORT_CODE, short_code_prefix(domain), code)


def _key_of_hex(text: str) -> EpcKey:
    if epc_plus.is_plus(text):
        return epc_plus.decode(text).key
    return epc_binary.decode(text).epc.key
