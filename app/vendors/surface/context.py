"""Request contexts: one request, who asks it, and the doors it may use."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import Request

from app.access.caller import Caller
from app.database.session import Database
from app.errors import ErrorList, FailedValidation, UnsupportedMediaType
from app.items.items import Items
from app.items.policy.readable_rows import ReadableRows
from app.json_text import NotJson, read_json
from app.settings import InstallationSettings
from app.vendors.surface.errors import NotJsonBody, PermissionDenied
from app.vendors.surface.principal import Principal
from app.web.requests import absolute, header, whole_body

_MOST_DIGITS = 15
"""Of a number in a path: none has more, and Python reads no more than some thousands of them."""


class _Digits(Convertor[str]):
    """A number of a path as its digits, any number of them: see `RequestContext.number`."""

    regex = "[0-9]+"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("digits", _Digits())


@dataclass(frozen=True, slots=True)
class RequestContext:
    """One request of a vendor's client."""

    request: Request
    principal: Principal
    items: Items

    @property
    def caller(self) -> Caller:
        return self.principal.caller

    @property
    def database(self) -> Database:
        return self.items.database

    @property
    def settings(self) -> InstallationSettings:
        settings: InstallationSettings = self.request.state.settings
        return settings

    def readable_rows(self) -> ReadableRows:
        """What the caller sees, for statements that `items` can't make."""
        return self.items.readable_rows()

    def require(self, *scopes: str) -> None:
        """Raises PermissionDenied where the principal lacks one of the scopes."""
        if not all(map(self.principal.has_scope, scopes)):
            raise PermissionDenied

    def path_param(self, name: str) -> Any:
        """A part of the path."""
        return self.request.path_params[name]

    def number(self, name: str) -> int:
        """A part of the path that is a number. Raises FailedValidation for one none can be."""
        text = self.request.path_params[name]
        if len(text) > _MOST_DIGITS:
            raise FailedValidation(name, "format", "A valid integer is required.")
        return int(text)

    @property
    def path(self) -> str:
        """The path that was asked, as a URL spells it."""
        return quote(self.request.scope["path"])

    def params(self, *known: str) -> dict[str, str]:
        """The query parameters, by name; of a repeated one the last.

        Raises ErrorList for those that are not `known`.
        """
        given = dict(self.request.query_params)
        strange = [name for name in given if name not in known]
        if strange:
            raise ErrorList(
                [FailedValidation(name, "unknown", "Unknown filter.") for name in strange]
            )
        return given

    async def json_object(self) -> dict[str, Any]:
        """The JSON object that was sent; an empty one where nothing was.

        Raises UnsupportedMediaType and NotJsonBody; FailedValidation, of no field, for what is no
        object.
        """
        raw = await whole_body(self.request)
        if not raw.strip():
            return {}
        sent = header(self.request.scope, b"content-type")
        if sent and sent.partition(";")[0].strip().lower() != "application/json":
            raise UnsupportedMediaType(sent, "request")
        try:
            value = read_json(raw)
        except NotJson as error:
            raise NotJsonBody(str(error)) from None
        if not isinstance(value, dict):
            raise FailedValidation("", "format", "Invalid data. Expected a dictionary.")
        return value

    def absolute(self, path: str) -> str:
        """The URL of a path of this server: at PUBLIC_URL, else at the host that was asked."""
        return absolute(self.request, path)
