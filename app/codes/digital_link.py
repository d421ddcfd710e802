"""GS1 Digital Link URIs: a GS1 key as a web address.

GS1 Digital Link Standard: URI Syntax. Not the escaping of EPC URIs, see `epc_uri`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import SplitResult, quote, unquote, urlsplit

from app.codes.application_identifiers import KEY_QUALIFIERS, check_value, is_known
from app.codes.errors import CodeError
from app.codes.gtin import LENGTH as GTIN_LENGTH
from app.codes.gtin import LENGTHS as GTIN_LENGTHS

CANONICAL_ROOT = "https://id.gs1.org"
UNRESERVED = "-._~"
SPACE = re.compile(r"[\s\x00-\x20\x7f]")


class InvalidDigitalLink(CodeError):
    """A URI that is no GS1 Digital Link, or values that make none."""


@dataclass(frozen=True)
class DigitalLink:
    """What a Digital Link says: `path` is the key and its qualifiers, `query` further data.

    Both hold (application identifier, value) pairs, values not escaped.
    """

    path: tuple[tuple[str, str], ...]
    query: tuple[tuple[str, str], ...] = field(default=())

    @property
    def key(self) -> tuple[str, str]:
        """Application identifier and value of the key."""
        return self.path[0]

    @property
    def qualifiers(self) -> dict[str, str]:
        return dict(self.path[1:])

    @property
    def values(self) -> dict[str, str]:
        """All values by application identifier, in order of appearance."""
        return dict(self.path + self.query)

    def uri(self, root: str = CANONICAL_ROOT) -> str:
        """The link under `root`, a scheme and host and perhaps a stem; query keys ascend.

        >>> DigitalLink((("01", "70614141123451"), ("21", "32a/b"))).uri()
        'https://id.gs1.org/01/70614141123451/21/32a%2Fb'
        """
        path = "".join(f"/{ai}/{percent_encode(value)}" for ai, value in self.path)
        query = "&".join(f"{ai}={percent_encode(value)}" for ai, value in sorted(self.query))
        return f"{root.rstrip('/')}{path}{'?' if query else ''}{query}"


def percent_encode(value: str) -> str:
    """A value as one segment of a path, or one value of a query: only A-Z a-z 0-9 - . _ ~ remain.

    RFC 3986 2.1 and 2.3.

    >>> percent_encode("32a/b")
    '32a%2Fb'
    """
    return quote(value, safe=UNRESERVED)


def decode(text: str) -> str:
    """What one segment of a path says. Raises InvalidDigitalLink.

    >>> decode("32a%2Fb")
    '32a/b'
    """
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError as error:
        raise InvalidDigitalLink(f"Expected percent-encoded UTF-8, got {text!r}.") from error


def build(values: Mapping[str, str], root: str = CANONICAL_ROOT) -> str:
    """The link of these values by application identifier, in whatever order they come.

    One of them is a key; its qualifiers go into the path, the rest into the query. Raises
    InvalidDigitalLink, InvalidApplicationIdentifier and InvalidCheckDigit.

    >>> build({"21": "XYZ", "01": "12312312312333", "99": "A&B"}, "https://example.com")
    'https://example.com/01/12312312312333/21/XYZ?99=A%26B'
    """
    key = next((ai for ai in values if ai in KEY_QUALIFIERS), None)
    if key is None:
        raise InvalidDigitalLink(f"Expected a key, got only {', '.join(values) or 'nothing'}.")
    order = _qualifier_order(key, values)
    path = ((key, values[key]), *((ai, values[ai]) for ai in order))
    query = tuple((ai, value) for ai, value in values.items() if ai != key and ai not in order)
    link = DigitalLink(path, query)
    _validate(link, check_digits=True)
    return link.uri(root)


def parse(uri: str, *, zero_suppressed: bool = False, check_digits: bool = True) -> DigitalLink:
    """What a Digital Link says, the last key in its path counting; unknown query names are dropped.

    `zero_suppressed` also takes a GTIN of 8, 12 or 13 digits, as older links have it;
    `check_digits=False` takes keys whose check digit is wrong. Raises InvalidDigitalLink,
    InvalidApplicationIdentifier and InvalidCheckDigit.

    >>> parse("https://example.com/some/stem/01/70614141123451/21/32a%2Fb").qualifiers
    {'21': '32a/b'}
    """
    parts = split_address(uri)
    path = _path_pairs([decode(segment) for segment in parts.path.split("/")[1:]], uri)
    if zero_suppressed and path[0][0] == "01" and len(path[0][1]) in GTIN_LENGTHS:
        path = (("01", path[0][1].zfill(GTIN_LENGTH)), *path[1:])
    link = DigitalLink(path, _query_pairs(parts.query))
    _validate(link, check_digits=check_digits)
    return link


def canonical(uri: str) -> str:
    """The one canonical form of a link, which may be of the older kinds.

    GS1 Digital Link URI Syntax 4.12. Raises as `parse`.

    >>> canonical("https://example.com/01/614141123452?foo=bar")
    'https://id.gs1.org/01/00614141123452'
    """
    return parse(uri, zero_suppressed=True).uri()


def split_address(uri: str) -> SplitResult:
    """The parts of a web address. Raises InvalidDigitalLink.

    >>> split_address("https://brand.example/x7Kp").netloc
    'brand.example'
    """
    try:
        # urlsplit would drop tabs and newlines from the middle of an address without a word.
        parts = urlsplit("" if SPACE.search(uri) else uri)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme.lower() not in {"http", "https"} or not parts.hostname:
        raise InvalidDigitalLink(f"Expected http:// or https:// and a host, got {uri!r}.")
    return parts


def _path_pairs(segments: Sequence[str], uri: str) -> tuple[tuple[str, str], ...]:
    """The pairs from the last key on; what is before it is a stem of the resolver."""
    for start in range(len(segments) - 2, -1, -2):
        if segments[start] in KEY_QUALIFIERS:
            return tuple(zip(segments[start::2], segments[start + 1 :: 2], strict=True))
    raise InvalidDigitalLink(
        f"Expected a GS1 key and its value at the end of the path, got {uri!r}."
    )


def _query_pairs(query: str) -> tuple[tuple[str, str], ...]:
    pairs = []
    for item in query.replace(";", "&").split("&"):
        name, _, value = item.partition("=")
        if name.isascii() and name.isdecimal():
            if not is_known(name):
                raise InvalidDigitalLink(f"Expected an application identifier, got {name!r}.")
            # In a query, unlike in a path, a plus sign is a space.
            pairs.append((name, decode(value.replace("+", " "))))
    return tuple(pairs)


def _qualifier_order(key: str, values: Mapping[str, str]) -> tuple[str, ...]:
    """The qualifiers of `key` among these values, in order; the first sequence that has any."""
    for sequence in KEY_QUALIFIERS[key]:
        if present := tuple(ai for ai in sequence if ai in values):
            return present
    return ()


def _validate(link: DigitalLink, *, check_digits: bool) -> None:
    key, *qualifiers = (ai for ai, _ in link.path)
    if not any(_is_subsequence(qualifiers, sequence) for sequence in ((), *KEY_QUALIFIERS[key])):
        raise InvalidDigitalLink(
            f"Expected qualifiers of AI {key} in order, got {', '.join(qualifiers)}."
        )
    seen = list(link.values)
    if len(seen) != len(link.path) + len(link.query):
        raise InvalidDigitalLink(f"Expected every AI once, got {', '.join(seen)} with repeats.")
    for ai, _ in link.query:
        if ai == key or any(ai in sequence for sequence in KEY_QUALIFIERS[key]):
            raise InvalidDigitalLink(f"Expected AI {ai} in the path once, got it in the query.")
    for ai, value in link.path + link.query:
        check_value(ai, value, check_digits=check_digits)


def _is_subsequence(part: Sequence[str], whole: Sequence[str]) -> bool:
    rest = iter(whole)
    return all(ai in rest for ai in part)
