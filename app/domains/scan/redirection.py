"""Where a scan leads: the stored address of the product or account, nothing a request says.

systems.md 1.6 (product_redirection_url, account_redirection_url as the last resort) and 1.8.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from app.domains.scan.judgement import Facts
from app.domains.scan.scanned_key import ScannedKey
from app.errors import FailedValidation

PLACEHOLDERS = ("gtin", "serial", "key")
"""`{gtin}`, `{serial}` and `{key}` in a stored address become those of the scanned code."""

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_FOREIGN = re.compile(r"[\s\x00-\x20\x7f\\\"<>^`|]")
_HOST = re.compile(r"[^{}@]+")
_SAFE = "/:?#[]@!$&'()*+,;=%-._~"


def target(facts: Facts, key: ScannedKey) -> str | None:
    """The address a scan leads to; None where nobody has set one that leads anywhere."""
    for stored in (facts.product_redirection_url, facts.account_redirection_url):
        # Judged again: it may have come by an import before the rule was there.
        if stored and _reason(stored) is None:
            return _filled(stored, key)
    return None


def refusals(field: str, rows: Iterable[Mapping[str, Any]]) -> list[FailedValidation]:
    """What is wrong with the addresses of rows about to be stored."""
    given = [row.get(field) for row in rows]
    return [
        FailedValidation(field, "regex", f"Value doesn't have the correct format. {reason}")
        for url in given
        if url and (reason := _reason(str(url))) is not None
    ]


def _reason(url: str) -> str | None:
    """Why nobody may be sent there; None for a good address."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return f"Expected a web address, got {url!r}."
    if parts.scheme not in {"http", "https"} or not host or _FOREIGN.search(url):
        return f"Expected http:// or https://, a host and no spaces, got {url!r}."
    if not _HOST.fullmatch(parts.netloc):
        return f"Expected a host without a user or placeholders, got {parts.netloc!r}."
    unknown = sorted(set(_PLACEHOLDER.findall(url)) - set(PLACEHOLDERS))
    if unknown or "{" in (rest := _PLACEHOLDER.sub("", url)) or "}" in rest:
        known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
        return f"Expected no braces but those of {known}, got {url!r}."
    return None


def _filled(url: str, key: ScannedKey) -> str:
    """The address with the placeholders filled: each value as one segment, so none escapes it."""
    values = {"gtin": key.gtin, "serial": key.serial, "key": key.key}
    filled = _PLACEHOLDER.sub(lambda found: quote(values[found[1]] or "", safe=""), url)
    return quote(filled, safe=_SAFE)
