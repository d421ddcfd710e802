"""Endpoints of the Scantrust surface: who may ask, and every refusal in its shape.

    @endpoint(words=("codes_view",))
    async def download(visit: Visit) -> Response: ...

    routes = [*at("/codes/download", get=download)]

A route is served with and without a final slash, never by redirect (systems.md 7.1).
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import orjson
from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from app.access.caller import Caller
from app.database.session import Database
from app.errors import AppError, ErrorList, MethodNotAllowed
from app.errors import UnsupportedMediaType as OtherType
from app.items.items import Items
from app.items.policy.sight import Sight
from app.items.write.constraint_errors import as_refusal
from app.json_text import NotJson, read_json
from app.settings import Settings
from app.vendors.scantrust.access import NOBODY, Entry, entry_of
from app.vendors.scantrust.errors import (
    ParseError,
    PermissionDenied,
    crash_response,
    error_response,
    invalid,
    unknown_filter,
)
from app.web.requests import absolute, header, path_for_logs, whole_body

logger = logging.getLogger(__name__)
PREFIX = "/api/v2"
_MOST_DIGITS = 15
"""Of a number in a path: none has more, and Python reads no more than some thousands of them."""


class _Digits(Convertor[str]):
    """A number of a path as its digits, any number of them: see `Visit.number`."""

    regex = "[0-9]+"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("digits", _Digits())


@dataclass(frozen=True, slots=True)
class Visit:
    """One request: who asks, and the doors it may use."""

    request: Request
    entry: Entry
    items: Items

    @property
    def caller(self) -> Caller:
        return self.entry.caller

    @property
    def database(self) -> Database:
        return self.items.database

    def sight(self) -> Sight:
        """What the caller sees, for statements that `items` can't make."""
        return self.items.sight()

    @property
    def settings(self) -> Settings:
        settings: Settings = self.request.state.settings
        return settings

    def require(self, *words: str) -> None:
        """Raises PermissionDenied where the credential is not good for one of the words."""
        if not all(map(self.entry.allows, words)):
            raise PermissionDenied

    def place(self, name: str) -> Any:
        """A part of the path."""
        return self.request.path_params[name]

    def number(self, name: str) -> int:
        """A part of the path that is a number. Raises FailedValidation for one none can be."""
        text = self.request.path_params[name]
        if len(text) > _MOST_DIGITS:
            raise invalid(name, "A valid integer is required.")
        return int(text)

    @property
    def path(self) -> str:
        """The path that was asked, as a URL spells it."""
        return quote(self.request.scope["path"])

    def params(self, *known: str) -> dict[str, str]:
        """The query parameters, by name; of a repeated one the last. Raises for unknown ones."""
        given = dict(self.request.query_params)
        if strange := [unknown_filter(name) for name in given if name not in known]:
            raise ErrorList([*strange])
        return given

    async def body(self) -> dict[str, Any]:
        """The JSON object that was sent; an empty one where nothing was.

        Raises ParseError for what is no JSON, FailedValidation for what is no object.
        """
        raw = await whole_body(self.request)
        if not raw.strip():
            return {}
        sent = header(self.request.scope, b"content-type")
        if sent and sent.partition(";")[0].strip().lower() != "application/json":
            raise UnsupportedMediaType(sent)
        try:
            value = read_json(raw)
        except NotJson as error:
            raise ParseError(str(error)) from None
        if not isinstance(value, dict):
            raise invalid("non_field_errors", "Invalid data. Expected a dictionary.")
        return value

    def absolute(self, path: str) -> str:
        """The URL of a path of this server: at PUBLIC_URL, else at the host that was asked."""
        return absolute(self.request, path)


class UnsupportedMediaType(OtherType):
    """The body is of a kind that nobody reads here."""

    def __init__(self, media_type: str) -> None:
        super().__init__(media_type, "request")


Handler = Callable[[Visit], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What answers a method of a route, the words it needs, and its names for our fields.

    `is_open`: nobody has to say who they are.
    """

    handler: Handler
    words: tuple[str, ...] = ()
    is_open: bool = False
    names: Mapping[str, str] = field(default_factory=dict)


def endpoint(
    *, words: tuple[str, ...] = (), is_open: bool = False, names: Mapping[str, str] | None = None
) -> Callable[[Handler], Endpoint]:
    """Make a function that answers a `Visit` the endpoint of a route."""

    def made(handler: Handler) -> Endpoint:
        return Endpoint(handler, words, is_open, names or {})

    return made


class Resource:
    """What answers at one place, by method. The edge of the surface: nothing is raised beyond."""

    def __init__(self, endpoints: Mapping[str, Endpoint]) -> None:
        self.endpoints = dict(endpoints)
        if "GET" in endpoints:
            self.endpoints.setdefault("HEAD", endpoints["GET"])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        found = self.endpoints.get(request.method)
        try:
            response = await self._answer(request, found)
        except (AppError, ErrorList) as refused:
            response = error_response(refused, found.names if found else None)
        except Exception as error:  # noqa: BLE001 - the edge: logged whole, told in one sentence
            response = _failed(error, path_for_logs(scope))
        await response(scope, receive, send)

    async def _answer(self, request: Request, found: Endpoint | None) -> Response:
        if all(one.is_open for one in self.endpoints.values()):
            entry = NOBODY
        else:
            entry = await entry_of(request)
        allowed = tuple(self.endpoints)
        if request.method == "OPTIONS":
            return Response(status_code=200, headers={"Allow": ", ".join(allowed)})
        if found is None:
            raise MethodNotAllowed(request.method, allowed)
        state = request.state
        # What is open to everybody asks little, and must not wait for the public's slow reads.
        database = state.database if entry is NOBODY else state.database.of(entry.caller.share)
        if entry is not NOBODY:
            state.body.who = entry.caller.share
        await state.body.begin()
        items = Items(database, state.compiler, entry.caller, state.limits, state.readings)
        visit = Visit(request, entry, items)
        visit.require(*found.words)
        return await found.handler(visit)


def _failed(error: Exception, path: str) -> Response:
    """The answer to what no rule has raised."""
    refused = as_refusal(error)
    if refused is not None:
        return error_response(refused)
    logger.error("request failed", exc_info=error, extra={"path": path})
    return crash_response()


def at(path: str, *, prefix: str = PREFIX, **methods: Endpoint) -> list[Route]:
    """The routes of a place, with and without a final slash: `at("/me", get=me)`."""
    resource = Resource({name.upper(): one for name, one in methods.items()})
    whole = prefix + path.rstrip("/")
    return [Route(whole, resource), Route(f"{whole}/", resource)]


def answer(data: Any, status: int = 200) -> Response:
    """A JSON answer. Times have microseconds and a `Z` (systems.md 4.3)."""
    body = orjson.dumps(data, option=orjson.OPT_UTC_Z)
    return Response(body, status, media_type="application/json")
