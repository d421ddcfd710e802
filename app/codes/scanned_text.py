"""THE reader of keys: what a scanner, a program or a person hands in, as the one path it names.

As generous as printed codes need, for what is printed stays: hosts in any case, with a final dot or
the port a browser hides; final slashes; queries, whatever is in them; GTINs of 8, 12 or 13 digits;
element strings with or without brackets, separators and symbology identifier. Check digits are not
judged: the path is the name of a row, which may have been brought in with a wrong one.
"""

import functools
import re
from collections.abc import Sequence

from app.codes import digital_link, element_string, epc_binary, epc_plus, raw_tag
from app.codes.application_identifiers import KEY_QUALIFIERS
from app.codes.check_digit import NotDigits, require_digits
from app.codes.epc_uri import Epc, EpcKey, TagUri
from app.codes.errors import CodeError
from app.codes.grai import ASSET_LENGTH, Grai
from app.codes.gtin import LENGTH as GTIN_LENGTH
from app.codes.gtin import LENGTHS as GTIN_LENGTHS
from app.codes.gtin import Sgtin
from app.codes.serial_text import LONGEST_GRAI_SERIAL, LONGEST_SERIAL, check_serial
from app.codes.sscc import LENGTH as SSCC_LENGTH
from app.codes.sscc import Sscc

LONGEST_TEXT = 2048
"""Characters: as long as a web address may be everywhere. What is longer is not looked at."""

# What scanners put before and behind: spaces, control characters, byte order marks.
_AROUND = "".join(map(chr, range(0x21))) + "\x7f\x85\xa0\u2028\u2029\u200b\u241d\ufeff"
# ISO/IEC 15424: how the scanner says what kind of symbol it was. GS1's hold element strings (GS1
# General Specifications 5.1.2).
_SYMBOLOGY = re.compile(r"\][A-Za-z][0-9A-Za-z]")
_GS1_SYMBOLOGIES = frozenset({"]C1", "]d2", "]Q3", "]e0", "]J1"})
_STORED = re.compile(
    r"/01/[0-9]{14}/21/[!-\"%-?A-Z_a-z]{1,20}|/00/[0-9]{18}|/8003/0[0-9]{13}[!-\"%-?A-Z_a-z]{1,16}"
)
# Of these most are: a key that can be nothing else.
_PLAIN = re.compile(r"/01/[0-9]{14}/21/[!-\"&-.0-<=>A-Z_a-z]{1,20}|/00/[0-9]{18}")
_QUERY = re.compile("[?#]")
_URL = re.compile(r"https?://", re.IGNORECASE)
# The scheme and namespace of a URN may be in any case (RFC 8141 2.1 and 2.2); scanners change all.
_EPC_URI = re.compile(r"urn:epc:(?:id|tag):[a-z]+(?:-[0-9]+)?:", re.IGNORECASE)
_HEX = re.compile(r"(?:3[01367]|[Ff][179Bb])[0-9A-Fa-f]{14,}")
_ROW = re.compile("01 ?[0-9]{14}|00 ?[0-9]{18}|8003 ?0[0-9]{13}")
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*(?::[0-9]{{1,5}})?")
_SHORT_CODE = re.compile(r"[!-.0-~]+")
_HIDDEN_PORTS = frozenset({"80", "443", ""})
_RESOLVED = "r"
"""`/r/<domain>/<code>`: a short link at our own host."""


class UnknownCodePath(CodeError):
    """A text in none of the forms a code can have."""


def path_of(text: str) -> str:
    r"""The path of the code or product that a text names, its serial not escaped.

    A path (taken as it is where it is that of a code), `<domain>/<code>`, a Digital Link or short
    link, with a scheme or without, an EPC URI, an EPC in hex, an element string, or the bits of a
    chip that say none of these. Raises UnknownCodePath and the refusals of the parts.

    >>> path_of("HTTPS://Example.com:443/01/614141123452/10/L1/21/32a%2Fb/?17=2712&17=#top")
    '/01/00614141123452/21/32a/b'
    >>> path_of("]d20109312345551927 21ABC\x1d10L1\r\n")
    '/01/09312345551927/21/ABC'
    >>> path_of("(8003)00614141123452")
    '/8003/00614141123452'
    >>> path_of("Brand.example./x7Kp")
    'brand.example/x7Kp'
    >>> path_of("800200010000000000000008")
    'urn:epc:raw:96.x800200010000000000000008'
    """
    if len(text) > LONGEST_TEXT:
        raise UnknownCodePath(f"Expected at most {LONGEST_TEXT} characters, got {len(text)}.")
    bare = text.strip(_AROUND)
    symbology = _SYMBOLOGY.match(bare)
    if symbology is None:
        return _of_any(bare)
    bare = bare[symbology.end() :].strip(_AROUND)
    return _of_elements(bare) if symbology[0] in _GS1_SYMBOLOGIES else _of_any(bare)


def paths_of(texts: Sequence[str]) -> list[str | None]:
    """The path of each text; None where it names nothing. Slow: in a thread.

    >>> paths_of(["3074257BF7194E4000001A85", "EXT-1"])
    ['/01/80614141123458/21/6789', None]
    """
    return [_path_or_none(text) for text in texts]


def is_plain(text: str) -> bool:
    """Whether a text is the path of a code and nothing else.

    >>> is_plain("/01/09312345551927/21/A"), is_plain("/01/09312345551927/21/A/")
    (True, False)
    """
    return _PLAIN.fullmatch(text) is not None


def is_written(text: str) -> bool:
    r"""Whether there is more in a text than what scanners put around one.

    >>> is_written(" x"), is_written(" \r\n")
    (True, False)
    """
    return text.strip(_AROUND) != ""


def other_path_of(text: str) -> str | None:
    """What a text in the form of a stored key is as the address of a link, where that is another.

    A serial may have the symbols that end an address or mark its query, so `/01/<gtin>/21/1/` may
    be the item `1/`, or the link of item `1`. `path_of` says the first; where there is none of it,
    this one is meant. None where there is no doubt.

    >>> other_path_of("/01/09312345551927/21/1?17=2712")
    '/01/09312345551927/21/1'
    """
    bare = text.strip(_AROUND)
    if len(bare) > LONGEST_TEXT or not (_QUERY.search(bare) or "%" in bare or bare.endswith("/")):
        return None
    try:
        if path_of(bare) != bare:
            return None  # it was an address from the start
        head = _QUERY.split(bare, maxsplit=1)[0]
        found = path_of_link(head) if head.startswith("/") else path_of(f"https://{head}")
    except CodeError:
        return None
    return None if found == bare else found


def path_of_link(path: str) -> str:
    """The path of the code or product that the path of a Digital Link names, escaped as it came.

    Also `/r/<domain>/<code>`, a short link at our own host. Raises CodeError.

    >>> path_of_link("/01/614141123452/10/LOT%2F1/21/32a%2Fb/")
    '/01/00614141123452/21/32a/b'
    >>> path_of_link("/r/GO.example.com/x7Kp")
    'go.example.com/x7Kp'
    """
    bare = path.rstrip("/")
    match bare.split("/"):
        case ["", word, domain, code] if word == _RESOLVED and domain not in KEY_QUALIFIERS:
            return short_path(digital_link.decode(domain), digital_link.decode(code))
    link = digital_link.parse(
        digital_link.CANONICAL_ROOT + bare, zero_suppressed=True, check_digits=False
    )
    return _of_values(*link.key, link.qualifiers.get("21"))


def path_of_key(key: EpcKey) -> str:
    """The path of a GS1 key.

    >>> path_of_key(Grai.parse("00614141123452400"))
    '/8003/00614141123452400'
    """
    match key:
        case Sgtin(gtin, serial):
            return f"/01/{gtin.value}/21/{serial}"
        case Sscc(value):
            return f"/00/{value}"
        case Grai():
            return f"/8003/{key.value}"


def short_path(domain: str, code: str) -> str:
    """The path of a short code. Raises UnknownCodePath.

    >>> short_path("GO.example.com.:443", "x7Kp")
    'go.example.com/x7Kp'
    """
    if not _SHORT_CODE.fullmatch(code):
        raise UnknownCodePath(f"Expected a short code without spaces or slashes, got {code!r}.")
    return f"{domain_of(domain)}/{code}"


def domain_of(host: str) -> str:
    """A domain as keys have it: in lower case, no final dot, no port that web addresses leave out.

    Raises UnknownCodePath.

    >>> domain_of("Localhost.:8055"), domain_of("Brand.example:443")
    ('localhost:8055', 'brand.example')
    """
    name, colon, port = host.lower().partition(":")
    name = name.removesuffix(".")
    domain = name if port in _HIDDEN_PORTS else f"{name}{colon}{port}"
    if not _DOMAIN.fullmatch(domain):
        raise UnknownCodePath(f"Expected a domain name, got {host!r}.")
    return domain


def _path_or_none(text: str) -> str | None:
    try:
        return path_of(text)
    except CodeError:
        return None


def _of_any(text: str) -> str:
    if text.startswith("/"):
        return _of_path(text)
    if _URL.match(text):
        return _of_url(text)
    if uri := _EPC_URI.match(text):
        return _of_epc_uri(uri[0].lower() + text[uri.end() :])
    bits = raw_tag.bits_of(text)
    if _HEX.fullmatch(bits or text):
        return _of_hex(bits or text)
    if text.startswith("(") or element_string.GS in text:
        return _of_elements(text)
    if _ROW.match(text):
        try:
            return _of_elements(text)
        except CodeError:
            # A domain may begin with such digits, and a chip's bits, too.
            if "/" not in text and bits is None:
                raise
    return _of_domain(text) if bits is None else raw_tag.key_of(bits)


def _of_path(path: str) -> str:
    """A path of a code is taken as it is; another one is escaped, as that of a link."""
    if _STORED.fullmatch(path):
        return path
    try:
        return path_of_link(_QUERY.split(path, 1)[0])
    except CodeError as error:
        raise UnknownCodePath(
            "Expected /01/<14 digits>/21/<serial>, /00/<18 digits> or /8003/0<13 digits><serial>, "
            f"got {path!r}."
        ) from error


def _of_url(url: str) -> str:
    parts = digital_link.split_address(_QUERY.split(url, 1)[0])
    match parts.path.rstrip("/").split("/"):
        case ["", code]:
            return short_path(parts.netloc, digital_link.decode(code))
    return path_of_link(parts.path)


def _of_domain(text: str) -> str:
    domain, slash, code = text.partition("/")
    if not slash:
        raise UnknownCodePath(
            "Expected a GS1 path, <domain>/<code>, a Digital Link, an EPC URI or hexadecimal EPC, "
            f"or a GS1 element string, got {text!r}."
        )
    return _of_url(f"https://{text}") if "/" in code else short_path(domain, code)


def _of_epc_uri(uri: str) -> str:
    key = TagUri.parse(uri).epc.key if uri.startswith("urn:epc:tag:") else Epc.parse(uri).key
    return path_of_key(key)


def _of_hex(text: str) -> str:
    if epc_plus.is_plus(text):
        return path_of_key(epc_plus.decode(text).key)
    scheme, head, serial = epc_binary.split(text)
    if scheme.startswith("sscc"):
        return path_of_key(epc_binary.epc_of_head(scheme, head, serial).key)
    longest = LONGEST_GRAI_SERIAL if scheme.startswith("grai") else LONGEST_SERIAL
    return _prefix_of_head(scheme, head) + check_serial(serial, longest)


@functools.lru_cache(maxsize=1024)
def _prefix_of_head(scheme: str, head: int) -> str:
    """The path up to the serial: the same for all tags of a product, which come in thousands."""
    return path_of_key(epc_binary.epc_of_head(scheme, head, "0").key).removesuffix("0")


def _of_elements(text: str) -> str:
    values = element_string.parse(text)
    for ai, value in values.items():
        if ai in ("00", "01", "8003"):
            return _of_values(ai, value, values.get("21"))
    raise UnknownCodePath(f"Expected a key of AI 00, 01 or 8003, got {', '.join(values)}.")


def _of_values(ai: str, value: str, serial: str | None = None) -> str:
    """The path of a key and, where its AI has serials apart, the serial; else of a product."""
    match ai:
        case "01":
            gtin = require_digits(value, *GTIN_LENGTHS).zfill(GTIN_LENGTH)
            return f"/01/{gtin}" if serial is None else f"/01/{gtin}/21/{check_serial(serial)}"
        case "00":
            return f"/00/{require_digits(value, SSCC_LENGTH)}"
        case "8003":
            asset, serial = value[:ASSET_LENGTH], value[ASSET_LENGTH:]
            if not require_digits(asset, ASSET_LENGTH).startswith("0"):
                raise NotDigits(f"Expected a GRAI that starts with 0, got {value!r}.")
            if serial:
                check_serial(serial, LONGEST_GRAI_SERIAL)
            return f"/8003/{value}"
    raise UnknownCodePath(f"Expected a key of AI 00, 01 or 8003, got AI {ai}.")
