"""`/auth`: login, refresh and logout in Directus's three modes (directus.md 5.3)."""

from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.access.caller import Caller
from app.domains.directus_users.sessions import MODES, Login, Mode, Sessions
from app.errors import InvalidPayload
from app.items.query.operands import is_email
from app.rest.logins import forget, held, keep, told
from app.web.requests import body_of
from app.web.responses import data_response, json_response, no_content


def sessions_of(request: Request) -> Sessions:
    """The logins of the installation a request came to."""
    state = request.state
    accounts = "account" in state.compiler.schema.fields("directus_users")
    return Sessions(state.database, state.settings, accounts=accounts)


async def body_object(request: Request) -> dict[str, Any]:
    """The JSON object a request carries. Raises InvalidPayload for any other JSON."""
    body = await body_of(request)
    if not isinstance(body, dict):
        raise InvalidPayload('"value" must be of type object')
    return body


def _mode(body: dict[str, Any], default: Mode) -> Mode:
    wanted = body.get("mode")
    if wanted is None:
        return default
    for mode in MODES:
        if wanted == mode:
            return mode
    raise InvalidPayload(f'"mode" must be one of [{", ".join(MODES)}]')


async def login(request: Request) -> Response:
    body = await body_object(request)
    for name in ("email", "password"):
        if name not in body:
            raise InvalidPayload(f'"{name}" is required')
        if not isinstance(body[name], str):
            raise InvalidPayload(f'"{name}" must be a string')
    if not is_email(body["email"].strip()):
        raise InvalidPayload('"email" must be a valid email')
    mode = _mode(body, "json")
    caller: Caller = request.state.items.caller
    otp = body.get("otp")
    if otp is not None and not isinstance(otp, str):
        raise InvalidPayload('"otp" must be a string')
    made = await sessions_of(request).login(
        body["email"], body["password"], mode, caller.client, otp
    )
    return _answer(request, made, mode)


async def refresh(request: Request) -> Response:
    body = await body_object(request)
    mode = _mode(body, "json" if body.get("refresh_token") else "cookie")
    token = held(request, body, mode)
    caller: Caller = request.state.items.caller
    made = await sessions_of(request).refresh(token, mode, caller.client)
    return _answer(request, made, mode)


async def logout(request: Request) -> Response:
    body = await body_object(request)
    mode = _mode(body, "json" if body.get("refresh_token") else "cookie")
    await sessions_of(request).logout(held(request, body, mode))
    response = no_content()
    forget(response, request)
    return response


def _answer(request: Request, made: Login, mode: Mode) -> Response:
    response = data_response(orjson.dumps(told(made, mode)))
    keep(response, made, mode, request.state.settings)
    return response


async def providers(request: Request) -> Response:
    """No provider but Mintage itself."""
    body: dict[str, Any] = {"data": []}
    if "sessionOnly" not in request.query_params:
        body["disableDefault"] = False
    return json_response(orjson.dumps(body))


login_routes = [
    Route("/auth/login", login, methods=["POST"]),
    Route("/auth/refresh", refresh, methods=["POST"]),
    Route("/auth/logout", logout, methods=["POST"]),
]
routes = [
    Route("/auth", providers, methods=["GET"]),
]
