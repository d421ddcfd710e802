"""What a scan is told where it leads to no address: a page for people, JSON for programs.

The words are for consumers. Nothing of the account is told, and of the product only its name, and
only to who has a code of it: serials can't be guessed, GTINs can.
"""

from html import escape

import orjson
from starlette.responses import Response

from app.domains.scan.service import Seen

_UNKNOWN = "unknown"
_NAMED = frozenset({"genuine", "inactive"})
_HEADERS = {
    "Cache-Control": "no-store",
    "Vary": "Accept",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
}
_ASK = "Do not use it, and ask the seller or the brand."
_SAID = {
    "genuine": ("Genuine", "This code is genuine and active."),
    "inactive": (
        "Genuine, not active yet",
        "This code is genuine, but the brand has not activated it yet.",
    ),
    "blacklisted": (
        "Warning",
        "The brand has withdrawn this code. The product may be stolen, copied or unsafe. " + _ASK,
    ),
    "product": (
        "Product code",
        "This code names a product, not a single item: it can't tell whether an item is genuine.",
    ),
    _UNKNOWN: (
        "Unknown code",
        "Nobody has issued this code here. What it is printed on may be a copy. " + _ASK,
    ),
}
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{title}</title>
<style>
body {{ font: 1.1rem/1.5 sans-serif; max-width: 34rem; margin: 4rem auto; padding: 0 1rem }}
code {{ overflow-wrap: anywhere }}
</style>
</head>
<body>
<h1>{title}</h1>
<p>{words}</p>
{name}<p><code>{key}</code></p>
</body>
</html>
"""


def redirected(url: str) -> Response:
    """302: the next scan may lead elsewhere, so nobody keeps it."""
    return Response(status_code=302, headers={**_HEADERS, "Location": url})


def page(seen: Seen) -> Response:
    """What a person is told."""
    status = seen.judgement.status
    name = f"<p><strong>{escape(product)}</strong></p>\n" if (product := _product(seen)) else ""
    title, words = _SAID[status]
    html = _PAGE.format(title=title, words=words, name=name, key=escape(seen.facts.key))
    return Response(html, _http_status(status), _HEADERS, "text/html; charset=utf-8")


def answer(seen: Seen) -> Response:
    """What a program is told; `link` is where a person would be led."""
    status = seen.judgement.status
    told = {
        "key": seen.facts.key,
        "status": status,
        "message": _SAID[status][1],
        "product_name": _product(seen),
        "link": seen.link if leads_on(status) else None,
    }
    return Response(orjson.dumps(told), _http_status(status), _HEADERS, "application/json")


def malformed(*, as_json: bool) -> Response:
    """What can't be the key of anything is unknown like any other; it is not repeated."""
    title, words = _SAID[_UNKNOWN]
    if as_json:
        told = {"key": None, "status": _UNKNOWN, "message": words, "product_name": None}
        body = orjson.dumps({**told, "link": None})
        return Response(body, 404, _HEADERS, "application/json")
    html = _PAGE.format(title=title, words=words, name="", key="")
    return Response(html, 404, _HEADERS, "text/html; charset=utf-8")


def leads_on(status: str) -> bool:
    """Whether a scan may be led to the brand's own page. A warning must be read before."""
    return status not in {_UNKNOWN, "blacklisted"}


def _product(seen: Seen) -> str | None:
    return seen.facts.product_name if seen.judgement.status in _NAMED else None


def _http_status(status: str) -> int:
    # Not 410 for a blacklisted one: it may come back, and some scanners hide pages of errors.
    return 404 if status == _UNKNOWN else 200
