"""Whatever is thrown at a route, by whomever, it answers, and no answer is an internal error.

The routes are those of the application: one that is added is tried, too.
"""

import asyncio
import json
import re
import time
from collections.abc import Iterator
from urllib.parse import quote, unquote

import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import Message

from app.web.surface import routes_of
from tests.installation import ADMIN, _running

DIGITS = "9" * 5000
PARTS = (DIGITS, "%00", "%ff", "%ED%A0%80", "%", "x" * 9000, "..%2f..%2f", "-1", "1e999999999")
"""What stands for a part of a path."""

QUERIES = (
    f"filter[_or][{DIGITS}][id][_eq]=1",
    f"filter[id][_eq]={DIGITS}&limit={DIGITS}&offset={DIGITS}&page={DIGITS}",
    'alias={"a%00":"id"}&fields=a%00&sort=%00',
    "filter=" + "[" * 5000,
    "filter=" + quote('{"_and":[' * 90 + "{}" + "]}" * 90),
    "deep=" + quote('{"a":' * 400 + "1" + "}" * 400),
    "fields=" + "*." * 300 + "*",
    "fields=" + quote("json(a," + " " * 1200),
    "filter[date_created][_gt]=" + quote("$NOW(" + " " * 12000),
    "limit=%ff&search=%ED%A0%80&sort=%zz&x=%00",
    "a" + "[b]" * 3000 + "=1",
    "&".join(["fields=id", "limit=1", "sort=id", "aggregate[count]=id"] * 60),
    "&".join(f"k{n}=v" for n in range(2000)),
    "export=csv&export=json&meta=*&meta=x",
    "access_token=" + DIGITS,
)
DEEP = "[" * 500 + "]" * 500
BODIES: tuple[tuple[str, bytes], ...] = tuple(
    (kind, body.encode() if isinstance(body, str) else body)
    for kind, body in (
        ("application/json", '{"a":' * 3000 + "1" + "}" * 3000),
        ("application/json", json.dumps({f"k{n}": n for n in range(2000)})),
        ("application/json", '{"query":' + DEEP + ',"keys":' + DEEP + ',"data":' + DEEP + "}"),
        ("application/json", '{"id":' + DIGITS + ',"name":"\\u0000","email":"\\u0000"}'),
        ("application/json", '{"id":"\\ud800"}'),
        ("application/json", b'{"id":"\xff"}'),
        ("application/json", "[]"),
        ("application/json", "[[],null,1]"),
        (
            "application/json",
            '{"query":{"filter":{"_or":[{"\\u0000":1}]},"alias":{"\\u0000":"id"}}}',
        ),
        ("application/json", json.dumps({"query": "{" + "a{" * 2000})),
        ("application/json", json.dumps({"query": "{product(limit:" + DIGITS + "){id}}"})),
        (
            "application/json",
            json.dumps({"email": "." * 16000, "password": "x", "query": "{product{id}}"})[:-1]
            + ',"variables":{"a":'
            + DEEP
            + "}}",
        ),
        ("multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data\r\n\r\n"),
        (
            "multipart/form-data; boundary=x",
            '--x\r\nContent-Disposition: form-data; name="file"; filename="a.json"\r\n'
            'Content-Type: application/json\r\n\r\n[{"id":'
            + DIGITS
            + "},"
            + '{"a":' * 300
            + "1"
            + "}" * 300
            + "]\r\n--x--\r\n",
        ),
        ("text/plain; charset=\xff", "x"),
    )
)
HEADERS: tuple[dict[bytes, bytes], ...] = (
    {b"authorization": b"Bearer \xff\xfe"},
    {b"authorization": b"UAT " + b"x" * 9000},
    {b"content-length": DIGITS.encode()},
    {b"if-none-match": b'"' * 5000, b"range": b"bytes=" + DIGITS.encode() + b"-"},
    {b"if-modified-since": b"Fri, 99 Foo 99999999 99:99:99 GMT", b"accept": b"\xff"},
    {b"cookie": b"directus_session_token=\xff; directus_refresh_token=" + b"." * 9000},
    {b"host": b"[::1", b"x-request-id": b"\xff" * 300},
    {b"x-forwarded-for": b"\xff" * 9000, b"user-agent": b"\xff" * 9000, b"cf-ipcountry": b"\xff"},
)
SECONDS = 2.0
"""Of the event loop's thread: more than any of these answers takes, far less than one gone wild."""

Request = tuple[str, dict[bytes, bytes], bytes]
"""A URL, headers and a body."""


def _paths(route: Route) -> list[str]:
    """The route's path, each time with something else for its parts; a plain one is the last."""
    names = list(route.param_convertors)
    if not names:
        return [route.path]
    paths = [_filled(route, dict.fromkeys(names, part)) for part in PARTS]
    if "collection" in names:
        known = {"collection": "product"}
        paths += [_filled(route, dict.fromkeys(names, part) | known) for part in PARTS]
    return [*paths, _filled(route, dict.fromkeys(names, "1") | {"collection": "product"})]


def _filled(route: Route, parts: dict[str, str]) -> str:
    path = route.path
    for name in route.param_convertors:
        path = re.sub(rf"\{{{name}(:\w+)?\}}", lambda _, name=name: parts[name], path)
    return path


def _requests(route: Route) -> list[Request]:
    """Paths with queries, headers and bodies: each of the odd things once, one at a time."""
    paths = _paths(route)
    found: list[Request] = [(path, {}, b"") for path in paths]
    found += [(f"{paths[-1]}?{query}", {}, b"") for query in QUERIES]
    found += [(paths[-1], {b"content-type": kind.encode("latin-1")}, body) for kind, body in BODIES]
    found += [(paths[-1], headers, b"{}") for headers in HEADERS]
    return found


def _tried(app: Starlette) -> Iterator[tuple[str, Request]]:
    """Every method of every route with its requests; of routes by one function, one has them all.

    The others (`/roles` after `/users`) have every seventh.
    """
    seen = set()
    for number, route in enumerate(routes_of(app.routes)):
        if not isinstance(route, Route):
            raise TypeError(f"What is thrown at {route}?")
        for method in sorted((route.methods or {"GET", "POST", "PATCH", "DELETE"}) - {"HEAD"}):
            kind = (method, getattr(route.endpoint, "__code__", route.endpoint))
            step = 7 if kind in seen else 1
            seen.add(kind)
            for request in _requests(route)[number % step :: step]:
                yield method, request


@pytest.mark.parametrize("headers", [{}, ADMIN], ids=["anonymous", "token"])
async def test_no_route_answers_with_an_internal_error(app, client, headers):
    given = {name.lower().encode(): value.encode() for name, value in headers.items()}
    wrong = []
    for method, (url, odd, body) in _tried(app):
        start = time.thread_time()
        status = await _status(app, method, url, {**given, **odd}, body)
        took = time.thread_time() - start
        if status >= 500 or took > SECONDS:
            said = f"{status} after {took:.2f} s: {method} {url[:100]}"
            wrong.append(f"{said} {str(odd)[:100]} {body[:60]!r}")
    assert wrong == [], "\n".join(wrong)


async def _status(
    app: Starlette, method: str, url: str, headers: dict[bytes, bytes], body: bytes
) -> int:
    """The status of an answer. The request is as a server hands it on: no client mends it."""
    path, _, query = url.partition("?")
    raw = quote(path, safe="%/:=$(),.~-").encode()
    statuses: list[int] = []
    sent = False

    async def receive() -> Message:
        nonlocal sent
        if sent:
            await asyncio.Event().wait()  # a client that stays
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": raw,
        "root_path": "",
        "query_string": query.encode(),
        "headers": [*({b"host": b"test"} | headers).items()],
        "client": ("127.0.0.1", 1),
        "server": ("test", 80),
        "state": dict(_running[app]),
    }
    await app(scope, receive, send)
    return statuses[0]
