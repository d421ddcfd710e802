"""What a request carries: headers and a JSON body, looked at where every request passes."""

from typing import Any

from starlette.requests import Request
from starlette.types import Scope

from app.errors import InvalidPayload
from app.json_text import NotJson, read_json


def header(scope: Scope, wanted: bytes) -> str:
    """The first header of that name (in small letters); empty text where there is none."""
    for name, value in scope["headers"]:
        if name == wanted:
            return str(value, "latin-1")
    return ""


async def body_of(request: Request) -> Any:
    """The JSON body; an empty object when there is none or it is of another kind.

    Raises InvalidPayload for what is no JSON, or nested too deeply.
    """
    if not header(request.scope, b"content-type").startswith("application/json"):
        return {}
    raw = await request.body()
    if not raw.strip():
        return {}
    try:
        return read_json(raw)
    except NotJson as error:
        raise InvalidPayload(str(error)) from None
