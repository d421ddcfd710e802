"""`/auth/password`, `/users/.../tfa`: new and one-time passwords (directus.md 5.3, 5.4)."""

from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.access.caller import Caller
from app.domains.directus_users import password_reset
from app.domains.directus_users.second_factor import SecondFactor
from app.errors import Forbidden, InvalidCredentials, InvalidPayload
from app.items.write.values import as_key
from app.rest.auth import body_object, sessions_of
from app.settings import InstallationSettings
from app.web.responses import data_response, no_content


def _text(body: dict[str, Any], name: str, missing: str = "is required") -> str:
    value = body.get(name)
    if not value:
        raise InvalidPayload(f'"{name}" {missing}')
    if not isinstance(value, str):
        raise InvalidPayload(f'"{name}" must be a string')
    return value


async def request_reset(request: Request) -> Response:
    """204 for every address, known or not."""
    body = await body_object(request)
    _text(body, "email", "field is required")
    password_reset.ask(body.get("reset_url"), request.state.settings)
    return no_content()


async def reset(request: Request) -> Response:
    body = await body_object(request)
    token = _text(body, "token", "field is required")
    password = _text(body, "password", "field is required")
    settings: InstallationSettings = request.state.settings
    await password_reset.reset(request.state.items, token, password, settings.secret)
    return no_content()


def own_user(request: Request) -> str:
    """Whose request it is. Raises InvalidCredentials for nobody."""
    caller: Caller = request.state.items.caller
    if caller.user is None:
        raise InvalidCredentials
    return caller.user


def second_factor(request: Request) -> SecondFactor:
    """The one-time passwords of the installation a request came to."""
    return SecondFactor(sessions_of(request), request.state.items.database)


async def tfa_generate(request: Request) -> Response:
    user, body = own_user(request), await body_object(request)
    factor = second_factor(request)
    password, client = _text(body, "password"), request.state.items.caller.client
    secret, url = await factor.generate(user, password, client)
    return data_response(orjson.dumps({"secret": secret, "otpauth_url": url}))


async def tfa_enable(request: Request) -> Response:
    user, body = own_user(request), await body_object(request)
    secret, code = _text(body, "secret"), _text(body, "otp")
    await second_factor(request).enable(user, secret, code)
    return no_content()


async def tfa_disable(request: Request) -> Response:
    user, body = own_user(request), await body_object(request)
    code, client = _text(body, "otp"), request.state.items.caller.client
    await second_factor(request).disable(user, code, client)
    return no_content()


async def tfa_remove(request: Request) -> Response:
    """For admins of the whole installation: an account's admin could reach other accounts."""
    caller: Caller = request.state.items.caller
    users = request.state.items.known("directus_users")
    key = as_key(users.primary_key, request.path_params["key"])
    if not caller.is_admin or caller.account is not None or key is None:
        raise Forbidden
    await second_factor(request).remove(str(key))
    return no_content()


login_routes = [
    Route("/auth/password/request", request_reset, methods=["POST"]),
    Route("/auth/password/reset", reset, methods=["POST"]),
]
routes = [
    Route("/users/me/tfa/generate", tfa_generate, methods=["POST"]),
    Route("/users/me/tfa/enable", tfa_enable, methods=["POST"]),
    Route("/users/me/tfa/disable", tfa_disable, methods=["POST"]),
    Route("/users/{key}/tfa/disable", tfa_remove, methods=["POST"]),
]
